// Moving a card: by drag, or focused with Alt+arrows. Both fill and send the card's own form, so one endpoint decides.
import Sortable from "sortablejs";
import { postForm } from "./csrf.js";
import { announce, calm, fresh, text } from "./dom.js";
import { adoptToasts, toast } from "./toasts.js";

const DAYS = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 };
const MINUTES = { ArrowUp: -15, ArrowDown: 15 };
let busy = false;

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

/** Send the card's own form with another day or time; `undo` puts a dragged card back when the server says no. */
async function move(card, day, time, { undo, focus = true } = {}) {
  const form = card.querySelector("form[data-move-form]");
  if (!form || busy) return undo?.();
  busy = true;
  document.getElementById("calendar").setAttribute("aria-busy", "true");
  form.elements.day.value = day;
  if (time && form.elements.time) form.elements.time.value = time;
  try {
    const response = await postForm(form, { url: card.dataset.moveUrl || form.action });
    const { swapped, told } = swap(await response.text());
    if (!response.ok && !swapped) undo?.();
    if (!response.ok && !told) toast(text("failed"), "danger");
  } catch {
    undo?.();
    toast(navigator.onLine ? text("failed") : text("offline"), "danger");
  } finally {
    busy = false;
    document.getElementById("calendar").removeAttribute("aria-busy");
    if (focus) focusCard(card.dataset.postId);
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

function onDrop({ item, from, to, oldDraggableIndex }) {
  if (from === to) return;
  const undo = () => from.insertBefore(item, from.querySelectorAll("[data-card]")[oldDraggableIndex] ?? null);
  const day = to.closest("[data-day]")?.dataset.day;
  if (!day) return undo();
  void move(item, day, null, { undo });
}

/** Lists that cards are dragged from (days and the tray) and to (days only). */
function makeDraggable(list, droppable) {
  list.querySelectorAll("[data-card] a").forEach((link) => (link.draggable = false));
  new Sortable(list, {
    group: { name: "calendar", put: droppable },
    draggable: "[data-card]:not([data-locked])",
    sort: false,
    animation: calm() ? 0 : 150,
    delay: 180,
    delayOnTouchOnly: true,
    ghostClass: "is-ghost",
    chosenClass: "is-chosen",
    onStart: () => {
      list.style.minHeight = `${list.offsetHeight}px`; // the days must not slide away under the pointer
      document.getElementById("calendar")?.classList.add("is-dragging");
    },
    onEnd: (event) => {
      list.style.minHeight = "";
      document.getElementById("calendar")?.classList.remove("is-dragging");
      onDrop(event);
    },
  });
}

export function watchCalendar(root) {
  const scope = root.id === "calendar" ? root.parentElement : root;
  if (!scope.querySelector("[data-card]")) return;
  fresh(scope, "[data-day] > ul", "drop").forEach((list) => makeDraggable(list, true));
  fresh(scope, "ul[data-tray]", "tray").forEach((list) => makeDraggable(list, false));
}

document.addEventListener("keydown", onKey);
document.addEventListener("submit", (event) => {
  const card = event.target.matches("form[data-move-form]") && event.target.closest("[data-card]");
  if (!card) return;
  event.preventDefault();
  const { day, time } = event.target.elements;
  void move(card, day.value, time?.value);
});
