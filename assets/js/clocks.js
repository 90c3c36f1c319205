// Times: a hint with the reader's own clock where it differs from the page's zone, and countdowns that count.
import { fresh } from "./dom.js";

const root = document.documentElement;
const ownZone = Intl.DateTimeFormat().resolvedOptions().timeZone;
const UNITS = [["day", 86400], ["hour", 3600], ["minute", 60]];

/** "in 5 minutes", in the page's language. */
function relative(moment) {
  const seconds = (moment - Date.now()) / 1000;
  const [unit, size] = UNITS.find(([, length]) => Math.abs(seconds) >= length) ?? ["second", 1];
  return new Intl.RelativeTimeFormat(root.lang, { numeric: "auto" }).format(Math.round(seconds / size), unit);
}

function hint(time) {
  const own = new Intl.DateTimeFormat(root.lang, { dateStyle: "medium", timeStyle: "short", timeZone: ownZone });
  const moment = new Date(time.dateTime);
  if (Number.isNaN(moment.valueOf())) return;
  time.title = `${time.title} · ${own.format(moment)} (${ownZone})`;
}

function tick() {
  document.querySelectorAll("time[data-countdown]").forEach((time) => {
    const moment = new Date(time.dateTime);
    if (!Number.isNaN(moment.valueOf())) time.textContent = relative(moment);
  });
}

export function watchClocks(part) {
  const pageZone = root.dataset.zone;
  if (pageZone && pageZone !== ownZone) fresh(part, "time[data-local][datetime]").forEach(hint);
  if (part.querySelector("time[data-countdown]")) tick();
}

setInterval(tick, 15000);
