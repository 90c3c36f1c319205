"""Parts of pages that keep themselves fresh: they are sent again only when something changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from publisher import clock
from publisher.accounts import service as accounts
from publisher.extensions import db
from publisher.people.models import User
from publisher.refresh import tag_of
from publisher.stories.rules import Draft
from tests.features.test_today import draft, submitted
from tests.plugins.app import Cast
from tests.plugins.newsroom import Newsroom

SignIn = Callable[[FlaskClient, User], FlaskClient]


@pytest.fixture
def day() -> Iterator[Callable[[time], None]]:
    """`day(time(10))`: it is ten in the morning of a Monday in Seoul. Other days have other pages."""

    def go(at: time) -> None:
        moment = datetime.combine(date(2026, 11, 23), at, ZoneInfo("Asia/Seoul"))
        clock.set_source(lambda: moment.astimezone(UTC))

    yield go
    clock.set_source(None)


def tag(page: str) -> str:
    return page.partition('data-refresh-tag="')[2].partition('"')[0]


def test_a_part_is_sent_again_only_when_something_changed(
    cast: Cast, newsroom: Newsroom, app: Flask, sign_in: SignIn, day: Callable[[time], None]
) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    day(time(10))
    newsroom.approve(newsroom.story("blog"), in_s=7200)
    client = sign_in(app.test_client(), cast.rui)
    have = {"If-None-Match": f'"{tag(client.get("/").text)}"'}
    assert client.get("/today/part", headers=have).status_code == 304
    day(time(10, 20))
    assert client.get("/today/part", headers=have).status_code == 304, "a clock alone is no news"
    submitted(cast.ana, "새 글")
    news = client.get("/today/part", headers=have)
    assert news.status_code == 200 and "새 글" in news.text and "<html" not in news.text
    assert (
        client.get("/today/part", headers={"If-None-Match": news.headers["ETag"]}).status_code
        == 304
    )


def test_the_page_of_a_delivery_has_the_same_tag_as_its_part(
    cast: Cast, newsroom: Newsroom, app: Flask, sign_in: SignIn
) -> None:
    story = newsroom.approve(newsroom.story("blog"), in_s=7200)
    path = f"/posts/{story.posts[0].id}/deliveries"
    client = sign_in(app.test_client(), cast.rui)
    have = {"If-None-Match": f'"{tag(client.get(path).text)}"'}
    assert client.get(f"{path}/progress", headers=have).status_code == 304
    newsroom.travel(timedelta(hours=2))
    newsroom.work()
    assert client.get(f"{path}/progress", headers=have).status_code == 200


@pytest.mark.parametrize("path", ["/calendar/{0:%Y}/{0:%m}", "/calendar/week", "/calendar/list"])
def test_the_calendar_is_sent_again_only_when_something_changed(
    path: str,
    cast: Cast,
    newsroom: Newsroom,
    app: Flask,
    sign_in: SignIn,
    day: Callable[[time], None],
) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    day(time(10))
    path = path.format(clock.now().astimezone(ZoneInfo("Asia/Seoul")))
    draft(cast.ana, "먼저", at=clock.now() + timedelta(minutes=5))
    client = sign_in(app.test_client(), cast.rui)
    ask = {"X-Requested-With": "fetch"}
    have = {"If-None-Match": f'"{tag(client.get(path).text)}"', **ask}
    assert client.get(path, headers=have).status_code == 304
    newsroom.story("blog", blog=Draft(title="나중", text="본문"))
    draft(cast.ana, "새 글", at=clock.now() + timedelta(minutes=6))
    news = client.get(path, headers=have)
    assert news.status_code == 200 and "새 글" in news.text and "<html" not in news.text


def test_what_surrounds_every_page_is_sent_again_only_when_something_changed(
    cast: Cast, newsroom: Newsroom, app: Flask, sign_in: SignIn
) -> None:
    client = sign_in(app.test_client(), cast.rui)
    first = client.get("/today/shell?here=/review")
    have = {"If-None-Match": first.headers["ETag"]}
    seen: list[str] = []

    def note(*given: Any) -> None:
        seen.append(given[2])

    event.listen(db.engine, "before_cursor_execute", note)
    assert client.get("/today/shell?here=/review", headers=have).status_code == 304
    event.remove(db.engine, "before_cursor_execute", note)
    assert len(seen) <= 14, "asked for by every open tab, twice a minute"
    submitted(cast.ana, "새 글")
    accounts.hold(cast.ada, "가격이 틀렸습니다")
    news = client.get("/today/shell?here=/review", headers=have).text
    assert '<span data-live="stories.review">1</span>' in news and "가격이 틀렸습니다" in news
    assert 'name="next" value="/review"' in news, "releasing leads back to the page"
    assert "evil" not in client.get("/today/shell?here=//evil.example/").text
    assert client.get("/today/shell").text.count("data-live") == len(news.split("data-live")) - 1


@pytest.mark.parametrize("path", ["/review/part", "/attention/part"])
def test_lists_of_what_waits_are_sent_again_only_when_something_changed(
    cast: Cast, newsroom: Newsroom, app: Flask, sign_in: SignIn, path: str
) -> None:
    submitted(cast.ana, "글")
    newsroom.approve(newsroom.story("x", x=Draft(text="한 글")), in_s=3600)
    client = sign_in(app.test_client(), cast.rui)
    page = client.get(path.removesuffix("/part")).text
    have = {"If-None-Match": f'"{tag(page)}"'}
    assert client.get(path, headers=have).status_code == 304
    submitted(cast.ana, "새 글")
    accounts.pause(cast.ada, accounts.by_slug("x"), "gone")
    assert client.get(path, headers=have).status_code == 200


def test_tokens_and_clocks_are_no_news_but_other_words_are() -> None:
    at = '<time datetime="2026-11-24T00:00:00+00:00" data-local title="{0}">in {0} minutes</time>'
    form = '<input type="hidden" name="csrf_token" value="{}">'
    assert tag_of(at.format(5) + form.format("a")) == tag_of(at.format(4) + form.format("b"))
    assert tag_of("<p>one</p>") != tag_of("<p>two</p>")
    assert tag_of(at.format(5)) != tag_of(at.replace("24T", "25T").format(5))
