"""However much there is: no page that people wait for, and no look of the dispatcher, reads a table from end
to end. What the database means to do is asked of the database itself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import time, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text

from bench import data, plans
from bench.rig import House, signed_in
from publisher import clock
from publisher.accounts import service as accounts
from publisher.calendar import planning
from publisher.deliveries import attention, claim, dispatch, sweep
from publisher.effects import service as effects
from publisher.extensions import db
from publisher.feeds import service as feeds
from publisher.people.tokens import create_token
from publisher.storage import writing
from publisher.stories import search
from publisher.stories.models import Story
from tests.plugins.app import Cast

pytestmark = pytest.mark.usefixtures("database_url")

BIG = {"deliveries", "posts", "stories", "revisions", "attempts", "events", "effects", "addresses"}
PICTURES = {"media"}
"""Whose library is counted page by page, and nowhere else."""
PAST, AHEAD, IN_REVIEW = 400, 60, 5


@pytest.fixture
def house(app: Flask, cast: Cast, tmp_path: Path) -> House:
    """Years of posts behind, some ahead, a few in review, as the database has counted them."""
    house = House(app, tmp_path, {}, cast.ben, cast.rui)
    blog = data.blog()
    data.history(house, [blog], PAST)
    tomorrow = clock.now() + timedelta(days=1)
    data.schedule(
        house,
        [blog],
        data.tweets(AHEAD),
        [tomorrow + timedelta(hours=12 * n) for n in range(AHEAD)],
    )
    with writing() as session:
        session.execute(
            text("UPDATE posts SET status = 'in_review' WHERE id <= :last"), {"last": IN_REVIEW}
        )
    for number in range(50):
        effects.ask("links", f"links:{number}", {"post_id": 0}, at=tomorrow)
    data.analyse()
    return house


def page(house: House, path: str) -> Callable[[], None]:
    client: FlaskClient = signed_in(house, house.editor)
    assert client.get(path).status_code == 200

    def get() -> None:
        assert client.get(path).status_code == 200

    return get


def test_a_scan_is_seen(house: House) -> None:
    """The check itself: a brief is looked for in all stories, and there is no index for that."""
    by_brief = select(Story.id).where(Story.brief == "nowhere")
    found = plans.scans(lambda: db.session.scalars(by_brief).all())
    assert "stories" in found
    in_order = by_brief.order_by(Story.title).limit(5)
    found = plans.scans(lambda: db.session.scalars(in_order).all(), walked={"stories"})
    assert "stories" in found, "it is sorted as a whole"


def test_the_dispatcher_never_scans(house: House) -> None:
    account = accounts.by_slug("blog")
    for look in (
        dispatch.pulse,
        dispatch.heads,
        effects.next_instant,
        sweep.sweep,
        sweep.ask_after_silence,
        lambda: accounts.get(account.id),
    ):
        assert not BIG & plans.scans(look).keys(), look


def test_the_dispatcher_sorts_no_account_s_posts(house: House) -> None:
    """Each account's next post is the first in an index; ordering all that wait would take seconds."""
    assert not plans.sorts(lambda: list(claim.sends()))


def test_claiming_never_scans(house: House) -> None:
    account = accounts.by_slug("blog")
    later = clock.now() + timedelta(days=2)

    def take() -> None:
        with writing():
            assert claim.take_some(account.id, later, 20)

    assert not BIG & plans.scans(take).keys()


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/calendar/{now:%Y/%-m}",
        "/calendar/week",
        "/calendar/list",
        "/review",
        "/attention",
        "/stories?q=소식+%2339",
        "/stories/{post}",
        "/posts/{post}/deliveries",
        "/accounts",
        "/media",
        "/notices",
        "/feeds",
        "/blog",
    ],
)
def test_pages_never_scan(house: House, path: str) -> None:
    path = path.format(now=clock.now(), post=PAST)
    big = BIG if path == "/media" else BIG | PICTURES
    found = plans.scans(page(house, path), walked=PICTURES)
    assert not big & found.keys(), found


def test_the_list_of_stories_is_read_from_its_newest_end(house: House) -> None:
    found = plans.scans(page(house, "/stories"), walked={"stories"})
    assert not BIG & found.keys(), found


def test_looking_for_letters_that_stand_everywhere_reads_no_story_but_those_it_shows(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "FAR", 10)
    found = plans.scans(page(house, "/stories?q=소식"), walked={"stories", search.NAME})
    assert not {*BIG, search.NAME} & found.keys(), found


def test_programs_never_make_it_scan(house: House, cast: Cast) -> None:
    _record, token = create_token(None, cast.rui, "Reader", ["read"])
    client = house.app.test_client()
    day = f"{clock.now():%Y-%m-%d}"
    for path in (
        f"calendar?from={day}&to={clock.now() + timedelta(days=31):%Y-%m-%d}",
        f"stories/{PAST}",
        f"posts/{PAST}",
        "accounts",
    ):
        address = f"/api/v1/{path}"
        headers = {"Authorization": f"Bearer {token}"}
        assert client.get(address, headers=headers).status_code == 200, path
        found = plans.scans(lambda: client.get(address, headers=headers))  # noqa: B023
        assert not BIG & found.keys(), (path, found)


def test_planning_never_scans(house: House, cast: Cast) -> None:
    account = accounts.by_slug("blog")
    planning.add_slots(cast.rui, account, range(7), time(9), "Asia/Seoul")
    with writing() as session:
        session.execute(text("UPDATE stories SET campaign = 'Launch' WHERE id % 100 = 0"))
    for path in (
        "/calendar/week",
        "/calendar/times",
        "/calendar/campaigns?campaign=Launch&by=1",
        f"/calendar/posts/{PAST + 10}/move",
    ):
        assert not BIG & plans.scans(page(house, path)).keys(), path


def test_what_needs_attention_is_found_by_its_index(house: House) -> None:
    for look in (attention.needing_attention, attention.count):
        assert not BIG & plans.scans(look).keys(), look


def test_a_feed_never_scans(house: House, cast: Cast) -> None:
    _feed, url = feeds.make(cast.ana, "All", detail="full", language="ko")
    path = urlsplit(url).path
    client = house.app.test_client()
    tag = client.get(path).headers["ETag"]

    assert not BIG & plans.scans(lambda: client.get(path)).keys()
    unchanged = plans.scans(lambda: client.get(path, headers={"If-None-Match": tag}))
    assert not BIG & unchanged.keys()
