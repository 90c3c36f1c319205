// The public blog's only script: a YouTube player loads when its button is pressed, and not before.
const VIDEO_ID = /^[A-Za-z0-9_-]{11}$/;

function player(id, title) {
  const frame = document.createElement("iframe");
  frame.src = `https://www.youtube-nocookie.com/embed/${id}?autoplay=1`;
  frame.title = title;
  frame.allow = "autoplay; encrypted-media; picture-in-picture; fullscreen";
  frame.referrerPolicy = "strict-origin-when-cross-origin";
  return frame;
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-youtube]");
  if (!button || !VIDEO_ID.test(button.dataset.youtube)) return;
  const frame = player(button.dataset.youtube, button.getAttribute("aria-label") || button.textContent.trim());
  const figure = button.closest("figure");
  figure?.classList.add("is-playing");
  button.replaceWith(frame);
  frame.focus();
});

// What scrolls sideways can be scrolled by keyboard.
for (const box of document.querySelectorAll(".article-body :is(pre, table)")) {
  if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
}
