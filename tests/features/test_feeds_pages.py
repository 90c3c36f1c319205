"""The pages on which people make, renew and revoke their feeds."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from publisher.feeds import service as feeds
from publisher.feeds.rules import client as program
from publisher.people.models import User
from tests.features.planned import blog
from tests.plugins.app import Cast

MADE = {"name": "편집 달력", "detail": "titles", "language": "ko"}


@pytest.fixture
def vic(
    client: FlaskClient, cast: Cast, sign_in: Callable[[FlaskClient, User], FlaskClient]
) -> FlaskClient:
    return sign_in(client, cast.vic)


def test_an_address_is_shown_once_and_works(vic: FlaskClient, cast: Cast) -> None:
    blog(cast.ada)
    page = vic.post("/feeds", data={**MADE, "account": "blog", "mine": "y"})
    assert page.status_code == 201
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Referrer-Policy"] == "no-referrer"
    found = re.search(r'value="http://localhost(/ical/[^"]+)"', page.text)
    assert found
    assert "webcal://localhost/ical/" in page.text
    assert vic.get(found[1]).status_code == 200
    (feed,) = feeds.list_of(cast.vic)
    assert (feed.name, feed.detail, feed.filters) == (
        "편집 달력",
        "titles",
        {"account": ["blog"], "mine": True},
    )
    assert found[1] not in vic.get("/feeds").text


@pytest.mark.parametrize(
    "wrong", [{"name": " "}, {"detail": "everything"}, {"language": "fr"}, {"status": "lost"}]
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(
    vic: FlaskClient, cast: Cast, wrong: dict[str, str]
) -> None:
    page = vic.post("/feeds", data={**MADE, **wrong})
    assert page.status_code == 422
    assert feeds.list_of(cast.vic) == []
    if wrong != {"name": " "}:
        assert 'value="편집 달력"' in page.text


def test_renewing_and_revoking_end_the_old_address(vic: FlaskClient, cast: Cast) -> None:
    feed, old = feeds.make(cast.vic, "Mine")
    renewed = vic.post(f"/feeds/{feed.id}/renew")
    assert renewed.status_code == 201
    assert vic.get(old.removeprefix("http://localhost")).status_code == 410
    (fresh,) = feeds.list_of(cast.vic)
    page = vic.post(f"/feeds/{fresh.id}/revoke", follow_redirects=True)
    assert "Revoked: Mine" in page.text
    assert feeds.list_of(cast.vic) == []


def test_feeds_of_others_are_out_of_reach(vic: FlaskClient, cast: Cast) -> None:
    feed, _url = feeds.make(cast.ana, "Ana's own")
    assert "Ana&#39;s own" not in vic.get("/feeds").text
    assert vic.post(f"/feeds/{feed.id}/revoke").status_code == 404
    assert vic.post(f"/feeds/{feed.id}/renew").status_code == 404


def test_the_list_names_the_program_that_fetched_last(vic: FlaskClient, cast: Cast) -> None:
    _feed, url = feeds.make(cast.vic, "Mine")
    agent = "Mozilla/5.0 (X11; Linux) Gecko/20100101 Thunderbird/153.0"
    vic.get(url.removeprefix("http://localhost"), headers={"User-Agent": agent})
    assert "Thunderbird" in vic.get("/feeds").text


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        ("Google-Calendar-Importer", "Google Calendar"),
        ("Microsoft.Exchange/15.20", "Outlook"),
        ("macOS/26.0 (25A354) dataaccessd/1.0", "Apple Calendar"),
        ("vdirsyncer/0.21.0", "vdirsyncer"),
        ("SomethingNew/1.0 (+https://example.com)", "SomethingNew"),
        ("", ""),
    ],
)
def test_programs_have_the_names_people_know(agent: str, name: str) -> None:
    assert program(agent) == name
