"""What axe cannot see: pages at twice their size, in the reader's own colours, at rest, aloud, unscripted.

Every page is also held to 320 px, and to axe's rules, by test_accessibility.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import FilePayload, Page, ViewportSize, expect

from publisher import clock
from publisher.accounts import service as accounts
from publisher.deliveries import service as deliveries
from publisher.feeds import service as feeds
from publisher.stories import comments
from publisher.stories import service as stories
from publisher.stories.rules import Draft
from tests.journeys.conftest import Site
from tests.plugins.app import Cast
from tests.plugins.pictures import picture

pytestmark = pytest.mark.browser

Say = Callable[..., str]
DESKTOP: ViewportSize = {"width": 1280, "height": 900}
ZOOMED: ViewportSize = {"width": 640, "height": 450}
"""What is left of a desktop's window when its reader zooms to 200 %."""
COVERED = 0.5
"""How much of a zoomed window bars that stay may cover at most."""
SPOKEN = {
    *("button", "link", "textbox", "searchbox", "combobox", "checkbox", "radio", "spinbutton"),
    *("listbox", "DisclosureTriangle", "tab", "switch", "slider", "img", "image", "dialog", "Date"),
}
"""What a screen reader announces by its name."""
LANDMARKS = {"banner", "main", "contentinfo", "navigation", "search"}

TOO_WIDE = """
document.documentElement.scrollWidth <= innerWidth ? [] : [...document.querySelectorAll("body *")]
  .filter((part) => part.checkVisibility() && part.getBoundingClientRect().right > innerWidth + 1)
  .map((part) => part.outerHTML.slice(0, 120))
"""
BARS = """
[...document.querySelectorAll("body *")]
  .filter((bar) => ["fixed", "sticky"].includes(getComputedStyle(bar).position) && bar.checkVisibility())
  .map((bar) => bar.getBoundingClientRect())
  .filter((box) => box.width > innerWidth / 2 && box.bottom > 0 && box.top < innerHeight)
  .reduce((sum, box) => sum + Math.min(box.bottom, innerHeight) - Math.max(box.top, 0), 0) / innerHeight
"""
MOVING = """
[...document.querySelectorAll("body *")].filter((part) => {
  const style = getComputedStyle(part);
  const lasts = (list) => list.split(",").some((time) => parseFloat(time) > 0.01);
  const runs = style.animationName !== "none" && lasts(style.animationDuration);
  return runs || lasts(style.transitionDuration);
}).map((part) => part.outerHTML.slice(0, 120))
"""
UNMARKED_FOCUS = """
[...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex='0']")]
  .filter((part) => part.checkVisibility({ visibilityProperty: true }) && !part.disabled)
  .filter((part) => {
    part.focus({ preventScroll: true });
    if (document.activeElement !== part) return false;
    const around = [part, part.parentElement, part.parentElement.parentElement];
    return !around.some((each) => {
      const style = getComputedStyle(each);
      return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
    });
  }).map((part) => part.outerHTML.slice(0, 120))
"""
UNSEEN = """
[...document.querySelectorAll(".status, .btn, .btn-quiet")].filter((part) => {
  if (!part.checkVisibility()) return false;
  const bare = parseFloat(getComputedStyle(part).borderTopWidth) < 1;
  return bare || (part.matches(".status") && !part.innerText.trim());
}).map((part) => part.outerHTML.slice(0, 120))
"""
PRESENT_PLACE = """
(() => {
  const shown = ["color", "backgroundColor", "borderLeftWidth", "outlineStyle", "textDecorationLine"];
  const look = (which) => {
    const style = getComputedStyle(document.querySelector(`.sidenav a${which}`));
    return shown.map((property) => style[property]).join();
  };
  const marked = document.querySelector(".sidenav a[aria-current]");
  return !marked || look("[aria-current]") !== look(":not([aria-current])");
})()
"""


@pytest.fixture
def main_pages(site: Site, cast: Cast) -> dict[str, str]:
    """A desk at work: one story out, one to be reviewed, one planned. Name of each page to its address."""
    room = site.newsroom
    out, waiting, planned = (
        room.approve(room.story()),
        room.story(),
        room.story("page", page=Draft(text="긴 소식")),
    )
    revisions = {post.id: post.revision for post in planned.posts}
    due = clock.now() + timedelta(days=2)
    deliveries.approve_story(cast.rui, planned, revisions, due, "Asia/Seoul")
    comments.comment(cast.rui, waiting, "출처를 적어 주세요.", waiting.posts[0])
    feeds.make(cast.rui, "편집 달력", {}, "full", "ko")
    site.wait_until(lambda: set(room.statuses(out).values()) == {"published"})
    month = due + timedelta(hours=9)
    return {
        "today": "/",
        "month": f"/calendar/{month:%Y/%-m}",
        "week": f"/calendar/week?day={month:%Y-%m-%d}",
        "list": "/calendar/list",
        "stories": "/stories",
        "story": f"/stories/{waiting.id}",
        "review": "/review",
        "decision": f"/review/{waiting.posts[0].id}",
        "delivery": f"/posts/{room.post(out, 'x').id}/deliveries",
        "attention": "/attention",
        "images": "/media",
        "feeds": "/feeds",
        "profile": "/me",
        "article": room.post(out, "blog").url,
    }


