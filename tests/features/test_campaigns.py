"""A campaign moved as a whole: its preview, the move, and the way back."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient

from publisher import clock
from publisher.accounts.models import Account
from publisher.calendar import shifting
from publisher.deliveries import service as deliveries
from publisher.errors import Conflict, NotFound, Stale
from publisher.extensions import db
from publisher.people.models import User
from publisher.storage import writing
from publisher.stories import shelving
from publisher.stories.models import Post
from tests.features.planned import blog, planned, submitted
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
def rui(app, cast: Cast, sign_in: SignIn) -> FlaskClient:
    return sign_in(app.test_client(), cast.rui)


def of_campaign(cast: Cast, account: Account, title: str, at: datetime) -> Post:
    post = planned(cast.ana, account, title, at)
    with writing():
        post.story.campaign = "출시"
    return post


def notes_of(page: str) -> list[str]:
    """The advice that a page gives."""
    lists = re.findall(r'<ul class="plan-notes">(.*?)</ul>', page, re.DOTALL)
    return [
        re.sub(r"<[^>]+>", "", each).strip() for each in re.findall(r"<li.*?</li>", "".join(lists))
    ]


def test_a_campaign_moves_as_a_whole_and_back(
    rui: FlaskClient, cast: Cast, account: Account
) -> None:
    draft = of_campaign(cast, account, "초안", TOMORROW)
    scheduled = of_campaign(cast, account, "예약", TOMORROW + timedelta(days=1))
    submitted(cast.ana, scheduled)
    deliveries.approve(cast.rui, scheduled, scheduled.revision)
    other = planned(cast.ana, account, "다른 글", TOMORROW + timedelta(days=7, minutes=5))

    page = rui.get("/calendar/campaigns?campaign=출시&by=1&unit=weeks&way=later").text
    assert "2 posts move" in page
    assert notes_of(page) == ["5 minutes apart on this account: “다른 글”"]
    form = dict(re.findall(r'name="((?:at|seen)-\d+)" value="([^"]*)"', page))
    ids = re.findall(r'name="post" value="(\d+)"', page)
    data = {"campaign": "출시", "post": ids, **form}
    moved = rui.post("/calendar/campaigns/move", data=data)
    assert draft.planned_at == TOMORROW + timedelta(days=7)
    (delivery,) = deliveries.of_post(scheduled)
    assert delivery.due_at == TOMORROW + timedelta(days=8)
    assert other.planned_at == TOMORROW + timedelta(days=7, minutes=5)

    after = rui.get(moved.location).text
    event = re.search(r'name="event" value="(\d+)"', after)[1]
    rui.post("/calendar/campaigns/undo", data={"event": event, "campaign": "출시"})
    assert draft.planned_at == TOMORROW
    assert deliveries.of_post(scheduled)[0].due_at == TOMORROW + timedelta(days=1)


def test_what_cannot_move_stays_and_says_why(cast: Cast, account: Account) -> None:
    of_campaign(cast, account, "내일", TOMORROW)
    of_campaign(cast, account, "나중", TOMORROW + timedelta(days=9))
    archived = of_campaign(cast, account, "치운 글", TOMORROW)
    shelving.archive(cast.ana, archived.story)
    soon, later = shifting.preview("출시", -7)
    assert (soon.after, bool(soon.problem)) == (None, True)
    assert (later.after, later.problem) == (TOMORROW + timedelta(days=2), "")
    assert shifting.campaigns() == [("출시", 2)]


def test_a_campaign_moves_wholly_or_not_at_all(cast: Cast, account: Account) -> None:
    one = of_campaign(cast, account, "하나", TOMORROW)
    two = of_campaign(cast, account, "둘", TOMORROW + timedelta(days=1))
    later = TOMORROW + timedelta(days=9)
    wishes = {one.id: (later, TOMORROW.isoformat()), two.id: (later, TOMORROW.isoformat())}
    with pytest.raises(Stale, match="둘"):
        shifting.move_together(cast.rui, "출시", wishes)
    past = {one.id: (later, TOMORROW.isoformat()), two.id: (NOON - timedelta(days=1), "")}
    with pytest.raises((Conflict, Stale)):
        shifting.move_together(cast.rui, "출시", past)
    db.session.rollback()
    assert (one.planned_at, two.planned_at) == (TOMORROW, TOMORROW + timedelta(days=1))


def test_an_undo_never_overwrites_what_somebody_moved_meanwhile(
    cast: Cast, account: Account
) -> None:
    post = of_campaign(cast, account, "하나", TOMORROW)
    week = timedelta(days=7)
    _done, event = shifting.move_together(
        cast.rui, "출시", {post.id: (TOMORROW + week, TOMORROW.isoformat())}
    )
    deliveries.move(cast.ana, post, TOMORROW + 2 * week, SEOUL)
    with pytest.raises(Stale):
        shifting.undo(cast.rui, event)
    with pytest.raises(NotFound):
        shifting.undo(cast.rui, event + 1)
    assert post.planned_at == TOMORROW + 2 * week


def test_only_posts_of_the_campaign_with_a_time_are_moved(cast: Cast, account: Account) -> None:
    other = planned(cast.ana, account, "다른 글", TOMORROW)
    timeless = of_campaign(cast, account, "시간 없음", TOMORROW)
    with writing():
        timeless.planned_at = timeless.shown_at = None
    for post, seen in ((other, TOMORROW.isoformat()), (timeless, "")):
        with pytest.raises(Conflict, match=post.story.title):
            shifting.move_together(
                cast.rui, "출시", {post.id: (TOMORROW + timedelta(days=7), seen)}
            )


def test_what_was_taken_down_is_no_longer_to_come(cast: Cast, account: Account) -> None:
    down = of_campaign(cast, account, "내린 글", TOMORROW)
    doubtful = of_campaign(cast, account, "모름", TOMORROW)
    with writing():
        down.shown_status, doubtful.shown_status = "taken_down", "unconfirmed"
    (shift,) = shifting.preview("출시", 7)
    assert (shift.post, shift.problem) == (doubtful, "Nobody knows yet whether it is out.")
    assert shifting.campaigns() == [("출시", 1)]


@pytest.mark.parametrize("by", ["0", "-1", "x", "367", "", "9" * 30])
def test_a_campaign_moves_by_a_day_to_a_year(
    rui: FlaskClient, cast: Cast, account: Account, by: str
) -> None:
    of_campaign(cast, account, "하나", TOMORROW)
    page = rui.get(f"/calendar/campaigns?campaign=출시&by={by}&unit=days")
    assert page.status_code == 200
    assert "Move them all" not in page.text
