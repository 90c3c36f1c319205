"""What people and the dispatcher wait for, with 1,000 to 100,000 deliveries (a million with --full)."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from flask.testing import FlaskClient
from sqlalchemy import text, update

from bench import data, rig
from bench.rig import House
from publisher import clock
from publisher.accounts import service as accounts
from publisher.deliveries import dispatch
from publisher.extensions import db
from publisher.feeds import service as feeds
from publisher.people.models import User
from publisher.storage import writing
from publisher.stories import queries
from publisher.stories.models import Story
from publisher.stories.queries import Filters
from publisher.stories.rules import Draft
from tests.plugins.databases import private_cluster
from tests.plugins.programs import ServerFailed

A_MONTH, IN_REVIEW, FAILED = 120, 20, 5
"""What is at hand, whatever the years have left behind: a month's posts, some to review, some in trouble."""
WORDS = {
    "in_all": ("소식 #", 25),
    "in_many": ("점검표", 25),
    "in_one": ("하나뿐인", 1),
    "in_none": ("아무도", 0),
}
"""What is looked for, in how many stories it stands, and how many of them a page shows at least."""


def measure(quick: bool) -> dict[str, Any]:
    """Medians in milliseconds by size; `growth` is the largest size's beside the smallest's."""
    sizes: tuple[int, ...] = (300, 600) if quick else (1_000, 10_000, 100_000)
    sizes += (1_000_000,) if os.environ.get("BENCH_FULL") else ()
    times = 3 if quick else 15
    found: dict[str, Any] = {"sqlite": _database(sizes, times)}
    with _postgresql() as url:
        found["postgresql"] = _database(sizes, times, DATABASE_URL=url) if url else "not installed"
    return {
        "sizes": list(sizes),
        **found,
        "what": "server time, medians in milliseconds; pages and feed by Flask's test client",
        "aim": "growth about 1: each flat or logarithmic; a search looks through 1,000 stories at most",
        "baseline": {"sqlite_select_1_ms": found["sqlite"]["select_1"]["ms"][str(sizes[0])]},
    }


@contextmanager
def _postgresql() -> Iterator[str]:
    """The address of a private PostgreSQL; empty where none is installed."""
    try:
        with private_cluster() as cluster:
            yield cluster.url(cluster.create())
    except ServerFailed:
        yield ""


def _database(sizes: tuple[int, ...], times: int, **settings: str) -> dict[str, Any]:
    medians: dict[str, dict[str, float]] = {}
    with rig.house(**settings) as house:
        calls = _prepared(house)
        held = A_MONTH
        for size in sizes:
            data.history(house, [accounts.by_slug("blog")], size - held)
            held = size
            data.analyse()
            for name, call in calls.items():
                call()
                medians.setdefault(name, {})[str(size)] = rig.median_ms(call, times)
    small, large = str(sizes[0]), str(sizes[-1])
    return {
        name: {"ms": ms, "growth": round(ms[large] / max(ms[small], 0.01), 2)}
        for name, ms in medians.items()
    }


def _prepared(house: House) -> Mapping[str, Callable[[], object]]:
    """This month's posts, and what will be asked of them, however much there is besides."""
    blog, today = data.blog(), clock.now()
    month = today.replace(day=1, hour=3, minute=0)
    dues = [month + timedelta(hours=n * 24 * 28 / A_MONTH) for n in range(A_MONTH)]
    drafts = [*data.tweets(A_MONTH - 1), Draft(text="하나뿐인 알림입니다.")]
    data.schedule(house, [blog], drafts, [_ahead(due) for due in dues])
    with writing() as session:
        session.execute(
            text("UPDATE posts SET status = 'in_review' WHERE id <= :last"), {"last": IN_REVIEW}
        )
        session.execute(
            text(
                "UPDATE deliveries SET status = 'missed', next_at = NULL WHERE id > :last - :count"
                " AND id <= :last"
            ),
            {"last": A_MONTH, "count": FAILED},
        )
    data.quieten()
    client = rig.signed_in(house, house.editor)
    _feed, url = feeds.make(house.author, "Bench", detail="full", language="ko")
    subscriber, path = house.app.test_client(), urlsplit(url).path
    return {
        "select_1": lambda: db.session.execute(text("SELECT 1")),
        "dispatcher_pulse": dispatch.pulse,
        "dispatcher_heads": dispatch.heads,
        "month_page": partial(_page, client, f"/calendar/{today:%Y/%-m}"),
        "review_page": partial(_page, client, "/review"),
        "attention_page": partial(_page, client, "/attention"),
        "story_list": partial(_page, client, "/stories"),
        "feed_warm": partial(_page, subscriber, path),
        "feed_not_modified": _unchanged(subscriber, path),
        "feed_just_after_a_change": _changed(_unchanged(subscriber, path)),
        **{
            f"search_{name}": partial(_look, house.editor, Filters(text=words), hits)
            for name, (words, hits) in WORDS.items()
        },
    }


def _look(editor: User, filters: Filters, least: int) -> None:
    found = queries.stories(editor, filters)
    if len(found.items) < least:
        raise RuntimeError(f"{filters.text} was found {len(found.items)} times, not {least}")


def _ahead(due: datetime) -> datetime:
    return max(due, clock.now() + timedelta(days=1))


def _page(client: FlaskClient, path: str) -> None:
    if (status := client.get(path).status_code) != 200:
        raise RuntimeError(f"{path} answered {status}")


def _unchanged(client: FlaskClient, path: str) -> Callable[[], None]:
    known: list[str] = []

    def ask() -> None:
        answer = client.get(path, headers={"If-None-Match": known[-1] if known else ""})
        known.append(answer.headers["ETag"])

    return ask


def _changed(ask: Callable[[], None]) -> Callable[[], None]:
    """`ask` after somebody touched a story, which costs a write as well."""

    def touch_and_ask() -> None:
        with writing() as session:
            session.execute(update(Story).where(Story.id == 1).values(changed_at=clock.now()))
        ask()

    return touch_and_ask
