// Parts of a page that keep themselves fresh: asked for again while somebody looks, put in place when something changed.
import { announce, fresh, isWriting } from "./dom.js";

const SLOWEST_MS = 60000;
const parts = new Set();

/** Somebody is in the midst of something here: what they type, open or drag is worth more than news. */
function isBusy(part) {
  const active = document.activeElement;
  if (part.contains(active) && isWriting(active)) return true;
  if (part.querySelector("details.menu[open], dialog[open], .is-chosen, [aria-busy=true], .field-errors")) return true;
  const selection = getSelection();
  if (selection && !selection.isCollapsed && part.contains(selection.anchorNode)) return true;
  return [...part.querySelectorAll("input:not([type=hidden]), textarea")].some(
    (field) => field.checked !== field.defaultChecked || field.value !== field.defaultValue,
  );
}

/** How to find the same link or button again in what the server sends: what it says may have changed, where it leads not. */
function nameOf(element) {
  const place = [element.id, element.getAttribute("href"), element.closest("[data-post-id]")?.dataset.postId].filter(Boolean);
  return [element.tagName, ...(place.length ? place : [element.textContent.trim()])].join("|");
}

function refocus(part, name, index) {
  const found = [...part.querySelectorAll("a[href], button, summary, [tabindex]")].filter((element) => nameOf(element) === name);
  (found[index] ?? found[0])?.focus({ preventScroll: true });
}

/** Put the new part in place; focus and what was unfolded stay. What `data-say` says anew is spoken. */
function place(part, html) {
  const active = part.contains(document.activeElement) ? document.activeElement : null;
  const name = active && nameOf(active);
  const same = name ? [...part.querySelectorAll(active.tagName)].filter((element) => nameOf(element) === name).indexOf(active) : 0;
  const before = [...part.querySelectorAll("details")];
  const named = new Set(before.filter(({ id, open }) => id && open).map(({ id }) => id));
  const said = part.querySelector("[data-say-news]")?.dataset.sayNews;
  part.innerHTML = html;
  const folds = part.querySelectorAll("details");
  folds.forEach((fold, at) => (fold.open ||= fold.id ? named.has(fold.id) : folds.length === before.length && before[at].open));
  part.dispatchEvent(new CustomEvent("publisher:swapped", { bubbles: true }));
  if (name) refocus(part, name, same);
  const news = part.querySelector("[data-say-news]")?.dataset.sayNews;
  if (news && news !== said) announce(news);
}

/** One answer for several places: each goes where its name is. Answers whether somebody was in the midst of one. */
function placeEach(html) {
  const news = new DOMParser().parseFromString(html, "text/html");
  let left = false;
  for (const next of news.querySelectorAll("[data-live]")) {
    for (const part of document.querySelectorAll(`[data-live="${CSS.escape(next.dataset.live)}"]`)) {
      if (part.innerHTML.trim() === next.innerHTML.trim()) continue;
      if (part.closest("details.menu[open]:not(.menu-up)") || isBusy(part)) left = true;
      else place(part, next.innerHTML);
    }
  }
  const unread = Number(news.querySelector("[data-unread]")?.dataset.unread ?? NaN);
  if (unread >= 0) document.title = (unread ? `(${unread}) ` : "") + document.title.replace(/^\(\d+\) /, "");
  return left;
}

async function look(state) {
  const { part } = state;
  if (isBusy(part)) return;
  const { turn } = state;
  const response = await fetch(part.dataset.refresh, {
    headers: { "If-None-Match": `"${state.tag}"`, "X-Requested-With": "fetch" },
    credentials: "same-origin",
    redirect: "manual",
  });
  state.over = response.type === "opaqueredirect" || [401, 403, 404].includes(response.status);
  if (state.over || response.status === 304) return;
  if (!response.ok) throw new Error(`${response.status}`);
  const html = await response.text();
  if (turn !== state.turn || isBusy(part)) return; // somebody acted meanwhile: what was asked for is old
  const left = "refreshParts" in part.dataset ? placeEach(html) : place(part, html);
  state.tag = left ? "" : (response.headers.get("ETag") ?? "").replace(/^W\/|"/g, "");
}

/** Look, and again after a while; less often while the server cannot be reached. */
async function goOn(state) {
  clearTimeout(state.timer);
  if (document.hidden || state.over || state.looking || !state.part.isConnected) return;
  state.looking = true;
  try {
    await look(state);
    state.wait = state.every;
  } catch {
    state.wait = Math.min(state.wait * 2, SLOWEST_MS);
  } finally {
    state.looking = false;
  }
  state.timer = setTimeout(() => goOn(state), state.wait);
}

function begin(part) {
  const every = Number(part.dataset.refreshEvery) * 1000;
  const state = { part, every, wait: every, tag: part.dataset.refreshTag ?? "", turn: 0 };
  parts.add(state);
  part.addEventListener("publisher:swapped", ({ target }) => target !== part && state.turn++);
  state.timer = setTimeout(() => goOn(state), every);
}

export function watchRefreshing(root) {
  fresh(root, "[data-refresh]").forEach(begin);
}

document.addEventListener("visibilitychange", () => parts.forEach((state) => void goOn(state)));
