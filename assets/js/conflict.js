// Somebody else saved meanwhile: mine, theirs and the difference; nothing is chosen by itself, and both texts stay.
import { compared } from "./recovery.js";
import { fieldsOf, keep } from "./drafts.js";

async function keepTheirs(draft) {
  keep(draft.form); // the page that comes next offers mine again
  draft.leaving = true;
  location.reload();
}

/** Show both and have one chosen. What they wrote may be the same by now: then there is nothing to ask. */
export async function showConflict(draft, { save, adoptBase }) {
  const dialog = document.getElementById("conflict");
  const part = await compared(draft.form, fieldsOf(draft.form));
  if (!part) return;
  const { version, base, same } = part.dataset;
  const takeMine = () => {
    adoptBase(draft, version, base);
    draft.outcome = "";
    return save(draft);
  };
  if (same !== undefined) return void takeMine();
  dialog.querySelector("[data-both]").replaceChildren(part);
  dialog.querySelector("[data-take-mine]").onclick = () => {
    dialog.close();
    draft.form.elements.text.focus();
    void takeMine();
  };
  dialog.querySelector("[data-take-theirs]").onclick = () => void keepTheirs(draft);
  dialog.showModal();
  dialog.scrollTop = 0;
}
