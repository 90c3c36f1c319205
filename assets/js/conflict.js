// Somebody else saved meanwhile: mine, theirs and the difference; nothing is chosen by itself, and both texts stay.
import { settled } from "./device.js";
import { fieldsOf, keep } from "./drafts.js";
import { compared, written } from "./recovery.js";

async function keepTheirs(draft) {
  keep(draft.form); // the page that comes next offers mine again
  await settled();
  draft.leaving = true;
  location.reload();
}

/** Show the dialog with the comparison, or with mine alone where the comparison cannot be had. */
function open(dialog, part, isCompared) {
  dialog.querySelector("[data-both]").replaceChildren(part);
  for (const element of dialog.querySelectorAll("[data-compared-only]")) element.hidden = !isCompared;
  for (const element of dialog.querySelectorAll("[data-uncompared-only]")) element.hidden = isCompared;
  if (!dialog.open) dialog.showModal();
  dialog.scrollTop = 0;
}

/** Show both and have one chosen. What they wrote may be the same by now: then there is nothing to ask. */
export async function showConflict(draft, verbs) {
  const dialog = document.getElementById("conflict");
  const fields = fieldsOf(draft.form);
  const part = await compared(draft.form, fields);
  dialog.querySelector("[data-again]").onclick = () => void showConflict(draft, verbs);
  if (!part) {
    keep(draft.form);
    return open(dialog, written(fields, { mine: "" }), false);
  }
  const { version, base, same } = part.dataset;
  const takeMine = () => {
    dialog.close();
    verbs.adoptBase(draft, version, base);
    draft.outcome = "";
    return verbs.save(draft);
  };
  if (same !== undefined) return void takeMine();
  dialog.querySelector("[data-take-mine]").onclick = () => {
    void takeMine();
    draft.form.elements.text.focus();
  };
  dialog.querySelector("[data-take-theirs]").onclick = () => void keepTheirs(draft);
  open(dialog, part, true);
}
