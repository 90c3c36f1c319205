// Pictures by paste, drop or button: asked what they show, sent with their progress, put into the post or its text.
import { token } from "./csrf.js";
import { onceMore } from "./session.js";

const dialog = () => document.getElementById("add-picture");
const waiting = [];
let sending = null;

/** Put a picture that the library has into the form's list; its alternative text may still be changed there. */
export function addPicture(form, { picture, thumb, width, height }, alt = "") {
  const row = form.querySelector("template[data-picture-row]").content.firstElementChild.cloneNode(true);
  Object.assign(row.dataset, { picture, thumb, width, height });
  row.querySelectorAll("img").forEach((img) => Object.assign(img, { src: thumb, width, height }));
  const box = row.querySelector("[name=media]");
  const words = row.querySelector("input:not([type=checkbox])");
  const id = `${form.elements.text.id}-media-${picture}`;
  Object.assign(box, { id, value: picture, checked: true });
  const prefix = form.elements.text.id.replace(/text$/, ""); // problems lead to the words by this name
  Object.assign(words, { id: `${prefix}media-${picture}-alt`, name: `alt-${picture}`, value: alt });
  const [first, second] = row.querySelectorAll("label");
  first.htmlFor = words.id;
  second.htmlFor = id;
  for (const control of row.querySelectorAll("[data-part]")) {
    const { part } = control.dataset;
    Object.assign(control, { id: `${id}-${part}`, name: `${part}-${picture}` });
    row.querySelector(`[data-for="${part}"]`).htmlFor = control.id;
  }
  form.querySelector("[data-pictures]").append(row);
  return words;
}

/** POST with progress, which fetch does not tell. Answers {status, answer}. */
export function send(url, file, alt, onProgress) {
  const request = (sending = new XMLHttpRequest());
  const body = new FormData();
  body.append("file", file, file.name || "picture.png");
  body.append("alt", alt);
  request.open("POST", url);
  request.setRequestHeader("Accept", "application/json");
  request.setRequestHeader("X-CSRFToken", token());
  request.upload.addEventListener("progress", ({ loaded, total }) => onProgress(total ? loaded / total : 0));
  return new Promise((resolve) => {
    request.addEventListener("loadend", () => {
      sending = null;
      let answer = {};
      try {
        answer = JSON.parse(request.responseText);
      } catch {
        answer = {};
      }
      resolve({ status: request.status, answer });
    });
    request.send(body);
  });
}

/** Where the text is Markdown and the picture came into the text, it becomes part of it; else it goes to the list. */
function place({ form, area, caret }, { id, thumb, width, height, markdown }, alt) {
  if (area && form.querySelector("markdown-toolbar")) {
    area.focus();
    area.setSelectionRange(...caret);
    if (!document.execCommand?.("insertText", false, markdown)) {
      area.setRangeText(markdown, area.selectionStart, area.selectionEnd, "end");
      area.dispatchEvent(new InputEvent("input", { bubbles: true }));
    }
    return;
  }
  const words = addPicture(form, { picture: id, thumb, width, height }, alt);
  words.dispatchEvent(new InputEvent("input", { bubbles: true }));
  words.focus();
}

function problem(sentence) {
  const line = dialog().querySelector("[data-problem]");
  line.textContent = sentence;
  line.hidden = !sentence;
}

async function add(event) {
  event.preventDefault();
  const task = waiting[0];
  if (!task || sending) return;
  const { dataset, elements } = event.target;
  const bar = dialog().querySelector("progress");
  problem("");
  bar.hidden = false;
  bar.value = 0;
  const ask = () => send(task.form.dataset.uploadUrl, task.file, elements.alt.value, (done) => (bar.value = done));
  const { status, answer } = await onceMore(ask, task.form.dataset);
  bar.hidden = true;
  if (!dialog().open || waiting[0] !== task) return;
  if (status === 400 || status === 401) return problem(dataset.sayOut);
  if (status !== 201) return problem(answer.title ?? dataset.sayFailed);
  dialog().close("added");
  place(task, answer, elements.alt.value);
}

/** Ask about the next picture, one after the other. */
function next() {
  const box = dialog();
  if (!waiting.length || box.open) return;
  const form = box.querySelector("form");
  form.reset();
  problem("");
  box.querySelector("[data-file]").textContent = waiting[0].file.name;
  const shown = box.querySelector("img");
  shown.hidden = false;
  shown.src = URL.createObjectURL(waiting[0].file);
  box.returnValue = "";
  box.showModal();
  form.elements.alt.focus();
}

function take(form, files, area = null) {
  const caret = area && [area.selectionStart, area.selectionEnd];
  waiting.push(...files.map((file) => ({ form, file, area, caret })));
  next();
}

function onClose(event) {
  if (event.target !== dialog()) return;
  sending?.abort();
  URL.revokeObjectURL(event.target.querySelector("img").src);
  const { area, caret } = waiting.shift() ?? {};
  if (event.target.returnValue !== "added") area?.setSelectionRange(...caret); // a closing dialog loses it
  setTimeout(next);
}

/** What this browser cannot show is hardly a picture; it may be sent all the same: the server has the last word. */
function onUnshown({ target }) {
  target.hidden = true;
  if (dialog().open) problem(target.closest("form").dataset.sayUnread);
}

/** Office programs put a picture of the text beside the text: then the text is meant. Finder puts the file's name. */
function hasText(carried, files) {
  const page = new DOMParser().parseFromString(carried.getData("text/html"), "text/html");
  const text = (carried.getData("text/plain") || page.body.textContent).trim();
  return text !== "" && text !== files.map(({ name }) => name).join("\n");
}

const formOf = ({ target }) => target.closest?.("form[data-draft]");
const areaOf = ({ target }) => target.closest?.("textarea[name=text]");

function onDrop(event) {
  const form = formOf(event);
  if (!form || !event.dataTransfer?.types.includes("Files")) return;
  event.preventDefault();
  form.classList.toggle("is-target", event.type === "dragover");
  if (event.type === "drop") take(form, [...event.dataTransfer.files], areaOf(event));
}

export function watchPictures() {
  if (!dialog()) return;
  dialog().querySelector("form").addEventListener("submit", add);
  dialog().querySelector("img").addEventListener("error", onUnshown);
  document.addEventListener("close", onClose, { capture: true });
  ["dragover", "dragleave", "drop"].forEach((type) => document.addEventListener(type, onDrop));
  document.addEventListener("paste", (event) => {
    const form = formOf(event);
    const files = form ? [...(event.clipboardData?.files ?? [])] : [];
    if (!files.length || hasText(event.clipboardData, files)) return;
    event.preventDefault();
    take(form, files, areaOf(event));
  });
  document.addEventListener("change", (event) => {
    const form = formOf(event);
    if (!form || event.target.name !== "picture") return;
    take(form, [...event.target.files]);
    event.target.value = "";
  });
}
