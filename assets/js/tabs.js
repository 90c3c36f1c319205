// Tabs from links to sections: [data-tabs] holds a.tab[href="#id"]s and the sections. Without a script all sections show.
import { fresh } from "./dom.js";

function select(tabs, chosen, { focus = false, remember = true } = {}) {
  for (const tab of tabs) {
    const on = tab === chosen;
    tab.setAttribute("aria-selected", String(on));
    tab.tabIndex = on ? 0 : -1;
    document.getElementById(tab.hash.slice(1)).hidden = !on;
  }
  if (focus) chosen.focus();
  if (remember) history.replaceState(history.state, "", chosen.hash);
}

function onKey(event, tabs) {
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  const at = tabs.indexOf(event.currentTarget);
  const next = event.key === "Home" ? 0 : event.key === "End" ? tabs.length - 1 : (at + step + tabs.length) % tabs.length;
  if (Number.isNaN(next) || event.altKey || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  select(tabs, tabs[next], { focus: true });
}

function dress(box) {
  const tabs = [...box.querySelectorAll("a.tab")].filter((tab) => document.getElementById(tab.hash.slice(1)));
  if (!tabs.length) return;
  const list = tabs[0].closest("ul, nav, div");
  list.setAttribute("role", "tablist");
  list.querySelectorAll("li").forEach((item) => item.setAttribute("role", "presentation"));
  for (const tab of tabs) {
    const panel = document.getElementById(tab.hash.slice(1));
    tab.id ||= `tab-${panel.id}`;
    tab.setAttribute("role", "tab");
    tab.setAttribute("aria-controls", panel.id);
    panel.setAttribute("role", "tabpanel");
    panel.setAttribute("aria-labelledby", tab.id);
    tab.addEventListener("click", (event) => {
      event.preventDefault();
      select(tabs, tab);
    });
    tab.addEventListener("keydown", (event) => onKey(event, tabs));
  }
  const wanted = tabs.find((tab) => tab.hash === location.hash)
    ?? tabs.find((tab) => document.getElementById(tab.hash.slice(1)).querySelector("[aria-invalid]"))
    ?? tabs.find((tab) => tab.hasAttribute("aria-current")) ?? tabs[0];
  select(tabs, wanted, { remember: false });
}

export function watchTabs(root) {
  fresh(root, "[data-tabs]").forEach(dress);
}
