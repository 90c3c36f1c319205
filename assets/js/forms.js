// Comfort for forms: text areas that grow, selects that submit, one send per press, focus on what is wrong.
import { fresh } from "./dom.js";

function grow(area) {
  const top = window.scrollY;
  area.style.height = "auto";
  area.style.height = `${area.scrollHeight + 2}px`;
  window.scrollTo({ top, behavior: "instant" });
}

function watchGrowing(root) {
  if (CSS.supports("field-sizing", "content")) return;
  for (const area of fresh(root, "textarea[data-autosize]")) {
    area.addEventListener("input", () => grow(area));
    if (area.value) grow(area);
  }
}

function sendOnce(form) {
  form.addEventListener("submit", (event) => {
    if (event.defaultPrevented) return;
    if (form.dataset.sent) return event.preventDefault();
    form.dataset.sent = "yes";
    form.setAttribute("aria-busy", "true");
  });
}

export function watchForms(root) {
  watchGrowing(root);
  for (const form of fresh(root, 'form[method="post"]:not([hx-post], [data-move-form])')) sendOnce(form);
  for (const field of fresh(root, "[data-submit-on-change]")) {
    field.addEventListener("change", () => field.form.requestSubmit());
  }
  for (const all of fresh(root, "[data-check-all]")) {
    all.addEventListener("change", () => {
      for (const box of document.getElementsByName(all.dataset.checkAll)) box.checked = all.checked;
    });
  }
  for (const field of fresh(root, "[data-select]")) field.addEventListener("focus", () => field.select());
  fresh(root, "[data-focus]")[0]?.focus();
}

addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    form.removeAttribute("aria-busy");
  }
});
