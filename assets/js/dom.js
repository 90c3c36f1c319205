// Small pieces that several modules need: page texts, the live region, marking what was enhanced.
/** A sentence that the server translated, from <body data-text-…>. */
export const text = (name) => document.body.dataset[`text${name[0].toUpperCase()}${name.slice(1)}`] ?? "";

/** Say a sentence to screen readers. */
export function announce(sentence) {
  const region = document.getElementById("announcer");
  if (!region) return;
  region.textContent = "";
  requestAnimationFrame(() => (region.textContent = sentence));
}

const done = new WeakMap();

/** The elements under `root` that match and were not given to `key` before: a swap never doubles a listener. */
export function fresh(root, selector, key = selector) {
  const found = [...root.querySelectorAll(selector)].filter((element) => !done.get(element)?.has(key));
  for (const element of found) done.set(element, (done.get(element) ?? new Set()).add(key));
  return found;
}

export const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

/** Is the person writing? Then single keys are letters, not shortcuts. */
export const isWriting = (element) =>
  element instanceof Element && !!element.closest("input, textarea, select, [contenteditable=''], [contenteditable=true], dialog[open]");

const LATIN = /^[\x20-\x7e]$/;

/** What was pressed, in Latin letters: a Hangul layout sends "ㅓ" or "Process" for J, and the place of the key then says which it was. */
export function keyOf({ key, code = "", shiftKey }) {
  if (LATIN.test(key)) return key.toLowerCase();
  if (key.length > 1 && !["Process", "Unidentified", "Dead"].includes(key)) return key;
  if (code === "Slash") return shiftKey ? "?" : "/";
  return /^(?:Key|Digit)(.)$/.exec(code)?.[1].toLowerCase() ?? key;
}
