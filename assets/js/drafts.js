// What a form holds as plain data, and its copy on this device: kept until the server has it.
import { keeps, lyingUnder, put } from "./device.js";

const PREFIX = "publisher.draft.";
const OLDEST_MS = 60 * 86400e3;
const NOT_WRITTEN = new Set(["csrf_token", "version", "base", "page", "next", "picture", "picture_alt", "instant"]);
const READ = ["version", "base"];
const TIMES = new Set(["date", "time", "zone"]);

/** What this page calls itself, in its autosaves and in the names of its copies. */
export const PAGE = [...crypto.getRandomValues(new Uint8Array(9))].map((byte) => byte.toString(36).padStart(2, "0")).join("");

const isSecret = (form, name) => form.elements[name]?.type === "password";
export const fieldsOf = (form) =>
  [...new FormData(form)].filter(([name, value]) => !NOT_WRITTEN.has(name) && typeof value === "string" && !isSecret(form, name));
export const isTime = ([name]) => TIMES.has(name);
export const contentOf = (form) => JSON.stringify(fieldsOf(form).filter((field) => !isTime(field)));
export const timesOf = (form) => JSON.stringify(fieldsOf(form).filter(isTime));

const picturesIn = (fields) => fields.filter(([name]) => name === "media").map(([, value]) => value);

/** The same whatever the server tidies: line ends, composed letters, white space around, empty fields. Of the
 *  fields' order that of the pictures alone says something. */
function tidy(fields) {
  const said = fields.map(([name, value]) => [name, value.replace(/\r\n?/g, "\n").normalize("NFC").trim()]);
  return JSON.stringify([said.filter(([, value]) => value).sort(), picturesIn(fields)]);
}

export const sameWriting = (form, fields) => tidy(fieldsOf(form)) === tidy(fields);
export const sameTimes = (form, fields) => tidy(fieldsOf(form).filter(isTime)) === tidy(fields.filter(isTime));

// ---- The copy on this device ----

const named = new WeakMap();
let forms = 0;

/** What this form of this page calls itself: the server names it when it has taken what was sent. */
export function nameOf(form) {
  if (!named.has(form)) named.set(form, `${PAGE}-${forms++}`);
  return named.get(form);
}

export const writer = () => document.body.dataset.person;
const addressOf = (form) => new URL(form.getAttribute("action") ?? "", location.href).pathname;
const placeOf = (form) => `${PREFIX}${writer()}.${form.dataset.draft ?? addressOf(form)}.`;
const keyOf = (form) => placeOf(form) + nameOf(form);

/** Whether the writer signs out and wants nothing left behind. */
export const isLeaving = () => "leaving" in document.documentElement.dataset;

/** Keep what the form holds; false where this browser keeps nothing. A form that learns so later hears `publisher:unkept`. */
export function keep(form) {
  if (isLeaving()) return keeps();
  const pictures = [...form.querySelectorAll("[data-picture]")].map(({ dataset }) => ({ ...dataset }));
  const read = READ.filter((name) => form.elements[name]).map((name) => [name, form.elements[name].value]);
  const about = { title: document.querySelector("h1")?.textContent.trim(), url: location.pathname + location.search };
  const copy = { at: Date.now(), fields: fieldsOf(form), read, pictures, about };
  void put(keyOf(form), copy).then((done) => done || form.dispatchEvent(new CustomEvent("publisher:unkept")));
  return keeps();
}

export const forget = (form) => void put(keyOf(form));
export const forgetCopy = ({ key }) => void put(key);

/** Take away what the server says it has taken: the cookie `taken.NAME`. */
async function clear() {
  const taken = document.cookie.split("; ").map((cookie) => cookie.split("=")[0]).filter((name) => name.startsWith("taken."));
  if (!taken.length) return;
  const lying = await lyingUnder(PREFIX);
  for (const cookie of taken) {
    const name = cookie.slice("taken".length);
    await Promise.all(lying.filter(([key]) => key.endsWith(name)).map(([key]) => put(key)));
    document.cookie = `${cookie}=; max-age=0; path=/`;
  }
}

const cleared = clear();

async function copiesUnder(prefix) {
  await cleared;
  const copies = (await lyingUnder(prefix)).map(([key, copy]) => ({ ...copy, key }));
  const isAlive = ({ at, fields }) => fields && Date.now() - at < OLDEST_MS;
  copies.filter((copy) => !isAlive(copy)).forEach(forgetCopy);
  return copies.filter(isAlive).sort((one, other) => other.at - one.at);
}

/** What other pages kept of this form and never had saved, the newest first. */
export async function copiesOf(form) {
  return (await copiesUnder(placeOf(form))).filter(({ key }) => key !== keyOf(form));
}

/** All that this person has unsaved on this device. */
export const copiesOfWriter = () => copiesUnder(`${PREFIX}${writer()}.`);

/** Where the writer goes on. */
export const mainField = (form) =>
  form.querySelector("textarea[name=text]") ?? form.querySelector("textarea, input:not([type=hidden], [type=checkbox], [type=radio])");

const rowOf = (form, picture) => form.querySelector(`[name=media][value="${CSS.escape(picture)}"]`)?.closest("[data-picture]");

/** Put a copy's writing into the form, its pictures too and in its order; where the page compares first, upon what stands now. */
export function fill(form, { fields, read = [], pictures = [] }, addPicture) {
  if (!form.dataset.compareUrl) {
    for (const [name, value] of read) if (form.elements[name]) form.elements[name].value = value;
  }
  for (const picture of pictures) {
    if (!form.querySelector(`[name=media][value="${CSS.escape(picture.picture)}"]`)) addPicture(form, picture);
  }
  for (const row of picturesIn(fields).map((picture) => rowOf(form, picture))) row?.parentElement.append(row);
  for (const control of form.elements) {
    if (!control.name || NOT_WRITTEN.has(control.name)) continue;
    const values = fields.filter(([name]) => name === control.name).map(([, value]) => value);
    if (control.type === "checkbox" || control.type === "radio") control.checked = values.includes(control.value);
    else if (values.length) control.value = values[0];
  }
  (mainField(form) ?? form).dispatchEvent(new InputEvent("input", { bubbles: true }));
}
