// Toasts: what flash() said. Good news leaves by itself and waits while it is read; bad news stays.
import { text } from "./dom.js";

const STAY_MS = 8000;
const STAY_WITH_ACTION_MS = 14000;

function leaveLater(toast) {
  let timer;
  const stay = toast.querySelector("form, a, button:not(.toast-close)") ? STAY_WITH_ACTION_MS : STAY_MS;
  const start = () => (timer = setTimeout(() => toast.remove(), stay));
  const pause = () => clearTimeout(timer);
  toast.addEventListener("mouseenter", pause);
  toast.addEventListener("focusin", pause);
  toast.addEventListener("mouseleave", start);
  toast.addEventListener("focusout", start);
  start();
}

const words = (toast) => toast.querySelector(".toast-text")?.textContent.trim();

function dress(toast) {
  // A toast may be gone before its mutation is told: replaced by its twin, or by those of the next page.
  if (!toast.isConnected || toast.querySelector(".toast-close")) return;
  const same = [...toast.parentElement.children].filter((other) => other !== toast && words(other) === words(toast));
  same.forEach((other) => other.remove());
  const close = document.createElement("button");
  close.type = "button";
  close.className = "toast-close";
  close.setAttribute("aria-label", text("close"));
  close.textContent = "×";
  close.addEventListener("click", () => toast.remove());
  toast.append(close);
  if (toast.dataset.toast === "success" || toast.dataset.toast === "info") leaveLater(toast);
}

/** Show a sentence as a toast; category: success, info, warning, danger. */
export function toast(sentence, category = "info") {
  const element = document.createElement("div");
  element.className = `alert alert-${category}`;
  element.dataset.toast = category;
  const body = document.createElement("div");
  body.className = "toast-text";
  body.textContent = sentence;
  element.append(body);
  document.getElementById("toasts")?.append(element);
}

/** Take the toasts of a page or fragment that was fetched over into this page; they replace those of the fetch before. */
export function adoptToasts(from) {
  const region = document.getElementById("toasts");
  region?.querySelectorAll("[data-adopted]").forEach((older) => older.remove());
  const found = [...from.querySelectorAll("[data-toast]")].filter((element) => !element.closest("#calendar"));
  for (const element of found) {
    const copy = document.importNode(element, true);
    copy.dataset.adopted = "";
    region?.append(copy);
  }
  return found.length;
}

export function watchToasts() {
  const region = document.getElementById("toasts");
  if (!region) return;
  region.querySelectorAll("[data-toast]").forEach(dress);
  new MutationObserver((changes) => {
    for (const { addedNodes } of changes) {
      addedNodes.forEach((node) => node instanceof HTMLElement && node.dataset.toast && dress(node));
    }
  }).observe(region, { childList: true });
  document.addEventListener("htmx:error", () => toast(navigator.onLine ? text("failed") : text("offline"), "danger"));
}
