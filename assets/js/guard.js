// The leave guard: a form[data-guard] with unsaved writing asks before the page goes; a note shows when offline.
import { fresh } from "./dom.js";

const saved = new WeakMap();
const snapshot = (form) => JSON.stringify([...new FormData(form)].map(([name, value]) => [name, value.name ?? value]));
const isDirty = (form) => form.isConnected && saved.has(form) && saved.get(form) !== snapshot(form);
const guarded = () => [...document.querySelectorAll("form[data-guard]")];

function showState(form) {
  form.toggleAttribute("data-dirty", isDirty(form));
}

function offline() {
  document.querySelectorAll("[data-offline-note]").forEach((note) => (note.hidden = navigator.onLine));
}

export function watchGuards(root) {
  for (const form of fresh(root, "form[data-guard]")) {
    saved.set(form, form.hasAttribute("data-unsaved") ? "" : snapshot(form));
    form.addEventListener("input", () => showState(form));
    form.addEventListener("submit", (event) => event.defaultPrevented || saved.delete(form));
    form.addEventListener("publisher:saved", () => {
      saved.set(form, snapshot(form));
      showState(form);
    });
  }
  offline();
}

addEventListener("beforeunload", (event) => {
  if (guarded().some(isDirty)) event.preventDefault();
});
addEventListener("online", offline);
addEventListener("offline", offline);
document.addEventListener("htmx:after:request", ({ target, detail }) => {
  if (target instanceof HTMLFormElement && target.matches("[data-guard]") && detail.ctx?.response?.raw?.ok) {
    target.dispatchEvent(new CustomEvent("publisher:saved"));
  }
});
