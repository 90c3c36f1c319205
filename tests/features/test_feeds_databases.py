"""Feeds and the calendar on SQLite and on PostgreSQL."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from urllib.parse import urlsplit

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from publisher import clock
from publisher.calendar import service as calendar
from publisher.calendar.rules import Filters
from publisher.extensions import db
from publisher.feeds import service as feeds
from publisher.feeds.models import RenderedEvent
from publisher.storage import writing
from publisher.stories import service as stories
from publisher.stories.models import Category, Post, Story
from tests.features.planned import blog, planned, submitted
from tests.plugins.app import Cast

ALL = {"account": ["blog"], "status": ["draft", "in_review"], "mine": True}


def kept() -> list[tuple[int, int, str]]:
    rows = select(RenderedEvent.post_id, RenderedEvent.sequence, RenderedEvent.detail)
    return [tuple(row) for row in db.session.execute(rows.order_by(RenderedEvent.post_id))]


def test_every_filter_and_scope_answers_and_validates(
    database_url: str, client: FlaskClient, cast: Cast
) -> None:
    tomorrow = clock.now() + timedelta(days=1)
    account = blog(cast.ada)
    mine = planned(cast.ana, account, "내 글", tomorrow)
    planned(cast.ben, account, "남의 글", tomorrow + timedelta(hours=1))
    for filters, count in (
        ({}, 2),
        ({**ALL, "author": [cast.ana.id]}, 1),
        ({"status": ["published"]}, 0),
    ):
        for detail in ("full", "titles", "busy"):
            _feed, url = feeds.make(cast.ana, "Feed", filters, detail)
            path = urlsplit(url).path
            first = client.get(path)
            assert first.text.count("BEGIN:VEVENT") == count
            assert client.get(path).data == first.data
            known = {"If-None-Match": first.headers["ETag"]}
            assert client.get(path, headers=known).status_code == 304
    stories.plan(cast.ana, mine, tomorrow + timedelta(days=1), "Asia/Seoul")
    assert client.get(path_of(cast)).status_code == 200
    assert (mine.id, mine.sequence, "full") in kept()
    assert not [row for row in kept() if row[0] == mine.id and row[1] < mine.sequence]


def path_of(cast: Cast) -> str:
    """The address of a fresh feed of everything."""
    return urlsplit(feeds.make(cast.ana, "All")[1]).path


def test_first_fetches_at_once_agree(database_url: str, app: Flask, cast: Cast) -> None:
    account = blog(cast.ada)
    for hour in range(20):
        planned(cast.ana, account, f"글 {hour}", clock.now() + timedelta(hours=hour + 1))
    path = path_of(cast)
    with ThreadPoolExecutor(6) as pool:
        answers = list(
            pool.map(lambda _n: FlaskClient(app, app.response_class).get(path), range(6))
        )
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.data for answer in answers}) == 1
    assert len(kept()) == 20


def test_the_calendar_filters_and_moves(database_url: str, cast: Cast) -> None:
    tomorrow = clock.now() + timedelta(days=1)
    account = blog(cast.ada)
    post = submitted(cast.ana, planned(cast.ana, account, "제목", tomorrow))
    filters = Filters.of({"account": ["blog"], "author": [cast.ana.id], "mine": True})
    for actor in (cast.ana, cast.rui):
        wanted = filters if actor is cast.ana else Filters()
        (entry,) = calendar.entries(actor, clock.now(), tomorrow + timedelta(days=1), wanted)
        assert (entry.title, entry.opens, entry.movable) == ("제목", True, True)
    assert calendar.tray(cast.rui) == []
    done = calendar.move(cast.ana, post, tomorrow + timedelta(days=2), "Asia/Seoul")
    assert done.entry.at == tomorrow + timedelta(days=2)


def test_large_numbers_are_summed(database_url: str, client: FlaskClient, cast: Cast) -> None:
    post = planned(cast.ana, blog(cast.ada), "제목", clock.now() + timedelta(days=1))
    with writing() as session:
        session.execute(update(Post).values(sequence=2_000_000_000))
        story = Story(id=2_000_000_000, owner_id=cast.ana.id, title="큰 수")
        story.created_at = story.changed_at = clock.now()
        session.add(story)
    db.session.refresh(post)
    answer = client.get(path_of(cast))
    assert answer.status_code == 200
    assert "SEQUENCE:2000000000" in answer.text


def test_a_post_that_takes_another_ones_place_changes_the_tag(
    database_url: str, client: FlaskClient, cast: Cast
) -> None:
    """Categories and authors of a story change without a post's sequence."""
    tomorrow = clock.now() + timedelta(days=1)
    account = blog(cast.ada)
    one, other = (planned(cast.ana, account, title, tomorrow) for title in ("하나", "둘"))
    with writing() as session:
        section = Category(slug="news", name_ko="소식", name_en="News")
        session.add(section)
        session.execute(update(Post).values(changed_at=clock.now()))
        one.story.category = section
    _feed, url = feeds.make(cast.ana, "News", {"category": ["news"]})
    path = urlsplit(url).path
    first = client.get(path)
    assert "하나" in first.text
    with writing():
        one.story.category, other.story.category = None, one.story.category
    second = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert second.status_code == 200
    assert "둘" in second.text
