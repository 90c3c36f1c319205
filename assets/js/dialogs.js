// <dialog>s: opened by data-open-dialog="ID" (on a link, the link's page is the way without a script), and data-confirm.
function show(dialog) {
  dialog.showModal();
  dialog.querySelector("[autofocus]")?.focus();
}

function button(label, className, value) {
  const element = document.createElement("button");
  element.value = value;
  element.className = `btn ${className}`;
  element.textContent = label;
  return element;
}

/** Ask before a form that cannot be undone is sent; answers true for yes. */
function ask({ confirm: question, confirmYes, confirmNo }) {
  const dialog = document.createElement("dialog");
  dialog.className = "dialog dialog-confirm";
  dialog.setAttribute("aria-label", question);
  const form = document.createElement("form");
  form.method = "dialog";
  const words = document.createElement("p");
  words.textContent = question;
  const buttons = document.createElement("div");
  buttons.className = "buttons";
  const keep = button(confirmNo, "btn-secondary", "no");
  keep.autofocus = true;
  buttons.append(button(confirmYes, "btn-danger", "yes"), keep);
  form.append(words, buttons);
  dialog.append(form);
  document.body.append(dialog);
  show(dialog);
  return new Promise((resolve) =>
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    }),
  );
}

function askFirst(event) {
  const form = event.target;
  if (!form.dataset?.confirm || form.dataset.confirmed) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  const { submitter } = event;
  ask(form.dataset).then((yes) => {
    if (!yes) return submitter?.focus();
    form.dataset.confirmed = "yes";
    form.requestSubmit(submitter);
    delete form.dataset.confirmed;
  });
}

export function watchDialogs() {
  document.addEventListener("submit", askFirst, { capture: true });
  document.addEventListener("click", (event) => {
    const opener = event.target.closest?.("[data-open-dialog]");
    const dialog = opener && document.getElementById(opener.dataset.openDialog);
    if (dialog && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      opener.closest("details.menu")?.removeAttribute("open");
      show(dialog);
    }
    if (event.target.closest?.("[data-close-dialog]")) event.target.closest("dialog")?.close();
    if (event.target instanceof HTMLDialogElement) event.target.close();
  });
}
