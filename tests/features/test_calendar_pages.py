"""What the calendar's pages show of full days, old addresses and kept filters, and where moved posts went."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from publisher import clock
from publisher.accounts.models import Account
from publisher.calendar import service as calendar
from publisher.calendar.rules import Filters
from publisher.people.models import User
from publisher.storage import writing
from publisher.stories import filtering
from publisher.stories.models import Post
from tests.features.planned import blog, planned
from tests.plugins.app import Cast

NOON = datetime(2026, 11, 23, 3, tzinfo=UTC)
TOMORROW = datetime(2026, 11, 24, 0, tzinfo=UTC)
SEOUL = "Asia/Seoul"
SignIn = Callable[[FlaskClient, User], FlaskClient]


@pytest.fixture(autouse=True)
def still_clock() -> Iterator[None]:
    clock.set_source(lambda: NOON)
    yield
    clock.set_source(None)


@pytest.fixture
def account(cast: Cast) -> Account:
    return blog(cast.ada)


@pytest.fixture
def ana(client: FlaskClient, cast: Cast, sign_in: SignIn) -> FlaskClient:
    return sign_in(client, cast.ana)


def shown(actor: User, filters: Filters | None = None) -> list[str]:
    found = calendar.entries(actor, NOON - timedelta(days=40), NOON + timedelta(days=40), filters)
    return [entry.title for entry in found]


def cell(page: str, day: str) -> str:
    """The markup of one day of the month."""
    found = re.search(rf'<td data-day="{day}".*?</td>', page, re.DOTALL)
    assert found, day
    return found[0]


def moving(post: Post, day: date, at: time = time(9), **more: str) -> dict[str, str]:
    return {"day": day.isoformat(), "time": f"{at:%H:%M}", "zone": SEOUL, **more}


def test_a_campaign_filters_and_is_offered_to_who_opens_its_stories(
    ana: FlaskClient, cast: Cast, account: Account
) -> None:
    with writing():
        planned(cast.ana, account, "하나", TOMORROW).story.campaign = "봄맞이"
        planned(cast.ben, account, "둘", TOMORROW + timedelta(hours=1)).story.campaign = "Launch"
    assert shown(cast.rui, Filters(campaign=("봄맞이",))) == ["하나"]
    page = ana.get("/calendar/2026/11?campaign=봄맞이").text
    assert "하나" in page
    assert "둘" not in page
    assert "Launch" not in page, "a story that one cannot open does not tell its campaign"


def test_filters_are_kept_under_a_name_and_found_again_in_every_view(
    ana: FlaskClient, cast: Cast, account: Account
) -> None:
    here = "/calendar/2026/11?account=blog&status=draft&status=approved"
    form = {"name": "내 글", "account": "blog", "status": ["draft", "approved"], "next": here}
    assert ana.post("/calendar/filters", data=form).location == here
    page = ana.get(here).text
    chip = (
        '<a class="chip" href="/calendar/2026/11?account=blog&amp;status=draft&amp;status=approved"'
    )
    assert f'{chip} aria-current="true">' in page
    assert "내 글" in page
    week = ana.get("/calendar/week").text
    assert "/calendar/week?day=2026-11-22&amp;account=blog&amp;status=draft" in week
    assert "내 글" not in ana.get("/stories").text

    (kept,) = filtering.of(cast.ana, filtering.CALENDAR)
    assert f"/stories/filters/{kept.id}/remove" in page
    ana.post(f"/stories/filters/{kept.id}/remove", data={"next": here})
    assert filtering.of(cast.ana, filtering.CALENDAR) == []


def test_a_crowded_day_shows_five_and_unfolds_the_rest(
    ana: FlaskClient, cast: Cast, account: Account
) -> None:
    for n in range(7):
        planned(cast.ana, account, f"글 {n}", TOMORROW + timedelta(hours=n))
    day = cell(ana.get("/calendar/2026/11").text, "2026-11-24")
    shown, rest = day.split('<details class="day-rest" id="rest-2026-11-24">')
    assert (shown.count("data-card "), rest.count("data-card ")) == (5, 2)
    assert "2 more" in rest
    assert "data-move-url" in rest

    unfolded = ana.get("/calendar/2026/11?all=1").text
    assert '<details class="day-rest" id="rest-2026-11-24" open>' in unfolded
    assert "/calendar/2026/12?all=1" in unfolded


def test_the_rows_of_the_list_are_cards_with_the_same_menu(
    ana: FlaskClient, cast: Cast, account: Account
) -> None:
    post = planned(cast.ana, account, "제목", TOMORROW)
    planned(cast.ben, account, "벤의 글", TOMORROW + timedelta(hours=3))
    page = ana.get("/calendar/list?from=2026-11-23&to=2026-11-30").text
    row, other = re.findall(r'<li class="item" data-list-item.*?</li>', page, re.DOTALL)
    assert f'data-card data-post-id="{post.id}" data-date="2026-11-24" data-time="09:00"' in row
    assert f'data-seen="{post.shown_at.isoformat()}"' in row
    assert row.count(f'="/calendar/posts/{post.id}/move?from=2026-11-23&amp;to=2026-11-30"') == 2
    assert "data-locked=" in other
    assert "/move?" not in other
    assert page.count("<template data-mover>") == page.count("data-move-form") == 1


def test_what_is_kept_drawn_is_shown_to_nobody_else_and_only_as_it_is(
    ana: FlaskClient, app: Flask, cast: Cast, account: Account, sign_in: SignIn
) -> None:
    post = planned(cast.ben, account, "벤의 글", TOMORROW)
    closed = cell(ana.get("/calendar/2026/11").text, "2026-11-24")
    editor = sign_in(app.test_client(), cast.rui)
    open_to = cell(editor.get("/calendar/2026/11").text, "2026-11-24")
    assert ("data-locked=" in closed, "data-move-url=" in closed) == (True, False)
    assert ("data-locked=" in open_to, "data-move-url=" in open_to) == (False, True)
    assert f"/stories/{post.story_id}" not in closed
    assert cell(ana.get("/calendar/2026/11").text, "2026-11-24") == closed

    with writing():
        cast.ana.language, cast.ana.timezone = "ko", "America/New_York"
    in_korean = cell(ana.get("/calendar/2026/11").text, "2026-11-23")
    assert "벤의 글" in in_korean
    assert "19:00" in in_korean
    assert "Draft" not in in_korean
    assert "초안" in in_korean
    with writing():
        cast.ben.name = "벤자민"
    assert "벤자민" in cell(editor.get("/calendar/2026/11").text, "2026-11-24")


def test_a_post_that_left_the_month_is_told_with_the_way_to_it(
    ana: FlaskClient, cast: Cast, account: Account
) -> None:
    post = planned(cast.ana, account, "제목", TOMORROW)
    path = f"/calendar/posts/{post.id}/move?view=2026-11&mine=1"
    script = {"X-Requested-With": "fetch"}
    there = f'href="/calendar/2026/12#post-{post.id}" data-moved-to'
    assert there in ana.post(path, data=moving(post, date(2026, 12, 24)), headers=script).text
    assert f'id="post-{post.id}"' in ana.get("/calendar/2026/12").text
    back = ana.post(path, data=moving(post, date(2026, 11, 30)), headers=script).text
    assert "data-moved-to" not in back


def test_an_old_address_leaves_out_what_is_not_there_any_more_and_says_so(
    ana: FlaskClient, cast: Cast, account: Account
) -> None:
    planned(cast.ana, account, "초안", TOMORROW)
    cast.ana.language = "ko"
    answer = ana.get("/calendar/2026/11?status=old&account=blog&author=Ana")
    assert answer.status_code == 200
    assert "초안" in answer.text
    assert "“old”, “Ana”" in answer.text
    assert "is no status" not in answer.text
    assert "/calendar/2026/12?account=blog" in answer.text
    assert "“" not in ana.get("/calendar/2026/11?account=blog").text
