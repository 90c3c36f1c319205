// Menus are <details class="menu">: they open without a script; this closes them like people expect.
const opened = () => document.querySelectorAll("details.menu[open]");

export function watchMenus() {
  document.addEventListener("click", ({ target }) => {
    opened().forEach((menu) => menu.contains(target) || menu.removeAttribute("open"));
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    opened().forEach((menu) => {
      menu.removeAttribute("open");
      if (menu.contains(document.activeElement)) menu.querySelector("summary")?.focus();
    });
  });
  document.addEventListener("focusin", ({ target }) => {
    opened().forEach((menu) => menu.contains(target) || menu.removeAttribute("open"));
  });
}
