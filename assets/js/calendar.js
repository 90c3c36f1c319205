// Moving a card: by its menu, by drag, or focused with Alt+arrows. All send the same form, so one endpoint decides.
import Sortable from "sortablejs";
import { postForm } from "./csrf.js";
import { announce, calm, fresh, text } from "./dom.js";
import "./planning.js";
import { adoptToasts, toast } from "./toasts.js";

const DAYS = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 };
const MINUTES = { ArrowUp: -15, ArrowDown: 15 };
const TRACKED = ["dragover", "drop", "touchmove", "pointermove"];
const RESTS = "#calendar details.day-rest";
const wishes = [];
let busy = false;
let over = null;

/** "2026-11-24" plus n days; dates only, so no clock can shift it. */
function plusDays(day, n) {
  const date = new Date(`${day}T00:00:00Z`);
  date.setUTCDate(date.getUTCDate() + n);
  return date.toISOString().slice(0, 10);
}

/** Day and time after n minutes on the wall clock. */
function plusMinutes(day, time, n) {
  const date = new Date(`${day}T${time.slice(0, 5)}:00Z`);
  date.setUTCMinutes(date.getUTCMinutes() + n);
  return [date.toISOString().slice(0, 10), date.toISOString().slice(11, 16)];
}

/** Put the server's calendar in place of ours. It may answer a fragment or, after a redirect, the whole page. */
function swap(html) {
  const page = new DOMParser().parseFromString(html, "text/html");
  const told = adoptToasts(page) > 0;
  const next = page.getElementById("calendar");
  if (next) {
    const calendar = document.importNode(next, true);
    for (const { id } of document.querySelectorAll(`${RESTS}[open]`)) calendar.querySelector(`#${CSS.escape(id)}`)?.setAttribute("open", "");
    document.getElementById("calendar").replaceWith(calendar);
    calendar.dispatchEvent(new CustomEvent("publisher:swapped", { bubbles: true }));
    if (!told && calendar.dataset.announce) announce(calendar.dataset.announce);
  }
  return { swapped: !!next, told };
}

const cardOf = (id) => document.querySelector(`#calendar [data-card][data-post-id="${CSS.escape(id)}"]`);

/** The focus goes where the card went: out of this month, to the link that leads there. */
function focusCard(id) {
  const card = cardOf(id);
  const calendar = document.getElementById("calendar");
  card?.closest("details.day-rest")?.setAttribute("open", "");
  const target = card ? (card.querySelector("[data-card-focus], a, button, summary") ?? card) : (document.querySelector("#toasts [data-adopted] a[data-moved-to]") ?? calendar);
  if (target === calendar) calendar.tabIndex = -1;
  target.focus({ preventScroll: false });
}

/** The card's form, made when it is needed first: the page's own one, filled with where the card lies. */
function formOf(card) {
  const panel = card.querySelector(".card-menu > .menu-panel");
  if (!panel || panel.matches("form")) return panel;
  const form = document.importNode(document.querySelector("template[data-mover]").content, true).firstElementChild;
  const { moveUrl, date, time, seen } = card.dataset;
  form.action = form.querySelector("a").href = moveUrl;
  for (const [name, value] of Object.entries({ day: date, time, seen })) if (value) form.elements[name].defaultValue = value;
  panel.replaceWith(form);
  return form;
}

/** Send the card's form with another day or time; the server's calendar shows what became of it. Whether it moved. */
async function send(card, day, time) {
  const form = formOf(card);
  if (!form) return false;
  let moved = false;
  document.getElementById("calendar").setAttribute("aria-busy", "true");
  form.elements.day.value = day;
  if (time) form.elements.time.value = time;
  try {
    const response = await postForm(form);
    const { swapped, told } = swap(await response.text());
    moved = response.ok && swapped;
    if (!told && !moved) toast(text("failed"), "danger");
  } catch {
    toast(navigator.onLine ? text("failed") : text("offline"), "danger");
  }
  // What a key or a drag wrote must not stay: the page would wait for ever for it to be sent. What was typed does.
  const typed = !moved && form.isConnected && form.closest(".card-menu[open]");
  if (!moved && !typed) form.reset();
  document.getElementById("calendar").removeAttribute("aria-busy");
  if (typed) form.querySelector("[type=submit]")?.focus();
  else focusCard(card.dataset.postId);
  return moved;
}

