"""`make screenshots`: every page of a running demonstration, in both languages, themes and two widths.

Writes screenshots/, which git ignores; with --readme only the few pictures of docs/images/.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from io import BytesIO
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from flask import Flask
from PIL import Image as Picture
from PIL import ImageDraw
from playwright.sync_api import Browser, Page, sync_playwright
from sqlalchemy.exc import OperationalError

from publisher import clock, demo, rehearsal
from publisher.accounts import service as accounts
from publisher.accounts.models import Account
from publisher.application import create_app
from publisher.deliveries import service as deliveries
from publisher.extensions import db
from publisher.feeds import service as feeds
from publisher.media import service as media
from publisher.people import service as people
from publisher.people import sessions
from publisher.people.models import User
from publisher.stories import categories, comments, review
from publisher.stories import service as stories
from publisher.stories.models import Story
from publisher.stories.rules import Draft

ROOT = Path(__file__).resolve().parent.parent
SHOWN, README = ROOT / "screenshots", ROOT / "docs" / "images"
WIDTHS = {"wide": 1280, "phone": 390}
PROGRAMME = (
    (
        *("협동로봇 도입 전에 물어야 할 다섯 가지", "ko", ("blog", "x"), 1, "scheduled"),
        "안전 펜스가 정말 필요 없는지, 작업자는 무엇을 배워야 하는지부터 확인하세요.",
    ),
    (
        *("What our customers ask about edge AI", "en", ("blog", "facebook"), 2, "in_review"),
        "Latency, privacy and who updates the model: three answers from the last forty calls.",
    ),
    (
        *("품질팀 이도윤 님의 하루", "ko", ("facebook",), 4, "scheduled"),
        "아침 7시 첫 측정부터 저녁 회의까지, 불량률을 지키는 하루를 따라가 보았습니다.",
    ),
    (
        *("Predictive maintenance in plain words", "en", ("blog", "x"), 8, "scheduled"),
        "What we measured on the shop floor, and what we would do differently. Numbers on our blog.",
    ),
    (
        *("겨울철 설비 점검 체크리스트", "ko", ("blog", "x", "facebook"), 9, "draft"),
        "영하 10도에서 멈추는 것은 기계보다 배관입니다. 점검할 열두 곳을 그림으로 정리했습니다.",
    ),
    (
        *("The first hundred days on the line", "en", ("x",), 11, "scheduled"),
        "Ji-min joined us in August and kept a diary. We publish it, mistakes included.",
    ),
    (
        *("반도체 라인 무정지 교체 사례", "ko", ("blog", "x"), 14, "in_review"),
        "웨이퍼 한 장도 버리지 않고 제어기를 바꾼 18시간의 기록입니다.",
    ),
    (
        *("Meet us at Automation World", "en", ("x", "facebook"), 16, "scheduled"),
        "Hall 3, booth 214: bring the part you cannot automate and stay for coffee.",
    ),
    (
        *("연말 기술 세미나 안내", "ko", ("facebook",), 18, "draft"),
        "12월 세 번째 목요일, 고객사 엔지니어 세 분이 실패담을 들려드립니다.",
    ),
    (
        *("2027년 스마트 팩토리 전망", "ko", ("blog", "x", "facebook"), 22, "in_review"),
        "내년에 바뀌는 규제와 보조금, 그리고 우리가 틀렸던 작년 전망을 함께 봅니다.",
    ),
    (
        *("현장에서 온 편지", "ko", ("blog",), None, "approved"),
        "울산 공장 야간조가 보내온 손편지를 그대로 옮깁니다.",
    ),
)
"""Title, language, accounts, days from today, how far it is, and what it says."""
BETTER = (
    "What we measured on two shop floors, and what we would do again. Numbers and code on our blog."
)
SCREEN = 844
CHOSEN = {
    "today": ("today-en-light-wide", 760),
    "calendar": ("calendar-ko-light-wide", SCREEN),
    "calendar-phone": ("calendar-ko-dark-phone", SCREEN),
    "story": ("story-x-ko-light-wide", SCREEN),
    "review": ("review-post-en-light-wide", 720),
    "delivery": ("delivery-en-light-wide", 500),
    "article": ("blog-article-ko-light-wide", SCREEN),
}
"""What the README and the tour show, by the name it has there: which picture, and how much of its height."""


@dataclass(frozen=True)
class Shot:
    """One page to look at: its name, its address, and as whom."""

    name: str
    path: str
    person: User | None


def main() -> None:
    """Start the demonstration in a throwaway home, wait until its story is out, and look at every page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--readme", action="store_true", help="renew docs/images/ alone")
    parser.add_argument(
        "--only", default="", help="pictures whose name fits, such as 'story.*-ko-dark'"
    )
    given = parser.parse_args()
    wanted = re.compile(
        f"^({'|'.join(name for name, _ in CHOSEN.values())})$" if given.readme else given.only
    )
    SHOWN.mkdir(exist_ok=True)
    with (
        TemporaryDirectory(prefix="publisher-shots-") as home,
        rehearsal.running(Path(home), "--demo"),
    ):
        app = create_app()
        with app.app_context():
            take(app, prepare(), wanted)
    if given.readme:
        renew_readme()


