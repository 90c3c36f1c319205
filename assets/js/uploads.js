// Several pictures for the library, chosen or dropped: sent one after the other, each with its own progress.
import { announce } from "./dom.js";
import { send } from "./pictures.js";
import { onceMore } from "./session.js";

/** A line for one file: its name, how far it is, and what the server says of it. */
function line(form, file) {
  const row = form.querySelector("template").content.firstElementChild.cloneNode(true);
  row.querySelector("[data-name]").textContent = file.name;
  form.querySelector("[data-files]").append(row);
  return (sentence, done) => {
    row.querySelector("progress").hidden = sentence !== "";
    row.querySelector("progress").value = done;
    row.querySelector("[data-say]").textContent = sentence;
  };
}

async function sendAll(form, files) {
  const button = form.querySelector("[type=submit]");
  if (button.disabled || !files.length) return;
  button.disabled = true;
  form.querySelector("[data-files]").replaceChildren();
  const lines = files.map((file) => line(form, file));
  const alt = files.length === 1 ? form.elements.alt.value : "";
  let refused = 0;
  for (const [at, file] of files.entries()) {
    const ask = () => send(form.action, file, alt, (done) => lines[at]("", done));
    const { status, answer } = await onceMore(ask, form.dataset);
    if (status !== 201) refused += 1;
    const out = status === 400 || status === 401;
    lines[at](status === 201 ? form.dataset.sayKept : out ? form.dataset.sayOut : (answer.title ?? form.dataset.sayFailed), 1);
  }
  button.disabled = false;
  if (!refused) return location.assign(form.action);
  form.elements.file.value = "";
  form.querySelector("[data-again]").hidden = refused === files.length;
  announce(form.querySelector("[data-files]").textContent);
}

function onDrop(event) {
  const form = document.querySelector("form[data-uploads]");
  if (!form || !event.dataTransfer?.types.includes("Files")) return;
  event.preventDefault();
  form.classList.toggle("is-target", event.type === "dragover");
  if (event.type === "drop") void sendAll(form, [...event.dataTransfer.files]);
}

export function watchUploads() {
  ["dragover", "dragleave", "drop"].forEach((type) => document.addEventListener(type, onDrop));
  document.addEventListener(
    "submit",
    (event) => {
      const form = event.target;
      if (!form.matches("form[data-uploads]") || !form.elements.file.files.length) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      void sendAll(form, [...form.elements.file.files]);
    },
    { capture: true },
  );
}
