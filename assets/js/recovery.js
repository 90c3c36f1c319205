// What was typed and never saved, before a crash, a reload or without a network: offered with its difference.
import { token } from "./csrf.js";
import { copiesOf, fill, forgetCopy, sameTimes, sameWriting } from "./drafts.js";
import { addPicture } from "./pictures.js";

/** The server's comparison of these fields with its newest text, as an element; null where it cannot be had. */
export async function compared(form, fields) {
  try {
    const response = await fetch(form.dataset.compareUrl, {
      method: "POST",
      body: new URLSearchParams(fields),
      headers: { "X-CSRFToken": token(), "X-Requested-With": "fetch" },
      credentials: "same-origin",
    });
    if (!response.ok) return null;
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    return document.importNode(page.querySelector("[data-compared]"), true);
  } catch {
    return null;
  }
}

/** "09:41", or with its day where that is not today; on the clock that the page goes by. */
function clockTime(at) {
  const { lang, dataset } = document.documentElement;
  const zone = { timeZone: dataset.zone || undefined };
  const day = (moment) => new Intl.DateTimeFormat("sv", zone).format(moment);
  const time = { hour: "2-digit", minute: "2-digit", hourCycle: "h23", ...zone };
  const date = day(at) === day(Date.now()) ? {} : { month: "short", day: "numeric" };
  return new Intl.DateTimeFormat(lang, { ...date, ...time }).format(at);
}

async function offer(form, copy) {
  const part = await compared(form, copy.fields);
  if (part && "same" in part.dataset && sameTimes(form, copy.fields)) {
    forgetCopy(copy);
    return offerCopies(form);
  }
  const box = document.getElementById(form.dataset.restoreBox);
  const title = box.querySelector("[data-restore-title]");
  title.textContent = title.dataset.text.replace("{time}", clockTime(copy.at));
  box.querySelector("[data-restore-difference]").replaceChildren(...(part ? [part] : []));
  box.querySelector("details").hidden = !part;
  const done = () => {
    forgetCopy(copy);
    box.hidden = true;
    form.elements.text.focus();
    offerCopies(form);
  };
  box.querySelector("[data-restore-yes]").onclick = () => {
    fill(form, copy, addPicture);
    done();
  };
  box.querySelector("[data-restore-no]").onclick = done;
  box.hidden = false;
}

/** Offer the newest copy that says something else than the page; what says the same is done with. */
export function offerCopies(form) {
  const copies = copiesOf(form);
  copies.filter(({ fields }) => sameWriting(form, fields)).forEach(forgetCopy);
  const copy = copies.find(({ fields }) => !sameWriting(form, fields));
  if (copy) void offer(form, copy);
}
