// What was typed and never saved, before a crash, a reload or without a network: offered with its difference.
import { token } from "./csrf.js";
import { copiesOf, fill, forgetCopy, mainField, sameTimes, sameWriting } from "./drafts.js";
import { addPicture } from "./pictures.js";

const LONG = 20;

/** The server's comparison of these fields with its newest text, as an element; null where it cannot be had. */
export async function compared(form, fields) {
  if (!form.dataset.compareUrl) return null;
  try {
    const response = await fetch(form.dataset.compareUrl, {
      method: "POST",
      body: new URLSearchParams(fields),
      headers: { "X-CSRFToken": token(), "X-Requested-With": "fetch" },
      credentials: "same-origin",
    });
    if (!response.ok) return null;
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const found = page.querySelector("[data-compared]");
    return found && document.importNode(found, true);
  } catch {
    return null;
  }
}

/** A piece of what templates/_unsaved.html has to say, for this one time. */
export const part = (selector) =>
  document.importNode(document.querySelector("template[data-guard-notes]").content.querySelector(selector), true);

function boxOf(form) {
  const box = document.getElementById(form.dataset.restoreBox) ?? form.querySelector("[data-restore]");
  if (!box) form.prepend(part("[data-restore]"));
  return box ?? form.firstElementChild;
}

/** What was written, to read: the long pieces of it, or all where none is long. */
export function written(fields, mark = {}) {
  const texts = fields.map(([, value]) => value.trim()).filter(Boolean);
  const long = texts.filter((text) => text.length >= LONG || /\s/.test(text));
  const said = document.createElement("div");
  said.className = "said";
  Object.assign(said.dataset, mark);
  said.textContent = (long.length ? long : texts).join("\n\n");
  return said;
}

/** "09:41", or with its day where that is not today; on the clock that the page goes by. */
export function clockTime(at) {
  const { lang, dataset } = document.documentElement;
  const zone = { timeZone: dataset.zone || undefined };
  const day = (moment) => new Intl.DateTimeFormat("sv", zone).format(moment);
  const time = { hour: "2-digit", minute: "2-digit", hourCycle: "h23", ...zone };
  const date = day(at) === day(Date.now()) ? {} : { month: "short", day: "numeric" };
  return new Intl.DateTimeFormat(lang, { ...date, ...time }).format(at);
}

async function offer(form, copy) {
  const difference = await compared(form, copy.fields);
  if (difference && "same" in difference.dataset && sameTimes(form, copy.fields)) {
    forgetCopy(copy);
    return void (await offerCopies(form));
  }
  const box = boxOf(form);
  const title = box.querySelector("[data-restore-title]");
  title.textContent = title.dataset.text.replace("{time}", clockTime(copy.at));
  const shown = difference ?? (form.dataset.compareUrl ? null : written(copy.fields));
  box.querySelector("[data-restore-difference]").replaceChildren(...(shown ? [shown] : []));
  box.querySelector("details").hidden = !shown;
  const done = () => {
    forgetCopy(copy);
    box.hidden = true;
    mainField(form)?.focus();
    void offerCopies(form);
  };
  box.querySelector("[data-restore-yes]").onclick = () => {
    fill(form, copy, addPicture);
    done();
  };
  box.querySelector("[data-restore-no]").onclick = done;
  box.hidden = false;
  form.closest("details:not(.menu)")?.setAttribute("open", "");
}

/** Offer the newest copy that says something else than the page; what says the same is done with. */
export async function offerCopies(form) {
  const copies = await copiesOf(form);
  copies.filter(({ fields }) => sameWriting(form, fields)).forEach(forgetCopy);
  const copy = copies.find(({ fields }) => !sameWriting(form, fields));
  if (copy) await offer(form, copy);
}
