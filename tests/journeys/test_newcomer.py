"""An employee who writes twice a year: from the link in an invitation to a story that waits for an editor."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from publisher.people import service as people
from tests.journeys.conftest import PHONE, Site
from tests.journeys.desk import press, press_hangul, reach
from tests.plugins.app import Cast
from tests.plugins.pictures import picture

pytestmark = pytest.mark.browser

TITLE = "공장 견학 첫 달"
WORDS = {
    "blog": "## 결과\n\n한 달 동안 *320명*이 다녀갔습니다.",
    "x": "공장 견학 첫 달, 320명이 다녀갔습니다.\n\n{blog}",
    "page": "무엇을 배웠을까요?\n\n{blog}",
}
HINT = "✎"
Say = Callable[..., str]


@dataclass(frozen=True)
class Newcomer:
    """In which language, on what, and whether scripts run there."""

    name: str
    language: str
    browser: dict[str, Any] = field(default_factory=dict)

    @property
    def scripts(self) -> bool:
        return bool(self.browser.get("java_script_enabled", True))

    def __str__(self) -> str:
        return self.name


WIDE = {"viewport": {"width": 1280, "height": 900}}
NEWCOMERS = [
    Newcomer("english at a desk", "en", WIDE),
    Newcomer("korean on a phone", "ko", PHONE),
    Newcomer("korean at a desk without scripts", "ko", {**WIDE, "java_script_enabled": False}),
]


@pytest.mark.parametrize("newcomer", NEWCOMERS, ids=str)
def test_a_newcomer_gets_from_the_invitation_to_a_submitted_story(
    enter: Callable[..., Page],
    site: Site,
    cast: Cast,
    speak: Callable[..., Say],
    newcomer: Newcomer,
) -> None:
    mina = people.add(cast.ada, "mina@example.com", "Mina", "author")
    say = speak(newcomer.language, mina)
    page = enter(mina, **newcomer.browser)
    expect(page.locator("html")).to_have_attribute("lang", newcomer.language)

    begin(page, say)
    for slug, words in WORDS.items():
        write(page, newcomer, say, slug, words)
    attach(panel_of(page, newcomer, "blog"), newcomer, say)
    submit(page, say)

    story = site.story(TITLE)
    assert story.owner.id == mina.id
    assert {post.account.slug: post.status for post in story.posts} == dict.fromkeys(
        WORDS, "in_review"
    )
    blog = next(post for post in story.posts if post.account.slug == "blog")
    assert [use["alt"] for use in blog.head.media] == ["견학하는 사람들"]


def test_a_newcomer_gets_there_by_keyboard_alone(
    new_context: Callable[..., BrowserContext], site: Site, cast: Cast, speak: Callable[..., Say]
) -> None:
    mina = people.add(cast.ada, "mina@example.com", "Mina", "author")
    say = speak("ko", mina)
    page = new_context(base_url=site.url, **WIDE).new_page()
    page.goto(site.link_for(mina))
    press(page.locator("main form button[type=submit]"))
    page.wait_for_url(f"{site.url}/")
    press_hangul(page, "KeyN")
    page.wait_for_url("**/stories/new")
    expect(page.get_by_label(say("Title"))).to_be_focused()
    page.keyboard.type(TITLE)
    for label in ("x", "page"):
        press(page.get_by_label(label, exact=True), "Space")
    press(page.get_by_role("button", name=say("Start writing")))
    expect(page.locator("h1")).to_have_text(TITLE)
    page.wait_for_load_state()
    for name, words in (("title", TITLE), ("text", WORDS["blog"])):
        reach(page.locator(f".post-panel [name={name}]"))
        page.keyboard.insert_text(words)
    with page.expect_navigation():
        press_hangul(page, "KeyS", control=True)
    expect(page.locator("#toasts")).to_contain_text(say("Saved."))
    press(page.get_by_role("button", name=say("Submit for review")))
    expect(page.locator(".page-title")).to_contain_text(say("In review"))
    assert [post.status for post in site.story(TITLE).posts] == ["in_review"]


def begin(page: Page, say: Say) -> None:
    """The one coloured button leads to a form where a title and a template are enough."""
    page.locator("a.btn-new").click()
    page.get_by_role("button", name=say("Start writing")).click()
    expect(page).to_have_url(re.compile("/stories/new"))  # a title is missing, and it says so
    page.get_by_label(say("Title")).fill(TITLE)
    page.get_by_label(say("Report"), exact=True).check()
    page.get_by_role("button", name=say("Start writing")).click()
    expect(page.locator("h1")).to_have_text(TITLE)
    expect(page.locator(".brief")).to_be_visible()


def panel_of(page: Page, newcomer: Newcomer, label: str) -> Locator:
    """The desk's part for one account; behind its tab where scripts run."""
    if newcomer.scripts:
        page.locator(".tabs a.tab", has_text=label).click()
    return page.locator(".post-panel", has=page.locator("h2", has_text=label))


def write(page: Page, newcomer: Newcomer, say: Say, slug: str, words: str) -> None:
    """The template's hints block the way until words stand in their place."""
    panel = panel_of(page, newcomer, slug)
    area = panel.locator("textarea[name=text]")
    expect(area).to_have_value(re.compile(HINT))
    expect(panel.locator(".problems li.is-hard").first).to_contain_text(HINT)
    area.fill(words)
    save(panel, say)
    expect(panel_of(page, newcomer, slug).locator(".problems li.is-hard")).to_have_count(0)


def attach(panel: Locator, newcomer: Newcomer, say: Say) -> None:
    """A picture, by the button; it is asked what it shows."""
    page, shown = panel.page, "견학하는 사람들"
    panel.locator("input[type=file]").set_input_files(
        {"name": "visit.png", "mimeType": "image/png", "buffer": picture()}
    )
    if newcomer.scripts:
        dialog = page.get_by_role("dialog")
        dialog.get_by_label(say("What does the picture show?")).fill(shown)
        dialog.get_by_role("button", name=say("Add"), exact=True).click()
        expect(panel.locator(".picture-row")).to_have_count(1)
    else:
        panel.locator("input[name=picture_alt]").fill(shown)
    save(panel, say)


def save(panel: Locator, say: Say) -> None:
    """Press Save and wait for the page that says so: the one before may still say it of another text."""
    with panel.page.expect_navigation():
        panel.get_by_role("button", name=say("Save"), exact=True).click()
    expect(panel.page.locator("#toasts")).to_contain_text(say("Saved."))


def submit(page: Page, say: Say) -> None:
    """All at once; the page says what happens next."""
    page.get_by_role("button", name=say("Submit all for review")).click()
    expect(page.locator("#toasts")).to_contain_text("3")
    expect(page.locator(".page-title")).to_contain_text(say("In review"))
