// Choosing a time: what speaks against it is said while it is chosen, and the next free slot fills the fields in.

const WAIT = 350;
let timer = 0;
let newest = 0;

const fieldsOf = ({ elements }) => ({ day: elements.day ?? elements.date, time: elements.time, zone: elements.zone });

/** Ask the server about the time that the form shows now; an older answer never replaces a newer one. */
async function advise(form) {
  const { day, time, zone } = fieldsOf(form);
  const into = form.querySelector("[data-plan-notes]");
  if (!into || !day.value || !time.value) return into?.replaceChildren();
  const address = new URL(form.dataset.plan, location.href);
  for (const [name, value] of Object.entries({ day: day.value, time: time.value, zone: zone.value })) address.searchParams.set(name, value);
  const mine = ++newest;
  try {
    const response = await fetch(address);
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const notes = page.querySelector("[data-plan-notes]");
    if (mine === newest && notes) into.replaceChildren(...document.importNode(notes, true).childNodes);
  } catch {
    into.replaceChildren(); // offline: nothing is known of that time, and moving will say so
  }
}

function fill(field, value) {
  if (field.options && ![...field.options].some((option) => option.value === value)) field.add(new Option(value, value));
  field.value = value;
  for (const type of ["input", "change"]) field.dispatchEvent(new Event(type, { bubbles: true }));
}

document.addEventListener("input", ({ target }) => {
  const form = target.form;
  if (!form?.dataset.plan || !Object.values(fieldsOf(form)).includes(target)) return;
  clearTimeout(timer);
  timer = setTimeout(() => void advise(form), WAIT);
});

document.addEventListener("click", (event) => {
  const offer = event.target.closest?.("[data-fill-when]");
  const form = offer?.closest("form");
  if (!form || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const { day, time, zone } = fieldsOf(form);
  fill(zone, offer.dataset.zone);
  fill(time, offer.dataset.time);
  fill(day, offer.dataset.day);
  day.focus();
});
