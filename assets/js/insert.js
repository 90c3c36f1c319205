// Chips that write into a field: data-insert="{blog}" puts that where the cursor of data-insert-into="#id" stands.
const isWord = (char) => char !== undefined && !/\s/.test(char);

function insert(field, sign) {
  const { selectionStart: start, selectionEnd: end, value } = field;
  const before = isWord(value[start - 1]) ? " " : "";
  const after = isWord(value[end]) ? " " : "";
  field.focus();
  // execCommand keeps the browser's undo; setRangeText is the way where it is gone.
  if (!document.execCommand?.("insertText", false, before + sign + after)) {
    field.setRangeText(before + sign + after, start, end, "end");
    field.dispatchEvent(new InputEvent("input", { bubbles: true }));
  }
}

export function watchInserting() {
  document.addEventListener("click", ({ target }) => {
    const chip = target.closest?.("[data-insert]");
    const field = chip && document.querySelector(chip.dataset.insertInto);
    if (field) insert(field, chip.dataset.insert);
  });
}
