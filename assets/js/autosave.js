// Autosave: what is typed is kept on this device at once and by the server after a pause. Typing is never touched.
import { contentOf, fieldsOf, forget, isLeaving, isTime, keep, nameOf, timesOf } from "./drafts.js";
import { token } from "./csrf.js";
import { fresh } from "./dom.js";
import { showConflict } from "./conflict.js";
import { offerCopies } from "./recovery.js";
import { renew, watchSigningIn } from "./session.js";

const PAUSE_MS = 1500;
const SLOW_MS = 500;
const RETRY_MS = [3000, 10000, 30000];
const LARGEST_KEPT_ALIVE = 60000;
const drafts = new Map();
const living = () => [...drafts.values()].filter(({ form }) => form.isConnected);

const isDirty = (draft) => contentOf(draft.form) !== draft.savedContent || timesOf(draft.form) !== draft.savedTimes;
const hasNewContent = (draft) => contentOf(draft.form) !== draft.savedContent;

// ---- What is said ----

/** Show how things stand; `note` is the one that asks the writer to do something. */
function say(draft, sentence, note = "", unsaved = false) {
  draft.state.classList.toggle("is-unsaved", unsaved);
  if (draft.state.textContent !== sentence) draft.state.textContent = sentence;
  for (const element of draft.form.querySelectorAll("[data-note]")) element.hidden = element.dataset.note !== note;
}

const words = (draft, name) => draft.form.dataset[`say${name}`];
const sayUnsaved = (draft, name, note = "") => say(draft, words(draft, draft.kept ? name : "Unkept"), note, true);

// ---- Saving ----

function bodyOf(form) {
  const body = new URLSearchParams(fieldsOf(form).filter((field) => !isTime(field)));
  for (const name of ["version", "base", "page"]) body.set(name, form.elements[name].value);
  return body;
}

async function ask(draft, tries = 0) {
  const body = bodyOf(draft.form);
  const response = await fetch(draft.form.dataset.autosaveUrl, {
    method: "POST",
    body,
    headers: { "X-CSRFToken": token(), "X-Requested-With": "fetch" },
    credentials: "same-origin",
    keepalive: body.toString().length < LARGEST_KEPT_ALIVE,
  });
  if ((response.status === 401 || response.status === 400) && !tries) {
    const found = await renew(draft.form.dataset);
    return found === "in" ? ask(draft, 1) : { outcome: found === "other" ? "out" : found };
  }
  if (response.status >= 500 || response.status === 429) return { outcome: "offline" };
  const answer = await response.json().catch(() => ({}));
  if (response.ok && !answer.base) return { outcome: "offline" }; // a portal or proxy spoke, not the server
  if (response.ok) return { outcome: "saved", ...answer };
  return { outcome: { stale: "stale", held: "held" }[answer.code] ?? "refused", ...answer };
}

function saved(draft, sent, { version, base, said }) {
  draft.savedContent = sent;
  adoptBase(draft, version, base);
  draft.tries = 0;
  if (isDirty(draft)) keep(draft.form);
  else forget(draft.form);
  draft.lastSaid = said;
  say(draft, timesOf(draft.form) === draft.savedTimes ? said : `${said}. ${words(draft, "Time")}`);
}

export function adoptBase(draft, version, base) {
  draft.form.elements.version.value = version;
  draft.form.elements.base.value = base;
}

function settle(draft, sent, answer) {
  draft.outcome = answer.outcome;
  if (answer.outcome === "saved") return saved(draft, sent, answer);
  draft.kept = keep(draft.form);
  if (answer.outcome === "offline") {
    sayUnsaved(draft, navigator.onLine ? "Unreached" : "Offline");
    soon(draft, RETRY_MS[Math.min(draft.tries++, RETRY_MS.length - 1)]);
  } else if (answer.outcome === "held") {
    draft.autosaves = false;
    say(draft, `${answer.title} ${words(draft, "Kept")}`, "", true);
  } else if (answer.outcome === "refused") {
    say(draft, answer.title ?? words(draft, "Failed"), "", true);
  } else sayUnsaved(draft, answer.outcome === "stale" ? "Stale" : "Out", answer.outcome);
}

/** Have the server keep what is there now; answers how it went. One request at a time, never amid a composition. */
export async function save(draft) {
  clearTimeout(draft.timer);
  while (draft.sending) await draft.sending;
  if (isLeaving()) return "leaving";
  if (draft.composing) return "composing";
  const sent = contentOf(draft.form);
  if (sent === draft.savedContent) return "saved";
  const slow = setTimeout(() => say(draft, words(draft, "Saving")), SLOW_MS);
  draft.sent = sent;
  draft.sending = ask(draft)
    .catch(() => ({ outcome: "offline" }))
    .then((answer) => settle(draft, sent, answer))
    .finally(() => {
      clearTimeout(slow);
      draft.sending = draft.sent = null;
    });
  await draft.sending;
  if (draft.outcome === "saved" && hasNewContent(draft)) soon(draft);
  return draft.outcome;
}

/** Save after a pause, unless only a person can bring things forward. */
function soon(draft, pause = PAUSE_MS) {
  clearTimeout(draft.timer);
  if (draft.autosaves && draft.outcome !== "stale" && draft.outcome !== "out") draft.timer = setTimeout(() => save(draft), pause);
}