/** Where a card shall go: to a day and time that were said, or so many days and minutes on from where it is. */
function goal(card, { to, days, minutes }) {
  if (to) return to;
  const { date, time } = card.dataset;
  if (!minutes || !time) return [plusDays(date, days)];
  const [day, then] = plusMinutes(date, time, minutes);
  return [plusDays(day, days), then];
}

/** One move after the other. Keys that come faster than answers add up; after a failure the rest is forgotten. */
async function move(wish) {
  const last = wishes.at(-1);
  if (last?.id === wish.id && !last.to && !wish.to) {
    last.days += wish.days;
    last.minutes += wish.minutes;
  } else wishes.push(wish);
  if (busy) return;
  busy = true;
  while (wishes.length) {
    const next = wishes.shift();
    const card = cardOf(next.id);
    if (!card || !(await send(card, ...goal(card, next)))) wishes.length = 0;
  }
  busy = false;
}

function onKey(event) {
  if (!event.altKey || event.ctrlKey || event.metaKey || !(event.key in DAYS)) return;
  const card = event.target.closest?.("[data-card]");
  if (!card || event.target.closest("input, textarea, select")) return;
  event.preventDefault();
  if (card.dataset.locked !== undefined) return announce(card.dataset.locked);
  if (!card.dataset.date) return;
  const minutes = event.shiftKey ? (MINUTES[event.key] ?? 0) : 0;
  void move({ id: card.dataset.postId, days: minutes ? 0 : DAYS[event.key], minutes });
}

/** The day under the pointer; while dragging it is marked, and nothing else on the page moves. */
function track(event) {
  const { clientX, clientY } = event.touches?.[0] ?? event;
  const day = document.elementFromPoint(clientX, clientY)?.closest("#calendar [data-day]") ?? null;
  if (event.type === "drop" || (day && event.type === "dragover")) event.preventDefault();
  if (day === over) return;
  over?.classList.remove("is-target");
  day?.classList.add("is-target");
  over = day;
}

function startTracking() {
  TRACKED.forEach((type) => document.addEventListener(type, track, { capture: true }));
}

/** The drag is over: a `dragend` without a drop before it was cancelled, or let go outside the days. */
function onDrop({ item, originalEvent }) {
  TRACKED.forEach((type) => document.removeEventListener(type, track, { capture: true }));
  const day = over?.dataset.day;
  over?.classList.remove("is-target");
  over = null;
  if (!day || originalEvent?.type === "dragend" || day === item.dataset.date) return;
  void move({ id: item.dataset.postId, to: [day] });
}

/** Cards are picked up from the days and from the tray; they stay in place until the server has agreed. */
function makeDraggable(list) {
  list.querySelectorAll("[data-card] a").forEach((link) => (link.draggable = false));
  new Sortable(list, {
    group: { name: "calendar", put: false },
    draggable: "[data-card]:not([data-locked])",
    sort: false,
    animation: calm() ? 0 : 150,
    delay: 180,
    delayOnTouchOnly: true,
    ghostClass: "is-ghost",
    chosenClass: "is-chosen",
    onStart: startTracking,
    onEnd: onDrop,
  });
}

export function watchCalendar(root) {
  const scope = root.id === "calendar" ? root.parentElement : root;
  fresh(scope, "[data-day] ul:is(.cards, .items), ul[data-tray]", "drag")
    .filter((list) => list.querySelector("[data-card]"))
    .forEach(makeDraggable);
}

document.addEventListener("keydown", onKey);
document.addEventListener("submit", (event) => {
  const card = event.target.matches("form[data-move-form]") && event.target.closest("[data-card]");
  if (!card) return;
  event.preventDefault();
  const { day, time } = event.target.elements;
  void move({ id: card.dataset.postId, to: [day.value, time.value] });
});
// A menu that closes forgets what was typed into it and not sent.
document.addEventListener(
  "toggle",
  ({ target }) => {
    if (!target.matches(".card-menu")) return;
    const form = formOf(target.closest("[data-card]"));
    if (!target.open) form.reset();
  },
  true,
);

document.addEventListener("click", (event) => {
  if (!event.target.closest?.("[data-print]") || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  print();
});
// On paper nothing unfolds.
addEventListener("beforeprint", () => document.querySelectorAll(`${RESTS}:not([open])`).forEach((rest) => (rest.open = rest.dataset.printing = true)));
addEventListener("afterprint", () => {
  for (const rest of document.querySelectorAll(`${RESTS}[data-printing]`)) {
    rest.open = false;
    delete rest.dataset.printing;
  }
});
