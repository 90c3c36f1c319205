// What matters most of a picture, chosen on the picture itself; and the order of pictures. The fields hold the truth.
import { announce } from "./dom.js";

const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const bound = (value) => Math.min(100, Math.max(0, Math.round(value)));
const partOf = (element, part) => element.closest(".picture-row").querySelector(`[data-part="${part}"]`);
const numberIn = (element, part) => bound(Number(partOf(element, part).value));

/** Put the mark where the numbers say. */
function mark(pick) {
  const { style } = pick.querySelector(".focal-mark");
  style.left = `${numberIn(pick, "x")}%`;
  style.top = `${numberIn(pick, "y")}%`;
}

function choose(pick, x, y) {
  partOf(pick, "x").value = bound(x);
  partOf(pick, "y").value = bound(y);
  mark(pick);
  partOf(pick, "x").dispatchEvent(new InputEvent("input", { bubbles: true }));
}

function onClick(event) {
  const pick = event.target.closest?.("[data-focal]");
  if (pick && event.detail) {
    const box = pick.querySelector("img").getBoundingClientRect();
    choose(pick, ((event.clientX - box.left) / box.width) * 100, ((event.clientY - box.top) / box.height) * 100);
  }
  const button = event.target.closest?.("[data-move]");
  if (!button) return;
  event.preventDefault();
  const row = button.closest(".picture-row");
  const forward = button.dataset.move === "1";
  const beside = forward ? row.nextElementSibling : row.previousElementSibling;
  if (!beside) return;
  if (forward) beside.after(row);
  else beside.before(row);
  const other = row.querySelector(`[data-move="${forward ? -1 : 1}"]`);
  ((forward ? row.nextElementSibling : row.previousElementSibling) ? button : other).focus();
  row.dispatchEvent(new InputEvent("input", { bubbles: true }));
}

function onKey(event) {
  const pick = event.target.closest?.("[data-focal]");
  if (!pick || !STEPS[event.key]) return;
  event.preventDefault();
  const [right, down] = STEPS[event.key].map((way) => way * (event.shiftKey ? 10 : 2));
  choose(pick, numberIn(pick, "x") + right, numberIn(pick, "y") + down);
  announce(`${numberIn(pick, "x")} %, ${numberIn(pick, "y")} %`);
}

const markAll = (within) => within.querySelectorAll("[data-focal]").forEach(mark);

export function watchFocus() {
  document.addEventListener("click", onClick);
  document.addEventListener("keydown", onKey);
  document.addEventListener("input", ({ target }) => target.matches?.("[data-part]") && markAll(target.closest(".picture-row")));
  document.addEventListener("toggle", ({ target }) => target.matches?.(".picture-crop") && markAll(target), { capture: true });
  markAll(document);
}