function typed(draft) {
  const dirty = isDirty(draft);
  if (dirty) draft.kept = keep(draft.form);
  else forget(draft.form);
  if (!draft.autosaves) {
    if (dirty) sayUnsaved(draft, "Held");
    else say(draft, draft.begin);
  } else if (hasNewContent(draft)) soon(draft);
  else if (dirty) say(draft, words(draft, "Time"));
}

/** Do not wait: the writer turns to something else. */
function now(draft) {
  if (draft.autosaves && !["stale", "out"].includes(draft.outcome) && hasNewContent(draft)) void save(draft);
}

// ---- Saving on purpose ----

async function saveOnPurpose(draft, submitter) {
  if (draft.purpose) return;
  draft.purpose = { submitter };
  const outcome = draft.autosaves && hasNewContent(draft) ? await save(draft) : await renew(draft.form.dataset);
  if (outcome === "out" || outcome === "other") {
    draft.kept = keep(draft.form);
    draft.outcome = "out";
    sayUnsaved(draft, "Out", "out");
    draft.form.querySelector("[data-note=out] a")?.focus();
    return; // `goOn` takes it up after the sign-in
  }
  draft.purpose = null;
  if (outcome === "offline") {
    draft.kept = keep(draft.form);
    sayUnsaved(draft, navigator.onLine ? "Unreached" : "Offline");
  } else if (outcome === "stale") showConflict(draft, { save, adoptBase });
  else letGo(draft, submitter);
}

function letGo(draft, submitter) {
  draft.leaving = true;
  draft.form.requestSubmit(submitter?.isConnected ? submitter : undefined);
}

/** Other forms of the page wait for what is being written: it may be what they are about. */
async function saveFirst(event) {
  if (isLeaving()) return;
  const waiting = living().filter((draft) => draft.autosaves && hasNewContent(draft) && draft.outcome !== "stale");
  const form = event.target;
  if (!waiting.length || form.method !== "post" || form.dataset.waited) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  await Promise.all(waiting.map(save));
  form.dataset.waited = "yes";
  form.requestSubmit(event.submitter);
  delete form.dataset.waited;
}

function onSubmit(event) {
  const draft = drafts.get(event.target);
  if (!draft) return void saveFirst(event);
  if (draft.leaving) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  void saveOnPurpose(draft, event.submitter);
}

async function goOn() {
  for (const draft of living().filter(({ outcome }) => outcome === "out")) {
    if ((await renew(draft.form.dataset)) !== "in") continue;
    draft.outcome = "";
    say(draft, words(draft, "Saving"));
    const { purpose } = draft;
    draft.purpose = null;
    if (purpose) await saveOnPurpose(draft, purpose.submitter);
    else await save(draft);
  }
}

// ---- Looking after a form ----

function lookAfter(form) {
  form.elements.page.value = nameOf(form);
  const state = form.querySelector("[data-draft-state]");
  const draft = { form, state, begin: state.textContent, autosaves: "autosaveUrl" in form.dataset, tries: 0, kept: true };
  const unsaved = "unsaved" in form.dataset;
  draft.savedContent = unsaved ? "" : contentOf(form);
  draft.savedTimes = unsaved ? "" : timesOf(form);
  drafts.set(form, draft);
  form.addEventListener("compositionstart", () => (draft.composing = true));
  form.addEventListener("compositionend", () => {
    draft.composing = false;
    typed(draft);
  });
  form.addEventListener("input", () => typed(draft));
  form.addEventListener("change", () => typed(draft));
  form.addEventListener("focusout", () => now(draft));
  form.querySelector("[data-compare]")?.addEventListener("click", () => showConflict(draft, { save, adoptBase }));
  form.addEventListener("publisher:unkept", () => {
    draft.kept = false;
    if (isDirty(draft) && draft.outcome !== "saved") sayUnsaved(draft, "Unkept", draft.outcome);
  });
  if (unsaved) typed(draft);
  void offerCopies(form);
}

export function watchDrafts(root) {
  fresh(root, "form[data-draft]").forEach(lookAfter);
}

/** Leaving is asked about only where something would not be done: not while the text is on its way. */
function mayLose(draft) {
  if (draft.purpose && !draft.leaving) return true;
  if (draft.leaving || !isDirty(draft)) return false;
  return !(draft.sent === contentOf(draft.form) && timesOf(draft.form) === draft.savedTimes);
}

export function watchSaving() {
  document.addEventListener("submit", onSubmit, { capture: true });
  document.addEventListener("visibilitychange", () => document.hidden && living().forEach(now));
  addEventListener("pagehide", () => living().forEach(now));
  addEventListener("online", () => living().forEach(now));
  addEventListener("offline", () => living().filter(isDirty).forEach((draft) => sayUnsaved(draft, "Offline")));
  addEventListener("beforeunload", (event) => {
    if (!isLeaving() && living().some(mayLose)) event.preventDefault();
  });
  addEventListener("pageshow", () => living().forEach((draft) => (draft.leaving = false)));
  watchSigningIn(goOn);
}
