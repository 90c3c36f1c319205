// Reviewing by keyboard and by hand: opened details take the focus, Escape closes them, marked words become a quote.
const QUOTABLE = "[data-quotable]";
const LONGEST = 500;

function openDetails(details) {
  details.open = true;
  details.querySelector("textarea")?.focus();
}

/** What is marked in the text as it stands now: its words, and how many characters come before them. */
function marked() {
  const selection = getSelection();
  if (!selection?.rangeCount || selection.isCollapsed) return null;
  const range = selection.getRangeAt(0);
  const text = [...document.querySelectorAll(QUOTABLE)].find((each) => each.contains(range.startContainer));
  if (!text?.contains(range.endContainer)) return null;
  const before = document.createRange();
  before.setStart(text, 0);
  before.setEnd(range.startContainer, range.startOffset);
  const words = plain(range);
  return words.trim() && words.length <= LONGEST ? { words, at: [...plain(before)].length, post: text.dataset.quotable } : null;
}

/** The words of a range without those that were taken out. */
function plain(range) {
  const part = range.cloneContents();
  part.querySelectorAll("del").forEach((gone) => gone.remove());
  return range.commonAncestorContainer.parentElement?.closest("del") ? "" : part.textContent;
}

let last = null;

function remember() {
  const found = marked();
  const button = document.querySelector("[data-quote-marked]");
  if (found) last = found;
  if (button) button.hidden = !found;
}

function quote() {
  const form = document.querySelector("form[data-said]");
  if (!form || !last) return;
  form.elements.quote.value = last.words.trim();
  form.elements.quote_at.value = last.at;
  if (last.post && form.elements.post_id) form.elements.post_id.value = last.post;
  form.elements.text.focus();
}

export function watchReviewing() {
  document.addEventListener("toggle", ({ target }) => target.open && target.matches?.("[data-focus-inside]") && openDetails(target), { capture: true });
  document.addEventListener("selectionchange", remember);
  // Pressing the button must not unmark the words it is about.
  document.addEventListener("mousedown", (event) => event.target.closest?.("[data-quote-marked]") && event.preventDefault());
  document.addEventListener("click", (event) => {
    const opener = event.target.closest?.("[data-open-details]");
    if (opener) {
      event.preventDefault();
      openDetails(document.getElementById(opener.dataset.openDetails));
    }
    if (event.target.closest?.("[data-quote-marked]")) quote();
  });
  document.addEventListener("keydown", (event) => {
    const details = event.key === "Escape" && !event.isComposing && event.target.closest?.("[data-focus-inside][open]");
    if (!details) return;
    details.open = false;
    details.querySelector("summary").focus();
  });
}
