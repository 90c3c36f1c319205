"""What journeys at the desk share: where the text is, what is said of it, what is kept of it."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Locator, Page

from publisher.extensions import db
from publisher.stories.models import Post

SAVED = re.compile(r"Saved \d\d:\d\d")
Enter = Callable[..., Page]


def desk(page: Page, post: Post) -> Locator:
    """Open the post's story; answers the field of its text."""
    page.goto(f"/stories/{post.story_id}")
    return page.locator(f"#p{post.id}-text")


def state(page: Page) -> Locator:
    return page.locator("[data-draft-state]")


def texts(post: Post) -> list[str]:
    """What stands in each revision, the oldest first."""
    db.session.rollback()
    return [revision.text for revision in post.revisions]


def kept(page: Page) -> int:
    """How many copies this browser keeps."""
    return len(copies(page))


def copies(page: Page) -> list[str]:
    """What this browser has on its disk of what was typed, as JSON."""
    found: list[str] = page.evaluate(
        """async () => {
          const { promise, resolve } = Promise.withResolvers();
          const door = indexedDB.open("publisher", 1);
          door.onupgradeneeded = () => door.result.createObjectStore("copies");
          door.onsuccess = () => resolve(door.result);
          const db = await promise;
          const asked = db.transaction("copies").objectStore("copies").getAll();
          await new Promise((done) => (asked.onsuccess = done));
          db.close();
          return asked.result.map((copy) => JSON.stringify(copy));
        }"""
    )
    return found


def offered(page: Page) -> Locator:
    return page.locator(".restore:not([hidden])")


def give(
    page: Page,
    kind: str,
    data: bytes,
    *,
    name: str = "a.png",
    mime: str = "image/png",
    beside: dict[str, str] | None = None,
) -> None:
    """Paste or drop a file into the field that has the focus, with what else is carried `beside` it."""
    page.evaluate(
        """([kind, bytes, name, type, beside]) => {
          const carried = new DataTransfer();
          carried.items.add(new File([new Uint8Array(bytes)], name, { type }));
          Object.entries(beside).forEach(([kind, text]) => carried.setData(kind, text));
          const event = kind === "paste"
            ? new ClipboardEvent("paste", { clipboardData: carried, bubbles: true, cancelable: true })
            : new DragEvent("drop", { dataTransfer: carried, bubbles: true, cancelable: true });
          document.activeElement.dispatchEvent(event);
        }""",
        [kind, list(data), name, mime, beside or {}],
    )


HANGUL_KEYS = {"KeyA": "ㅁ", "KeyB": "ㅠ", "KeyJ": "ㅓ", "KeyN": "ㅜ", "KeyR": "ㄱ", "KeyS": "ㄴ"}
CONTROL = 2


def press_hangul(page: Page, code: str, *, control: bool = False, as_ime: bool = False) -> None:
    """A key of a keyboard that is set to Hangul; some input methods only say that they are at work."""
    key = "Process" if as_ime else HANGUL_KEYS[code]
    keyboard = page.context.new_cdp_session(page)
    for kind in ("rawKeyDown", "keyUp"):
        event = {"type": kind, "key": key, "code": code, "modifiers": CONTROL if control else 0}
        keyboard.send("Input.dispatchKeyEvent", event)
    keyboard.detach()


def reach(target: Locator, most: int = 60) -> None:
    """Press Tab until `target` has the focus, as who has no pointer does; fails when it never gets it."""
    for _press in range(most):
        if target.evaluate("(element) => element === document.activeElement"):
            return
        target.page.keyboard.press("Tab")
    raise AssertionError(f"{target} cannot be reached by Tab")


def press(target: Locator, key: str = "Enter", most: int = 60) -> None:
    """Go to `target` by Tab and press a key there."""
    reach(target, most)
    target.page.keyboard.press(key)