# ---- What there is to see ----


def prepare() -> list[Shot]:
    """Fill the month, wait for the demo's story, and list the pages."""
    until(lambda: people.by_email("admin@example.com") is not None)
    author, editor, admin = (people.by_email(email) for email, _name, _role in demo.PEOPLE)
    if not (author and editor and admin):
        raise SystemExit("The demonstration's people are missing.")
    until(lambda: db.session.query(Story).count() >= 3)
    fill_the_month(author, editor, admin)
    until(lambda: any(post.url for post in main_story().posts))
    until(lambda: all(post.url for post in main_story().posts))
    time.sleep(4)  # the links are written back a moment later
    return list(pages(author, editor, admin))


def fill_the_month(author: User, editor: User, admin: User) -> None:
    """A programme with something in every state, two pictures and a feed."""
    known = {account.slug: account for account in accounts.all_accounts()}
    sections = [category.id for category in categories.categories()]
    today = clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
    for number, (title, language, slugs, days, state, text) in enumerate(PROGRAMME):
        at = today + timedelta(days=days, minutes=30 * (number % 5)) if days else None
        story = stories.create_story(
            author,
            title=title,
            language=language,
            category_id=sections[number % len(sections)],
            campaign="Smart factory" if number % 3 == 0 else "",
        )
        for slug in slugs:
            write(author, story, known[slug], text, at)
        if state != "draft":
            review.submit_story(author, story)
        if state in {"scheduled", "approved"}:
            revisions = {post.id: post.revision for post in story.posts}
            deliveries.approve_story(editor, story, revisions, at, demo.ZONE if at else "")
    outlook = newest("2027년 스마트 팩토리 전망")
    comments.comment(editor, outlook, "두 번째 문단의 숫자에 출처를 붙여 주세요.", outlook.posts[0])
    corrected = newest("Predictive maintenance in plain words").posts[0]
    better = replace(corrected.head.draft, text=BETTER)
    stories.edit(author, corrected, better, version=corrected.version)
    review.submit(author, corrected)
    for name, colours in (
        ("line.png", ("#1f4e79", "#9cc3e6")),
        ("robot.png", ("#2b2d42", "#ef8354")),
    ):
        media.upload(author, name, picture(*colours), "생산 라인을 위에서 본 그림")
    feeds.make(author, "편집 캘린더", {}, "full", "ko")
    people.add(admin, "sales@example.com", "Dana Fischer", "viewer")


def write(author: User, story: Story, account: Account, text: str, at: datetime | None) -> None:
    linked = any(post.account.kind == "blog" for post in story.posts)
    if account.kind != "blog" and linked:
        text = f"{text} {{blog}}"
    draft = Draft(title=story.title if account.kind == "blog" else "", text=text)
    stories.add_post(author, story, account, draft, planned_at=at, zone=demo.ZONE if at else "")


def picture(back: str, front: str) -> bytes:
    """A simple drawing, as bytes of a PNG."""
    image = Picture.new("RGB", (1200, 675), back)
    draw = ImageDraw.Draw(image)
    for n in range(6):
        draw.rounded_rectangle((90 + n * 180, 420 - n * 40, 210 + n * 180, 560), 18, fill=front)
    out = BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def newest(title: str) -> Story:
    db.session.rollback()
    return db.session.query(Story).filter_by(title=title).order_by(Story.id.desc()).limit(1).one()


def main_story() -> Story:
    return newest(demo.STORY_TITLE)