def sizes(page: Page) -> Iterator[str]:
    """Zoomed to 200 %, and with letters of twice the size: nothing to scroll sideways, room to read."""
    page.set_viewport_size(ZOOMED)
    if wide := page.evaluate(TOO_WIDE):
        yield f"too wide at 200 %: {wide[:4]}"
    if (covered := page.evaluate(BARS)) > COVERED:
        yield f"bars cover {covered:.0%} of the window at 200 %"
    page.set_viewport_size(DESKTOP)
    _letters(page, 32)
    if wide := page.evaluate(TOO_WIDE):
        yield f"too wide with large letters: {wide[:6]}"
    _letters(page, 16)


def _letters(page: Page, size: int) -> None:
    """What the reader chose in the browser's settings, in pixels."""
    link = page.context.new_cdp_session(page)
    link.send("Page.setFontSizes", {"fontSizes": {"standard": size, "fixed": size * 13 // 16}})
    link.detach()


def colours(page: Page) -> Iterator[str]:
    """In forced colours focus, statuses, buttons and the present place can be told apart."""
    page.emulate_media(forced_colors="active")
    page.keyboard.press("Tab")
    yield from (f"no mark of focus on {part}" for part in page.evaluate(UNMARKED_FOCUS))
    yield from (f"not seen in forced colours: {part}" for part in page.evaluate(UNSEEN))
    if not page.evaluate(PRESENT_PLACE):
        yield "the present place is not marked in forced colours"
    page.emulate_media(forced_colors="none")


def names(page: Page) -> Iterator[str]:
    """What a screen reader would say: each control by a name, each region by its landmark."""
    tree = page.context.new_cdp_session(page).send("Accessibility.getFullAXTree")["nodes"]
    spoken = [node for node in tree if not node["ignored"]]
    roles = {role(node) for node in spoken}
    for node in spoken:
        if role(node) in SPOKEN and not name(node):
            yield f"a {role(node)} without a name: {node.get('properties')}"
    if missing := LANDMARKS - roles - ({"search"} if "/blog/" in page.url else set()):
        yield f"no landmark {sorted(missing)}"


def role(node: dict[str, Any]) -> str:
    return str(node["role"]["value"])


def name(node: dict[str, Any]) -> str:
    return str(node.get("name", {}).get("value", "")).strip()


@pytest.mark.timeout(240)
@pytest.mark.parametrize("language", ["en", "ko"])
def test_main_pages_serve_whoever_reads_otherwise(
    enter: Callable[..., Page],
    cast: Cast,
    speak: Callable[..., Say],
    main_pages: dict[str, str],
    language: str,
) -> None:
    speak(language, cast.rui)
    rui = enter(cast.rui, viewport=DESKTOP)
    wrong: list[str] = []
    for title, address in main_pages.items():
        rui.goto(address)
        faults = [*names(rui), *sizes(rui)]
        if language == "ko":  # nothing about colours and motion is a matter of words
            faults += [*colours(rui), *(f"moves: {part}" for part in rui.evaluate(MOVING))]
        wrong += [f"{title}: {fault}" for fault in faults]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_the_longest_short_name_leaves_room_for_its_account(
    enter: Callable[..., Page], cast: Cast, site: Site, width: int
) -> None:
    credentials = {"page_id": "1", "page_token": "page-token-1"}
    longest = accounts.connect(
        None, kind="facebook", slug="a" * 60, label="Facebook 한빛 솔루션", credentials=credentials
    )
    story = site.newsroom.story("blog")
    stories.add_post(cast.ana, story, longest, Draft(text="가"))
    ana = enter(cast.ana, viewport={"width": width, "height": 800})
    ana.goto(f"/stories/{story.id}")
    box = ana.locator(".crosslink-row .chip").first.bounding_box()
    assert box
    assert box["width"] >= 120
    assert ana.evaluate(TOO_WIDE) == []


def test_the_other_verbs_work_without_scripts(
    enter: Callable[..., Page], site: Site, cast: Cast
) -> None:
    waiting = site.newsroom.story("blog")
    rui, ana = (enter(who, java_script_enabled=False) for who in (cast.rui, cast.ana))

    rui.goto(f"/review/{waiting.posts[0].id}")
    rui.locator("#send-back summary").click()
    rui.locator("#send-back textarea").fill("출처를 적어 주세요.")
    rui.get_by_role("button", name="Send back").click()
    ana.goto(f"/stories/{waiting.id}")
    expect(ana.locator("#comments")).to_contain_text("출처를 적어 주세요.")

    ana.goto("/media")
    upload = ana.get_by_role("region", name="Add pictures")
    file: FilePayload = {"name": "line.png", "mimeType": "image/png", "buffer": picture()}
    upload.locator("input[type=file]").set_input_files([file])
    upload.get_by_role("textbox").fill("생산 라인")
    upload.get_by_role("button", name="Upload").click()
    expect(ana.locator(".media-grid img")).to_have_attribute("alt", "생산 라인")

    ana.goto("/feeds")
    ana.get_by_label("Name").fill("편집 달력")
    ana.get_by_role("button", name="Make the feed").click()
    expect(ana.locator("#feed-url")).to_have_value(re.compile("/ical/.+"))

    rui.goto("/accounts")
    panel = rui.locator("#hold")
    panel.get_by_role("textbox").fill("숫자가 틀렸습니다.")
    panel.get_by_role("button", name="Hold").click()
    ana.goto("/stories")
    expect(ana.locator(".banner-danger")).to_contain_text("숫자가 틀렸습니다.")
    rui.goto("/accounts")
    rui.locator("#hold").get_by_role("button", name="Release").click()
    ana.reload()
    expect(ana.locator(".banner-danger")).to_have_count(0)
