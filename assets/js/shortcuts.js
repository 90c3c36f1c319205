// Single-key shortcuts: data-shortcut="n" is pressed, data-shortcut-focus="/" is focused. They can be switched off: for a person in the profile, for a browser in the sheet.
import { isWriting, keyOf } from "./dom.js";

const OFF = "publisher.shortcuts";
const profileAllows = () => document.body.dataset.shortcuts !== "off";
const areOn = () => profileAllows() && localStorage.getItem(OFF) !== "off";

function isVisible(element) {
  return element.checkVisibility?.() ?? element.offsetParent !== null;
}

/** J and K walk the rows of a list where the page gave these keys to nothing else. */
function walk(step) {
  const rows = [...document.querySelectorAll("[data-list-item]")].filter(isVisible);
  if (!rows.length) return false;
  const at = rows.findIndex((row) => row.contains(document.activeElement));
  const row = rows[Math.min(Math.max(at + step, 0), rows.length - 1)];
  (row.matches("a, button") ? row : row.querySelector("a, button"))?.focus();
  return true;
}

function press(key) {
  if (key === "?") {
    const sheet = document.getElementById("shortcuts");
    if (sheet && !sheet.open) sheet.showModal();
    return !!sheet;
  }
  const name = CSS.escape(key);
  const target = [...document.querySelectorAll(`[data-shortcut="${name}"]`)].find(isVisible);
  if (target) {
    target.focus();
    target.click();
    return true;
  }
  const field = document.querySelector(`[data-shortcut-focus="${name}"]`);
  if (field && isVisible(field)) {
    field.focus();
    field.select?.();
    return true;
  }
  return (key === "j" && walk(1)) || (key === "k" && walk(-1));
}

/** Ctrl+B and Ctrl+K press the buttons of the Markdown toolbar. */
function format(event) {
  const tag = { b: "md-bold", k: "md-link" }[keyOf(event)];
  const button = tag && event.target.id && document.querySelector(`markdown-toolbar[for="${CSS.escape(event.target.id)}"] ${tag}`);
  button?.click();
  return !!button;
}

/** Ctrl+S saves and Ctrl+Enter goes on, also while writing. */
function chord(event) {
  if (format(event)) return true;
  const form = event.target.closest?.("form[data-shortcuts]");
  const selector = { s: "[data-save]", Enter: "[data-go-on]" }[keyOf(event)];
  const submit = selector && form?.querySelector(selector);
  if (!submit) return false;
  submit.click();
  return true;
}

function onKey(event) {
  if (event.isComposing || event.altKey) return;
  const key = keyOf(event);
  const taken = event.ctrlKey || event.metaKey
    ? chord(event)
    : areOn() && !isWriting(event.target) && key.length === 1 && press(key);
  if (taken) event.preventDefault();
}

export function watchShortcuts() {
  document.addEventListener("keydown", onKey);
  const box = document.querySelector("[data-shortcuts-switch]");
  if (!box) return;
  box.checked = areOn();
  box.disabled = !profileAllows();
  box.addEventListener("change", () => localStorage.setItem(OFF, box.checked ? "on" : "off"));
}
