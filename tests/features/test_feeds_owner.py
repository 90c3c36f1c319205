"""What a feed's owner chooses, and when its address stops."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient
from icalendar import Calendar
from sqlalchemy import select, text

from publisher import clock
from publisher.accounts.models import Account
from publisher.errors import Invalid, NotFound
from publisher.extensions import db
from publisher.feeds import service as feeds
from publisher.feeds.models import Feed
from publisher.people import service as people
from publisher.storage import writing
from tests.features.planned import blog, page, planned, submitted
from tests.plugins.app import Cast

NOON = datetime(2026, 11, 23, 3, tzinfo=UTC)
TOMORROW = datetime(2026, 11, 24, 0, tzinfo=UTC)


class Hands:
    """A clock that a test turns."""

    def __init__(self) -> None:
        self.at = NOON

    def __call__(self) -> datetime:
        return self.at

    def turn(self, **delta: float) -> None:
        self.at += timedelta(**delta)


@pytest.fixture(autouse=True)
def hands() -> Iterator[Hands]:
    hands = Hands()
    clock.set_source(hands)
    yield hands
    clock.set_source(None)


@pytest.fixture
def account(cast: Cast) -> Account:
    return blog(cast.ada)


def path_of(url: str) -> str:
    return urlsplit(url).path


def events(client: FlaskClient, url: str) -> dict[str, object]:
    """The feed's events by their summary."""
    answer = client.get(path_of(url))
    assert answer.status_code == 200, answer.text
    return {
        str(found["SUMMARY"]): found for found in Calendar.from_ical(answer.data).walk("VEVENT")
    }


def test_filters_of_the_row_decide_and_those_of_the_address_do_not(
    client: FlaskClient, cast: Cast, account: Account
) -> None:
    other = page(cast.ada, "news", "소식지")
    planned(cast.ana, account, "하나", TOMORROW)
    submitted(cast.ben, planned(cast.ben, other, "둘", TOMORROW))
    for filters, expected in (
        ({}, {"[회사 블로그] 하나", "[소식지] 둘"}),
        ({"account": ["news"]}, {"[소식지] 둘"}),
        ({"status": ["draft"]}, {"[회사 블로그] 하나"}),
        ({"author": [cast.ben.id]}, {"[소식지] 둘"}),
        ({"mine": True}, {"[회사 블로그] 하나"}),
        ({"category": []}, {"[회사 블로그] 하나", "[소식지] 둘"}),
    ):
        _feed, url = feeds.make(cast.ana, "Some", filters)
        assert set(events(client, url)) == expected, filters
        assert set(events(client, url + "?account=blog&status=published")) <= expected


@pytest.mark.parametrize(
    "filters",
    [{"account": ["nowhere"]}, {"status": ["lost"]}, {"author": ["x"]}, {"colour": ["red"]}],
)
def test_a_filter_that_means_nothing_is_refused(cast: Cast, filters: dict[str, list[str]]) -> None:
    with pytest.raises(Invalid):
        feeds.make(cast.ana, "Some", filters)


def test_unknown_revoked_and_renewed_addresses_say_what_they_are(
    client: FlaskClient, cast: Cast
) -> None:
    feed, old = feeds.make(cast.ana, "Mine")
    fresh, new = feeds.renew(cast.ana, feed)
    assert client.get(path_of(old)).status_code == 410
    assert client.get(path_of(new)).status_code == 200
    feeds.revoke(cast.ana, fresh)
    gone = client.get(path_of(new))
    assert gone.status_code == 410
    assert gone.headers["Content-Type"].startswith("text/plain")
    assert client.get("/ical/nobody-knows-this/calendar.ics").status_code == 404
    assert feeds.list_of(cast.ana) == []


def test_who_leaves_takes_their_feeds_along(client: FlaskClient, cast: Cast) -> None:
    _feed, url = feeds.make(cast.ben, "Mine")
    people.deactivate(cast.ada, cast.ben)
    assert client.get(path_of(url)).status_code == 410


def test_only_a_hash_of_the_token_is_kept(cast: Cast) -> None:
    feed, url = feeds.make(cast.ana, "Mine")
    token = path_of(url).split("/")[2]
    assert len(token) >= 43
    row = db.session.execute(select(Feed.__table__).where(Feed.id == feed.id)).one()
    assert not [value for value in row if token in str(value)]


def test_nobody_revokes_the_feed_of_another(cast: Cast) -> None:
    feed, _url = feeds.make(cast.ana, "Mine")
    with pytest.raises(NotFound):
        feeds.get(cast.rui, feed.id)
    with pytest.raises(NotFound):
        feeds.revoke(cast.ben, feed)
    assert feeds.get(cast.ada, feed.id) is feed


def test_who_fetched_last_is_noted_once_a_minute(
    client: FlaskClient, cast: Cast, hands: Hands
) -> None:
    feed, url = feeds.make(cast.ana, "Mine")
    agents = []
    for agent in ("Thunderbird/153", "vdirsyncer/0.21", "Google-Calendar-Importer"):
        client.get(path_of(url), headers={"User-Agent": agent})
        agents.append((feed.agent, feed.fetched_at))
        hands.turn(seconds=40)
    assert agents == [
        ("Thunderbird/153", NOON),
        ("Thunderbird/153", NOON),
        ("Google-Calendar-Importer", NOON + timedelta(seconds=80)),
    ]


def test_a_database_that_fails_asks_to_come_back_later(client: FlaskClient, cast: Cast) -> None:
    """Not an empty calendar: programs would delete what they have."""
    _feed, url = feeds.make(cast.ana, "Mine")
    with writing() as session:
        session.execute(text("DROP TABLE feeds"))
    answer = client.get(path_of(url))
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.headers["Content-Type"].startswith("text/plain")
