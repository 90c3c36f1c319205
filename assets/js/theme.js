// Runs in <head>, before the first paint: scripts are on, and "auto" follows the device.
const root = document.documentElement;
root.classList.add("js");
const dark = matchMedia("(prefers-color-scheme: dark)");

function follow() {
  if (root.dataset.theme === "auto") root.dataset.bsTheme = dark.matches ? "dark" : "light";
}

follow();
dark.addEventListener("change", follow);
