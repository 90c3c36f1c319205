// Signing out leaves no writing behind on this device; what was never saved is shown first.
import { text } from "./dom.js";
import { copiesOfWriter } from "./drafts.js";
import { put } from "./device.js";
import { clockTime, written } from "./recovery.js";
import { renew } from "./session.js";
import { toast } from "./toasts.js";

const OUT = 'form[action$="/sign-out"], form[action$="/me/sessions/end"]';
let certain = false;

function row({ about = {}, at, fields }) {
  const item = document.createElement("li");
  const link = Object.assign(document.createElement("a"), { href: about.url ?? "#", textContent: about.title || about.url });
  const part = document.createElement("details");
  const summary = document.createElement("summary");
  summary.append(link, ` · ${clockTime(at)}`);
  part.append(summary, written(fields));
  item.append(part);
  return item;
}

/** Delete the copies and sign out, unless there is no network: then nothing would come of it but the loss. */
async function leave(form, submitter, copies) {
  if ((await renew(document.body.dataset)) === "offline") return toast(text("offline"), "warning");
  document.documentElement.dataset.leaving = ""; // from here on nothing is saved or kept again
  await Promise.all(copies.map(({ key }) => put(key)));
  certain = true;
  form.requestSubmit(submitter);
}

/** What is typed from now on is kept again. */
function stay() {
  certain = false;
  delete document.documentElement.dataset.leaving;
}

async function askFirst(form, submitter) {
  const copies = await copiesOfWriter();
  if (!copies.length) {
    certain = true;
    form.requestSubmit(submitter);
    certain = false;
    return;
  }
  const dialog = document.getElementById("unsaved-copies");
  const count = dialog.querySelector("[data-count]");
  count.textContent = count.dataset.text.replace("{count}", copies.length);
  dialog.querySelector("[data-copies]").replaceChildren(...copies.map(row));
  dialog.querySelector("[data-leave]").onclick = () => void leave(form, submitter, copies);
  dialog.onclose = stay;
  dialog.showModal();
}

export function watchSigningOut() {
  document.addEventListener(
    "submit",
    (event) => {
      if (certain || !event.target.matches(OUT)) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      void askFirst(event.target, event.submitter);
    },
    { capture: true },
  );
  addEventListener("pageshow", stay);
}
