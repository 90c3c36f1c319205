// A session that ran out while somebody wrote: they sign in again in another tab, and this page goes on.
import { adoptToken } from "./csrf.js";

const SIGNED_IN = "publisher.signed-in";

/** Whether this page may still save: "in" (with a fresh token), "out", "other" (somebody else is), "offline".
 * A page that was made for nobody in particular asks without a person. */
export async function renew({ sessionUrl, person }) {
  try {
    const response = await fetch(sessionUrl, { credentials: "same-origin" });
    if (response.status >= 500) return "offline";
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const who = page.querySelector("[data-signed-in]")?.dataset.signedIn;
    if (!response.ok || !who) return "out";
    if (person && who !== person) return "other";
    adoptToken(page);
    return "in";
  } catch {
    return "offline";
  }
}

/** What `request` answers; asked once more where its page's session has ended and its writer is signed in again. */
export async function onceMore(request, page) {
  const answer = await request();
  const ended = answer.status === 400 || answer.status === 401;
  return ended && page.sessionUrl && (await renew(page)) === "in" ? request() : answer;
}

/** Call `goOn` when somebody may have signed in elsewhere. */
export function watchSigningIn(goOn) {
  addEventListener("storage", ({ key }) => key === SIGNED_IN && goOn());
  addEventListener("focus", goOn);
}

export function tellOtherTabs() {
  if (document.querySelector("[data-signed-in]")) localStorage.setItem(SIGNED_IN, String(Date.now()));
}
