// The library beside a post's text: searched and leafed through in place; a tick takes a picture into the post.
import { text } from "./dom.js";
import { addPicture } from "./pictures.js";
import { toast } from "./toasts.js";

const inPost = (form, id) => form.querySelector(`[data-picture="${id}"]`);

async function show(box, url) {
  box.setAttribute("aria-busy", "true");
  try {
    const response = await fetch(url, { headers: { "X-Requested-With": "fetch" }, credentials: "same-origin" });
    if (!response.ok || response.redirected) throw new Error(response.status);
    box.innerHTML = await response.text();
    const form = box.closest("form");
    box.querySelectorAll("[data-choice]").forEach((choice) => inPost(form, choice.dataset.choice) && choice.remove());
  } catch {
    toast(text(navigator.onLine ? "failed" : "offline"), "danger");
  }
  box.removeAttribute("aria-busy");
}

const boxOf = (find) => document.querySelector(`[data-found="${find.id}"]`);

export function watchLibrary() {
  document.addEventListener("submit", (event) => {
    const find = event.target;
    if (!find.matches("form[data-find]")) return;
    event.preventDefault();
    void show(boxOf(find), `${find.action}?${new URLSearchParams(new FormData(find))}`);
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("[data-found] a");
    if (!link || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const box = link.closest("[data-found]");
    void show(box, link.href).then(() => box.closest("details").querySelector("[type=search]").focus());
  });
  document.addEventListener("change", ({ target }) => {
    const choice = target.closest?.("form[data-draft] [data-choice]");
    if (!choice) return;
    const { choice: picture, thumb, width, height, alt } = choice.dataset;
    const form = choice.closest("form");
    const row = inPost(form, picture);
    const words = row?.querySelector("input") ?? addPicture(form, { picture, thumb, width, height }, alt);
    choice.remove();
    words.dispatchEvent(new InputEvent("input", { bubbles: true }));
    words.focus();
  });
}
