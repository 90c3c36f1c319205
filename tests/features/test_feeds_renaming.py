"""What a feed tells that is no post's own: names of accounts, people and campaigns, and our own address."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from icalendar import Calendar, Component

from publisher import clock
from publisher.accounts import service as accounts
from publisher.accounts.models import Account
from publisher.effects import service as effects
from publisher.extensions import db
from publisher.feeds import service as feeds
from publisher.people import service as people
from publisher.stories import assigning
from publisher.stories import service as stories
from publisher.stories.models import Post
from tests.features.planned import blog, page, planned
from tests.plugins.app import Cast

Travel = Callable[[timedelta], None]


@pytest.fixture(autouse=True)
def noon(travel: Travel) -> None:
    """No test crosses the end of a UTC day, with which every feed's window moves."""
    now = clock.now()
    travel(now.replace(hour=12, minute=0) + timedelta(days=1) - now)


@pytest.fixture
def account(cast: Cast) -> Account:
    return blog(cast.ada)


@pytest.fixture
def post(cast: Cast, account: Account) -> Post:
    return planned(cast.ana, account, "제목", clock.now() + timedelta(days=1))


class Subscriber:
    """A calendar program that asks again with the tag it was given."""

    def __init__(self, client: FlaskClient, url: str) -> None:
        self.client, self.path, self.tag = client, urlsplit(url).path, ""

    def news(self) -> list[Component] | None:
        """The events, or None where nothing has changed."""
        answer = self.client.get(self.path, headers={"If-None-Match": self.tag})
        self.tag = answer.headers["ETag"]
        return None if answer.status_code == 304 else Calendar.from_ical(answer.data).walk("VEVENT")

    def event(self) -> Component:
        (found,) = self.news() or []
        return found


@pytest.fixture
def subscriber(client: FlaskClient, cast: Cast) -> Subscriber:
    return Subscriber(client, feeds.make(cast.ana, "편집 달력", language="ko")[1])


def work_off() -> None:
    db.session.rollback()
    while effects.work_off():
        pass


def test_another_name_of_an_account_reaches_subscribers_as_a_change(
    cast: Cast, post: Post, subscriber: Subscriber, travel: Travel
) -> None:
    other = page(cast.ada, "news", "소식지")
    planned(cast.ana, other, "그대로", clock.now() + timedelta(days=2))
    first, same = subscriber.news() or []
    travel(timedelta(minutes=5))
    assert subscriber.news() is None

    accounts.connect(None, kind="blog", slug="blog", label="새 블로그")
    work_off()

    second, untouched = subscriber.news() or []
    assert second["SUMMARY"] == "[새 블로그] 제목"
    assert second["SEQUENCE"] == first["SEQUENCE"] + 1
    assert second["LAST-MODIFIED"].dt > first["LAST-MODIFIED"].dt
    assert untouched == same
    work_off()
    assert subscriber.news() is None


@pytest.mark.usefixtures("post")
def test_another_name_of_a_person_reaches_subscribers_as_a_change(
    cast: Cast, subscriber: Subscriber, travel: Travel
) -> None:
    first = subscriber.event()
    travel(timedelta(minutes=5))
    people.save_profile(cast.ana, name="안나 새이름")
    work_off()
    second = subscriber.event()
    assert "작성자: 안나 새이름" in second["DESCRIPTION"].split("\n")
    assert second["SEQUENCE"] == first["SEQUENCE"] + 1


def test_only_posts_that_somebody_may_still_see_are_touched(
    cast: Cast, account: Account, post: Post, travel: Travel
) -> None:
    before = post.sequence
    travel(timedelta(days=200))
    accounts.connect(None, kind="blog", slug="blog", label="새 블로그")
    work_off()
    db.session.expire_all()
    assert post.sequence == before


def test_the_campaign_is_told_and_its_change_is_one(
    cast: Cast, post: Post, subscriber: Subscriber, travel: Travel
) -> None:
    before = subscriber.event()
    travel(timedelta(minutes=5))
    parts = {**assigning.parts_of(post.story), "campaign": "봄, 2027"}
    stories.update_story(cast.ana, post.story, version=post.story.version, **parts)
    after = subscriber.event()
    assert "캠페인: 봄, 2027" in after["DESCRIPTION"].split("\n")
    assert after["CATEGORIES"].cats == ["회사 블로그", "봄, 2027", "초안"]
    assert after["SEQUENCE"] == before["SEQUENCE"] + 1


def test_a_feed_may_show_one_campaign(cast: Cast, post: Post, client: FlaskClient) -> None:
    other = planned(cast.ana, post.account, "봄 글", clock.now() + timedelta(days=1))
    parts = {**assigning.parts_of(other.story), "campaign": "봄"}
    stories.update_story(cast.ana, other.story, version=other.story.version, **parts)
    _feed, url = feeds.make(cast.ana, "Spring", {"campaign": ["봄"]}, language="ko")
    assert Subscriber(client, url).event()["SUMMARY"] == "[회사 블로그] 봄 글"


@pytest.mark.usefixtures("post")
def test_events_stay_the_same_ones_when_the_address_changes(
    app: Flask, subscriber: Subscriber
) -> None:
    before = subscriber.event()["UID"]
    settings = app.extensions["settings"]
    app.extensions["settings"] = replace(settings, public_url="https://new.example.com")
    after = subscriber.event()
    assert after["URL"].startswith("https://new.example.com/")
    assert after["UID"] == before
