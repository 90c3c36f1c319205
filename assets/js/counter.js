// The composer's count: the server measures and answers a fragment. Typing is never touched, nor is an IME's composition.
import { postForm } from "./csrf.js";
import { announce } from "./dom.js";
import { onceMore } from "./session.js";

const PAUSE_MS = 300;
const SLOW_MS = 500;
const timers = new WeakMap();
const running = new WeakMap();
const spoken = new WeakMap();

/** Speak only when a border is passed: near the limit, at it, over it. */
function speak(form, output) {
  const counter = output.querySelector("[data-left]") ?? output.closest("[data-left]");
  if (!counter) return;
  const left = Number(counter.dataset.left);
  const zone = left < 0 ? "over" : left === 0 ? "full" : left <= 20 ? "near" : "roomy";
  if (spoken.get(form) !== zone && (spoken.has(form) || zone !== "roomy")) {
    if (zone !== "roomy" && counter.dataset.say) announce(counter.dataset.say);
  }
  spoken.set(form, zone);
}

async function measure(form) {
  const output = document.querySelector(form.dataset.measureOutput) ?? form.querySelector("[data-measure-output]");
  if (!output) return;
  running.get(form)?.abort();
  const control = new AbortController();
  running.set(form, control);
  const slow = setTimeout(() => output.setAttribute("aria-busy", "true"), SLOW_MS);
  try {
    const ask = () => postForm(form, { url: form.dataset.measureUrl, signal: control.signal, files: false });
    const response = await onceMore(ask, form.dataset);
    control.signal.throwIfAborted();
    if (!response.ok) return;
    output.innerHTML = await response.text();
    speak(form, output);
    output.dispatchEvent(new CustomEvent("publisher:swapped", { bubbles: true }));
  } catch (error) {
    if (error.name !== "AbortError" && navigator.onLine) console.warn("The text could not be measured.", error);
  } finally {
    clearTimeout(slow);
    if (running.get(form) === control) output.removeAttribute("aria-busy");
  }
}

function soon(event) {
  const form = event.target.form ?? event.target.closest?.("form");
  if (!form?.dataset.measureUrl || event.isComposing) return;
  clearTimeout(timers.get(form));
  timers.set(form, setTimeout(() => measure(form), PAUSE_MS));
}

export function watchCounters() {
  document.addEventListener("input", soon);
  document.addEventListener("compositionend", soon);
}
