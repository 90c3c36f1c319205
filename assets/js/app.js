// The editorial app. Every page works without this file; here its links and forms become quicker.
import htmx from "htmx.org";
import "@github/markdown-toolbar-element";
import { watchDrafts, watchSaving } from "./autosave.js";
import { watchCalendar } from "./calendar.js";
import { watchClocks } from "./clocks.js";
import { watchCopying } from "./copy.js";
import { watchCounters } from "./counter.js";
import { addTokenTo } from "./csrf.js";
import { watchDialogs } from "./dialogs.js";
import { watchFocus } from "./focus.js";
import { watchForms } from "./forms.js";
import { watchGuards, watchSending } from "./guard.js";
import { watchInserting } from "./insert.js";
import { watchSigningOut } from "./leaving.js";
import { watchLibrary } from "./library.js";
import { watchMenus } from "./menus.js";
import { watchPictures } from "./pictures.js";
import { watchReviewing } from "./reviewing.js";
import { tellOtherTabs } from "./session.js";
import { watchRefreshing } from "./refresh.js";
import { watchShortcuts } from "./shortcuts.js";
import { watchTabs } from "./tabs.js";
import { watchToasts } from "./toasts.js";
import { watchUploads } from "./uploads.js";

/** Each of these looks for its own data-attributes in what was just loaded or swapped in. */
const enhancers = [watchCalendar, watchClocks, watchForms, watchGuards, watchTabs, watchDrafts, watchRefreshing];
const enhance = (part) => enhancers.forEach((watch) => watch(part));

document.addEventListener("htmx:config:request", ({ detail }) => addTokenTo(detail.ctx.request.headers));
document.addEventListener("htmx:after:swap", () => enhance(document));

/** These listen on the document once, and so need not know of swaps. */
[watchCopying, watchCounters, watchDialogs, watchFocus, watchInserting, watchLibrary, watchMenus, watchPictures, watchReviewing, watchSaving, watchSending, watchShortcuts, watchSigningOut, watchToasts, watchUploads].forEach(
  (watch) => watch(),
);
tellOtherTabs();
enhance(document);

document.addEventListener("publisher:swapped", ({ target }) => {
  htmx.process(target);
  enhance(target);
});
