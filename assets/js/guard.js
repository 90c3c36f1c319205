// Forms that are sent as a whole, form[data-guard]: what is typed stays on this device until the server has it, leaving is
// asked about, and nothing is sent by a page whose session has ended. A note shows when offline.
import { announce, fresh } from "./dom.js";
import { fieldsOf, forget, isLeaving, keep, nameOf, writer } from "./drafts.js";
import { offerCopies, part } from "./recovery.js";
import { renew, watchSigningIn } from "./session.js";

const guards = new Map();
const living = () => [...guards.values()].filter(({ form }) => form.isConnected);
const snapshot = (form) => JSON.stringify(fieldsOf(form));
const isDirty = (guard) => !guard.sent && guard.saved !== snapshot(guard.form);

/** Show the note of that name, and no other. */
function show(guard, name) {
  guard.form.querySelectorAll("[data-note]").forEach((note) => note.remove());
  const note = name && writer() && part(`[data-note=${name}]`);
  if (!note) return;
  guard.form.append(note);
  note.querySelector("a")?.focus();
}

function typed(guard) {
  const dirty = isDirty(guard);
  guard.form.toggleAttribute("data-dirty", dirty);
  if (!writer()) return;
  if (dirty) keep(guard.form);
  else forget(guard.form);
}

// ---- Sending ----

function go(guard, submitter) {
  show(guard, "");
  guard.going = true;
  guard.form.requestSubmit(submitter?.isConnected ? submitter : undefined);
  guard.going = false;
}

async function send(guard, submitter) {
  if (guard.asking) return;
  guard.asking = true;
  const { sessionUrl = document.body.dataset.sessionUrl } = guard.form.dataset;
  const outcome = await renew({ sessionUrl, person: writer() });
  guard.asking = false;
  if (outcome === "in" || !writer()) return go(guard, submitter);
  guard.waits = outcome === "offline" ? null : { submitter };
  show(guard, outcome === "offline" ? "unsent" : "out");
}

function onSubmit(event) {
  const guard = guards.get(event.target);
  if (!guard || guard.going || !(writer() || guard.form.dataset.sessionUrl)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  void send(guard, event.submitter);
}

/** Somebody may have signed in elsewhere: what waited for that is sent now. */
function goOn() {
  for (const guard of living().filter(({ waits }) => waits)) void send(guard, guard.waits.submitter);
}

// ---- Looking after a form ----

function nameIt(form) {
  form.append(Object.assign(document.createElement("input"), { type: "hidden", name: "page", value: nameOf(form) }));
}

function lookAfter(form) {
  const guard = { form, saved: form.hasAttribute("data-unsaved") ? "" : snapshot(form) };
  guards.set(form, guard);
  form.addEventListener("input", () => typed(guard));
  form.addEventListener("change", () => typed(guard));
  form.addEventListener("submit", (event) => event.defaultPrevented || (guard.sent = true));
  form.addEventListener("publisher:saved", () => {
    guard.saved = snapshot(form);
    typed(guard);
  });
  form.addEventListener("publisher:unkept", () => show(guard, "unkept"));
  if (!writer()) return;
  nameIt(form);
  if (form.hasAttribute("data-unsaved")) typed(guard);
  void offerCopies(form);
}

/** Say calmly that the network is gone, wherever somebody may be writing. */
function offline() {
  const note = document.querySelector("[data-offline-note]");
  if (note) note.hidden = navigator.onLine || !document.querySelector("form[data-guard], form[data-draft]");
  return note;
}

function wentOffline() {
  const note = offline();
  if (note && !note.hidden) announce(note.textContent.trim());
}

export function watchGuards(root) {
  fresh(root, "form[data-guard]").forEach(lookAfter);
  offline();
}

/** Forms are sent only after those listeners that were there before: what a post's editor saves first is saved. */
export function watchSending() {
  document.addEventListener("submit", onSubmit, { capture: true });
  watchSigningIn(goOn);
}

addEventListener("beforeunload", (event) => {
  if (!isLeaving() && living().some(isDirty)) event.preventDefault();
});
addEventListener("pageshow", () => living().forEach((guard) => (guard.sent = false)));
addEventListener("online", offline);
addEventListener("offline", wentOffline);
document.addEventListener("htmx:after:request", ({ target, detail }) => {
  if (target instanceof HTMLFormElement && target.matches("[data-guard]") && detail.ctx?.response?.raw?.ok) {
    target.dispatchEvent(new CustomEvent("publisher:saved"));
  }
});
