// Copy buttons: data-copy="#id" copies a field or an element's text, data-copy-text="…" copies that.
import { announce, text } from "./dom.js";
import { toast } from "./toasts.js";

async function copy(value, source) {
  try {
    await navigator.clipboard.writeText(value);
    return true;
  } catch {
    source?.select?.();
    return document.execCommand("copy");
  }
}

export function watchCopying() {
  document.addEventListener("click", async ({ target }) => {
    const button = target.closest?.("[data-copy], [data-copy-text]");
    if (!button) return;
    const source = button.dataset.copy && document.querySelector(button.dataset.copy);
    const value = button.dataset.copyText ?? source?.value ?? source?.textContent.trim() ?? "";
    if (!(await copy(value, source))) return toast(text("failed"), "danger");
    announce(text("copied"));
    const label = button.querySelector("span") ?? button;
    const before = label.textContent;
    label.textContent = text("copied");
    button.classList.add("is-done");
    setTimeout(() => {
      label.textContent = before;
      button.classList.remove("is-done");
    }, 2000);
  });
}
