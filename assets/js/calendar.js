// Moving a card: by drag, or focused with Alt+arrows. Both fill and send the card's own form, so one endpoint decides.
import Sortable from "sortablejs";
import { postForm } from "./csrf.js";
import { announce, calm, fresh, text } from "./dom.js";
import "./planning.js";
import { adoptToasts, toast } from "./toasts.js";

const DAYS = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 };
const MINUTES = { ArrowUp: -15, ArrowDown: 15 };
const TRACKED = ["dragover", "drop", "touchmove", "pointermove"];
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
    document.getElementById("calendar").replaceWith(calendar);
    calendar.dispatchEvent(new CustomEvent("publisher:swapped", { bubbles: true }));
    if (!told && calendar.dataset.announce) announce(calendar.dataset.announce);
  }
  return { swapped: !!next, told };
}

function focusCard(id) {
  const card = document.querySelector(`#calendar [data-card][data-post-id="${CSS.escape(id)}"]`);
  const calendar = document.getElementById("calendar");
  const target = card?.querySelector("[data-card-focus], a, button") ?? card ?? calendar;
  if (target === calendar) calendar.tabIndex = -1;
  target.focus({ preventScroll: false });
}

/** Send the card's own form with another day or time; the server's calendar shows what became of it. */
async function move(card, day, time) {
  const form = card.querySelector("form[data-move-form]");
  if (!form || busy) return;
  busy = true;
  document.getElementById("calendar").setAttribute("aria-busy", "true");
  form.elements.day.value = day;
  if (time && form.elements.time) form.elements.time.value = time;
  try {
    const response = await postForm(form, { url: card.dataset.moveUrl || form.action });
    const { swapped, told } = swap(await response.text());
    if (!told && (!response.ok || !swapped)) toast(text("failed"), "danger");
  } catch {
    toast(navigator.onLine ? text("failed") : text("offline"), "danger");
  } finally {
    busy = false;
    document.getElementById("calendar").removeAttribute("aria-busy");
    focusCard(card.dataset.postId);
  }
}

function onKey(event) {
  if (!event.altKey || event.ctrlKey || event.metaKey || !(event.key in DAYS)) return;
  const card = event.target.closest?.("[data-card]");
  if (!card || event.target.closest("input, textarea, select")) return;
  event.preventDefault();
  if (card.dataset.locked !== undefined) return announce(card.dataset.locked);
  const { date } = card.dataset;
  const time = card.querySelector("form[data-move-form]")?.elements.time?.value ?? "";
  if (!date) return;
  if (event.shiftKey && event.key in MINUTES && time) return void move(card, ...plusMinutes(date, time, MINUTES[event.key]));
  void move(card, plusDays(date, DAYS[event.key]));
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
  void move(item, day);
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
  fresh(scope, "[data-day] > ul, ul[data-tray]", "drag")
    .filter((list) => list.querySelector("[data-card]"))
    .forEach(makeDraggable);
}

document.addEventListener("keydown", onKey);
document.addEventListener("submit", (event) => {
  const card = event.target.matches("form[data-move-form]") && event.target.closest("[data-card]");
  if (!card) return;
  event.preventDefault();
  const { day, time } = event.target.elements;
  void move(card, day.value, time?.value);
});