def pages(author: User, editor: User, admin: User) -> Iterator[Shot]:
    """Every page, as whoever uses it most."""
    told, outlook = main_story(), newest("2027년 스마트 팩토리 전망")
    article = next(post for post in told.posts if post.account.kind == "blog")
    draft = newest("겨울철 설비 점검 체크리스트")
    x = next(post for post in draft.posts if post.account.kind == "twitter")
    corrected = newest("Predictive maintenance in plain words").posts[0]
    soon = (clock.now() + timedelta(days=10)).date()
    for name, path, person in (
        ("sign-in", "/sign-in", None),
        ("sign-in-link", "/sign-in/link", None),
        ("today", "/", editor),
        ("today-author", "/", author),
        ("calendar", f"/calendar/{soon.year}/{soon.month}", editor),
        ("calendar-week", f"/calendar/week?day={soon}", editor),
        ("calendar-list", "/calendar/list", editor),
        ("calendar-times", "/calendar/times", editor),
        ("campaigns", "/calendar/campaigns", editor),
        ("move", f"/calendar/posts/{x.id}/move", editor),
        ("stories", "/stories", author),
        ("stories-none", "/stories?q=nothing-like-this", author),
        ("story-new", "/stories/new", author),
        ("story-templates", "/stories/templates", admin),
        ("story", f"/stories/{draft.id}", author),
        ("story-x", f"/stories/{draft.id}?post={x.id}", author),
        ("story-out", f"/stories/{told.id}", editor),
        ("story-review", f"/stories/{outlook.id}", editor),
        ("story-activity", f"/stories/{told.id}/activity", editor),
        ("revisions", f"/posts/{article.id}/revisions", editor),
        ("review", "/review", editor),
        ("review-post", f"/review/{corrected.id}", editor),
        ("delivery", f"/posts/{article.id}/deliveries", editor),
        ("take-down", f"/posts/{article.id}/take-down", editor),
        ("attention", "/attention", editor),
        ("media", "/media", author),
        ("pictures", f"/posts/{x.id}/pictures", author),
        ("feeds", "/feeds", author),
        ("notices", "/notices", author),
        ("notices-choose", "/me/notices", author),
        ("accounts", "/accounts", admin),
        ("account", "/accounts/x", admin),
        ("account-connect", "/accounts/connect", admin),
        ("settings", "/settings", admin),
        ("settings-author", "/settings", author),
        ("categories", "/categories", admin),
        ("category", f"/categories/{categories.categories()[0].id}", admin),
        ("approval-rules", "/approval-rules", admin),
        ("people", "/people", admin),
        ("person", f"/people/{author.id}", admin),
        ("invite", "/people/invite", admin),
        ("audit", "/admin/audit", admin),
        ("profile", "/me", author),
        ("security", "/me/security", author),
        ("tokens", "/me/tokens", author),
        ("missing", "/nothing-here", author),
        ("blog-front", "/blog", None),
        ("blog-article", f"/blog/{article.url.rpartition('/')[2]}", None),
        ("blog-missing", "/blog/nothing-here", None),
    ):
        yield Shot(name, path, person)


# ---- Looking ----

DRAW_ALL = """() => document.querySelectorAll("[data-day], .month td").forEach(
  (element) => { element.style.contentVisibility = "visible"; })"""
"""Days out of sight are drawn when somebody scrolls to them; a picture of the whole page shows them all."""


def take(app: Flask, shots: list[Shot], wanted: re.Pattern[str]) -> None:
    """Each page in both languages, both themes and both widths, where the picture is wanted."""
    base = f"http://127.0.0.1:{os.environ['PORT']}"
    program = next(
        filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
    )
    flags = ["--disable-gpu", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=flags)
        for language, theme, width in product(("ko", "en"), ("light", "dark"), WIDTHS):
            look = f"{language}-{theme}-{width}"
            now = [shot for shot in shots if wanted.search(f"{shot.name}-{look}")]
            for person in dict.fromkeys(shot.person for shot in now):
                page = open_page(app, browser, person, base, language, theme, width)
                for shot in (shot for shot in now if shot.person == person):
                    answer = page.goto(base + shot.path)
                    if answer is None or answer.status >= 500:
                        raise SystemExit(f"{shot.path} cannot be shown. Is the front end built?")
                    page.evaluate(DRAW_ALL)
                    page.screenshot(path=SHOWN / f"{shot.name}-{look}.png", full_page=True)
                page.context.close()
        browser.close()


def open_page(
    app: Flask,
    browser: Browser,
    person: User | None,
    base: str,
    language: str,
    theme: Any,
    width: str,
) -> Page:
    """A browser window of that person, who reads in that language and theme."""
    cookies = {"language": language, "theme": theme}
    if person:
        people.save_look(person, language=language, theme=theme)
        token = sessions.begin_session(person, "Chromium")
        signer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
        cookies["publisher"] = signer.dumps({"token": token})
    context = browser.new_context(
        viewport={"width": WIDTHS[width], "height": 844},
        color_scheme=theme,
        locale={"ko": "ko-KR", "en": "en-GB"}[language],
        timezone_id=demo.ZONE,
        reduced_motion="reduce",
        device_scale_factor=1,
    )
    context.add_cookies([{"name": k, "value": v, "url": base} for k, v in cookies.items()])
    return context.new_page()


def renew_readme() -> None:
    """The chosen pictures, cut to one screen and made small."""
    README.mkdir(parents=True, exist_ok=True)
    for name, (source, height) in CHOSEN.items():
        with Picture.open(SHOWN / f"{source}.png") as image:
            cut = image.crop((0, 0, image.width, min(image.height, height)))
            cut.convert("RGB").save(README / f"{name}.webp", "WEBP", quality=84, method=6)


def until(condition: Any, seconds: float = 120.0) -> None:
    """Wait for something that another process does."""
    deadline = time.monotonic() + seconds
    while True:
        db.session.rollback()
        with suppress(OperationalError):  # the tables are made while we wait
            if condition():
                return
        if time.monotonic() > deadline:
            raise SystemExit("The demonstration did not get ready.")
        time.sleep(0.3)


if __name__ == "__main__":
    main()
