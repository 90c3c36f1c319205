// What a form[data-draft] holds as plain data, and its copy on this device: kept until the server has it.
const PREFIX = "publisher.draft.";
const WHO = "publisher.writer";
const OLDEST_MS = 60 * 86400e3;
const NOT_WRITTEN = new Set(["csrf_token", "version", "base", "page", "picture", "picture_alt", "instant"]);
const TIMES = new Set(["date", "time", "zone"]);

/** What this page calls itself, in its autosaves and in the names of its copies. */
export const PAGE = [...crypto.getRandomValues(new Uint8Array(9))].map((byte) => byte.toString(36).padStart(2, "0")).join("");

export const fieldsOf = (form) =>
  [...new FormData(form)].filter(([name, value]) => !NOT_WRITTEN.has(name) && typeof value === "string");
export const isTime = ([name]) => TIMES.has(name);
export const contentOf = (form) => JSON.stringify(fieldsOf(form).filter((field) => !isTime(field)));
export const timesOf = (form) => JSON.stringify(fieldsOf(form).filter(isTime));

/** The same whatever the server tidies: line ends, composed letters, white space around, empty fields. */
function tidy(fields) {
  const said = fields.map(([name, value]) => [name, value.replace(/\r\n?/g, "\n").normalize("NFC").trim()]);
  return JSON.stringify(said.filter(([, value]) => value).sort());
}

export const sameWriting = (form, fields) => tidy(fieldsOf(form)) === tidy(fields);
export const sameTimes = (form, fields) => tidy(fieldsOf(form).filter(isTime)) === tidy(fields.filter(isTime));

// ---- The copy on this device ----

const placeOf = ({ dataset }) => `${PREFIX}${dataset.person}.${dataset.draft}.`;

/** Keep what the form holds; false where this browser keeps nothing. */
export function keep(form) {
  const pictures = [...form.querySelectorAll("[data-picture]")].map(({ dataset }) => ({ ...dataset }));
  try {
    localStorage.setItem(placeOf(form) + PAGE, JSON.stringify({ at: Date.now(), fields: fieldsOf(form), pictures }));
    localStorage.setItem(WHO, form.dataset.person);
    return true;
  } catch {
    return false;
  }
}

export const forget = (form) => localStorage.removeItem(placeOf(form) + PAGE);
export const forgetCopy = ({ key }) => localStorage.removeItem(key);

function read(key) {
  try {
    return { ...JSON.parse(localStorage.getItem(key)), key };
  } catch {
    return { key };
  }
}

/** What other pages kept of this post and never had saved, the newest first. */
export function copiesOf(form) {
  const place = placeOf(form);
  const copies = Object.keys(localStorage)
    .filter((key) => key.startsWith(place) && !key.endsWith(`.${PAGE}`))
    .map(read);
  const isAlive = (copy) => copy.fields && Date.now() - copy.at < OLDEST_MS;
  copies.filter((copy) => !isAlive(copy)).forEach(forgetCopy);
  return copies.filter(isAlive).sort((one, other) => other.at - one.at);
}

/** Put a copy's writing into the form, its pictures too. */
export function fill(form, { fields, pictures = [] }, addPicture) {
  for (const picture of pictures) {
    if (!form.querySelector(`[name=media][value="${CSS.escape(picture.picture)}"]`)) addPicture(form, picture);
  }
  for (const control of form.elements) {
    if (!control.name || NOT_WRITTEN.has(control.name)) continue;
    const values = fields.filter(([name]) => name === control.name).map(([, value]) => value);
    if (control.type === "checkbox") control.checked = values.includes(control.value);
    else if (values.length) control.value = values[0];
  }
  form.elements.text.dispatchEvent(new InputEvent("input", { bubbles: true }));
}

/** Somebody who signs out leaves no writing behind on this device. */
export function watchSigningOut() {
  document.addEventListener("submit", ({ target }) => {
    if (!target.matches('form[action$="/sign-out"], form[action$="/me/sessions/end"]')) return;
    const clear = () => {
      const mine = `${PREFIX}${localStorage.getItem(WHO)}.`;
      Object.keys(localStorage).filter((key) => key.startsWith(mine)).forEach((key) => localStorage.removeItem(key));
    };
    addEventListener("pagehide", clear, { once: true });
    document.addEventListener("input", () => removeEventListener("pagehide", clear), { once: true }); // they stayed
  });
}
