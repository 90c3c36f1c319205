"""The calendar's pages, and moving posts on them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event as listen

from publisher import clock
from publisher.accounts.models import Account
from publisher.calendar import service as calendar
from publisher.calendar.rules import Filters
from publisher.deliveries import service as deliveries
from publisher.errors import Conflict, Invalid, NotAllowed, NotFound, Stale
from publisher.extensions import db
from publisher.people.models import User
from publisher.stories import review, shelving
from publisher.stories.models import Post
from tests.features.planned import blog, page, planned, submitted
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


@pytest.fixture
def rui(app, cast: Cast, sign_in: SignIn) -> FlaskClient:
    return sign_in(app.test_client(), cast.rui)


def approved(cast: Cast, post: Post) -> Post:
    submitted(cast.ana, post)
    review.approve(cast.rui, post, post.revision)
    return post


def shown(actor: User, filters: Filters | None = None) -> list[str]:
    found = calendar.entries(actor, NOON - timedelta(days=40), NOON + timedelta(days=40), filters)
    return [entry.title for entry in found]


def cell(page: str, day: str) -> str:
    """The markup of one day of the month."""
    found = re.search(rf'<td data-day="{day}".*?</td>', page, re.DOTALL)
    assert found, day
    return found[0]


# What is shown


def test_everybody_sees_titles_and_times_but_opens_only_their_own(
    cast: Cast, account: Account
) -> None:
    planned(cast.ana, account, "아나의 글", TOMORROW)
    for actor, opens, movable in (
        (cast.ana, True, True),
        (cast.ben, False, False),
        (cast.rui, True, True),
        (cast.vic, False, False),
    ):
        (entry,) = calendar.entries(actor, TOMORROW, TOMORROW + timedelta(days=1))
        assert (entry.title, entry.opens, entry.movable) == ("아나의 글", opens, movable)


def test_entries_carry_what_a_card_shows(cast: Cast, account: Account) -> None:
    post = planned(cast.ana, account, "제목", TOMORROW)
    (entry,) = calendar.entries(cast.ana, TOMORROW, TOMORROW + timedelta(days=1))
    assert (entry.account, entry.kind, entry.label) == ("blog", "blog", "회사 블로그")
    assert (entry.status, entry.at, entry.author) == ("draft", TOMORROW, "Ana")
    assert entry.url == f"/stories/{post.story_id}?post={post.id}"


def test_a_month_is_one_query_along_the_index(cast: Cast, account: Account) -> None:
    for day in range(3):
        planned(cast.ana, account, f"글 {day}", TOMORROW + timedelta(days=day))
    said: list[str] = []
    listen.listen(db.engine, "before_cursor_execute", lambda *args: said.append(args[2:4]))
    calendar.entries(cast.ana, NOON, NOON + timedelta(days=40))
    ((statement, values),) = [one for one in said if one[0].startswith("SELECT posts")]
    plan = db.session.connection().exec_driver_sql("EXPLAIN QUERY PLAN " + statement, values)
    steps = [row[-1] for row in plan]
    assert any("ix_posts_shown_at" in step for step in steps), steps
    assert not [step for step in steps if step.startswith(("SCAN posts", "USE TEMP B-TREE"))]


def test_filters_choose(cast: Cast, account: Account) -> None:
    other = page(cast.ada, "news", "소식지")
    planned(cast.ana, account, "하나", TOMORROW)
    submitted(cast.ben, planned(cast.ben, other, "둘", TOMORROW + timedelta(hours=1)))
    assert shown(cast.ana) == ["하나", "둘"]
    assert shown(cast.ana, Filters(account=("news",))) == ["둘"]
    assert shown(cast.ana, Filters(status=("draft",))) == ["하나"]
    assert shown(cast.ana, Filters(author=(cast.ben.id,))) == ["둘"]
    assert shown(cast.ana, Filters(mine=True)) == ["하나"]


def test_archived_posts_only_show_where_cancelled_ones_are_asked_for(
    cast: Cast, account: Account
) -> None:
    post = planned(cast.ana, account, "제목", TOMORROW)
    shelving.archive(cast.ana, post.story)
    assert shown(cast.ana) == []
    assert shown(cast.ana, Filters(status=("cancelled",))) == ["제목"]


def test_the_tray_holds_approved_posts_without_a_time(cast: Cast, account: Account) -> None:
    approved(cast, planned(cast.ana, account, "기다림", None))
    approved(cast, planned(cast.ana, account, "정해짐", TOMORROW))
    planned(cast.ana, account, "초안", None)
    for filters in (None, Filters(status=("draft",)), Filters(account=("blog",))):
        assert [entry.title for entry in calendar.tray(cast.rui, filters)] == ["기다림"]
    assert calendar.tray(cast.rui, Filters(mine=True)) == []


# Moving


def test_a_draft_moves_with_its_wall_time(cast: Cast, account: Account) -> None:
    post = planned(cast.ana, account, "제목", TOMORROW)
    there = TOMORROW + timedelta(days=3, hours=1)
    done = calendar.move(cast.ana, post, there, SEOUL)
    assert (done.before, done.entry.at, done.undoable) == (TOMORROW, there, True)
    assert (post.planned_at, post.planned_wall) == (there, "2026-11-27T10:00")


def test_an_approved_post_from_the_tray_is_scheduled(cast: Cast, account: Account) -> None:
    post = approved(cast, planned(cast.ana, account, "제목", None))
    done = calendar.move(cast.rui, post, TOMORROW, SEOUL, seen="")
    assert (done.entry.status, done.before, done.undoable) == ("scheduled", None, False)
    assert [delivery.due_at for delivery in deliveries.of_post(post)] == [TOMORROW]


def test_a_scheduled_post_moves_with_its_delivery_and_for_editors_only(
    cast: Cast, account: Account
) -> None:
    post = planned(cast.ana, account, "제목", TOMORROW)
    submitted(cast.ana, post)
    deliveries.approve(cast.rui, post, post.revision)
    with pytest.raises(NotAllowed):
        calendar.move(cast.ana, post, TOMORROW + timedelta(days=1), SEOUL)
    calendar.move(cast.rui, post, TOMORROW + timedelta(days=1), SEOUL)
    assert [each.due_at for each in deliveries.of_post(post)] == [TOMORROW + timedelta(days=1)]


def test_nothing_moves_into_the_past_or_for_strangers_or_unseen(
    cast: Cast, account: Account
) -> None:
    post = planned(cast.ana, account, "제목", TOMORROW)
    with pytest.raises(Invalid):
        calendar.move(cast.ana, post, NOON - timedelta(days=1), SEOUL)
    with pytest.raises((NotAllowed, NotFound)):
        calendar.move(cast.ben, post, TOMORROW + timedelta(days=1), SEOUL)
    with pytest.raises(Stale):
        calendar.move(cast.ana, post, TOMORROW + timedelta(days=1), SEOUL, seen=NOON.isoformat())
    assert post.planned_at == TOMORROW


def test_archived_posts_do_not_move(cast: Cast, account: Account) -> None:
    post = planned(cast.ana, account, "제목", TOMORROW)
    shelving.archive(cast.ana, post.story)
    with pytest.raises(Conflict):
        calendar.move(cast.ana, post, TOMORROW + timedelta(days=1), SEOUL)


# Pages


def test_the_calendar_begins_with_this_month(ana: FlaskClient) -> None:
    answer = ana.get("/calendar", follow_redirects=True)
    assert answer.request.path == "/calendar/2026/11"


def test_strangers_are_asked_to_sign_in(client: FlaskClient) -> None:
    assert client.get("/calendar/2026/11").location.startswith("/sign-in?next=")


def test_a_month_shows_each_post_on_its_local_day(
    ana: FlaskClient, cast: Cast, account: Account
) -> None:
    planned(cast.ana, account, "자정 넘어", datetime(2026, 11, 24, 15, 30, tzinfo=UTC))
    page = ana.get("/calendar/2026/11").text
    day = cell(page, "2026-11-25")
    assert "자정 넘어" in day
    assert "00:30" in day
    assert "Asia/Seoul" in page


def test_close_posts_of_one_account_are_marked(
    ana: FlaskClient, cast: Cast, account: Account
) -> None:
    planned(cast.ana, account, "하나", TOMORROW)
    planned(cast.ana, account, "둘", TOMORROW + timedelta(minutes=5))
    assert ana.get("/calendar/2026/11").text.count("card-clash") == 2


def test_a_filter_stays_while_one_pages_on(ana: FlaskClient, cast: Cast, account: Account) -> None:
    planned(cast.ana, account, "초안", TOMORROW)
    page = ana.get("/calendar/2026/11?status=published&mine=1").text
    assert "초안" not in page
    assert "/calendar/2026/12?status=published&amp;mine=1" in page


@pytest.mark.parametrize("path", ["/calendar/2026/13", "/calendar/0/1", "/calendar/99999/1"])
def test_months_that_do_not_exist_are_not_found(ana: FlaskClient, path: str) -> None:
    assert ana.get(path).status_code == 404


@pytest.mark.parametrize(
    "query", ["", "?from=x&to=y", "?from=2026-11-24&to=2026-11-01", "?from=0001-01-01"]
)
def test_a_list_answers_whatever_its_dates(ana: FlaskClient, query: str) -> None:
    assert ana.get(f"/calendar/list{query}").status_code == 200


def moving(post: Post, day: date, at: time = time(9), **more: str) -> dict[str, str]:
    return {"day": day.isoformat(), "time": f"{at:%H:%M}", "zone": SEOUL, **more}


def test_a_form_moves_and_says_so_with_a_way_back(
    ana: FlaskClient, cast: Cast, account: Account
) -> None:
    post = planned(cast.ana, account, "제목", TOMORROW)
    there = TOMORROW + timedelta(days=2)
    form = moving(post, there.date(), seen=TOMORROW.isoformat())
    answer = ana.post(f"/calendar/posts/{post.id}/move?view=2026-11&mine=1", data=form)
    assert answer.location == "/calendar/2026/11?mine=1"
    assert post.planned_at == there
    page = ana.get(answer.location).text
    assert "Moved. 제목" in page

    undo = re.search(r'<form class="inline-form" method="post" action="([^"]+)">(.*?)</form>', page)
    assert undo
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', undo[2]))
    ana.post(undo[1].replace("&amp;", "&"), data=fields)
    assert post.planned_at == TOMORROW


def test_a_script_gets_the_fresh_month_and_the_sentence(
    ana: FlaskClient, cast: Cast, account: Account
) -> None:
    post = planned(cast.ana, account, "제목", TOMORROW)
    answer = ana.post(
        f"/calendar/posts/{post.id}/move?view=2026-11",
        data=moving(post, date(2026, 11, 27), seen=TOMORROW.isoformat()),
        headers={"X-Requested-With": "fetch"},
    )
    assert answer.status_code == 200
    assert "<html" not in answer.text
    assert 'data-toast="success"' in answer.text
    assert "제목" in cell(answer.text, "2026-11-27")
    assert "제목" not in cell(answer.text, "2026-11-24")


REFUSALS = [
    ("2026-11-20", TOMORROW.isoformat(), 422, "passed"),
    ("2026-11-27", NOON.isoformat(), 409, "Somebody moved this post"),
    ("", TOMORROW.isoformat(), 422, "Please choose"),
]


@pytest.mark.parametrize("script", [True, False])
@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: refusal[3])
def test_a_refused_move_says_why_and_changes_nothing(
    ana: FlaskClient,
    cast: Cast,
    account: Account,
    script: bool,
    refusal: tuple[str, str, int, str],
) -> None:
    day, seen, status, sentence = refusal
    post = planned(cast.ana, account, "제목", TOMORROW)
    answer = ana.post(
        f"/calendar/posts/{post.id}/move",
        data={"day": day, "time": "09:00", "zone": SEOUL, "seen": seen},
        headers={"X-Requested-With": "fetch"} if script else {},
    )
    assert answer.status_code == status
    assert sentence in answer.text
    assert ("<html" in answer.text) is not script
    assert post.planned_at == TOMORROW


def test_a_time_that_a_clock_shows_twice_is_asked_for(
    ana: FlaskClient, cast: Cast, account: Account
) -> None:
    post = planned(cast.ana, account, "제목", TOMORROW)
    path = f"/calendar/posts/{post.id}/move"
    form = {"day": "2027-11-07", "time": "01:30", "zone": "America/New_York"}
    asked = ana.post(path, data={**form, "seen": TOMORROW.isoformat()})
    assert asked.status_code == 422
    choices = re.findall(r'name="instant" id="[^"]+" value="([^"]+)"', asked.text)
    assert len(choices) == 2
    ana.post(path, data={**form, "seen": TOMORROW.isoformat(), "instant": choices[1]})
    assert post.planned_at == datetime(2027, 11, 7, 6, 30, tzinfo=UTC)


def test_what_is_not_mine_can_neither_be_moved_nor_its_dialog_opened(
    ana: FlaskClient, cast: Cast, account: Account
) -> None:
    post = planned(cast.ben, account, "벤의 글", TOMORROW)
    path = f"/calendar/posts/{post.id}/move"
    assert ana.get(path).status_code == 404
    assert ana.post(path, data=moving(post, date(2026, 11, 27))).status_code == 404
    page = ana.get("/calendar/2026/11").text
    assert "벤의 글" in page
    assert f'data-post-id="{post.id}" data-date="2026-11-24" data-locked=' in page


def test_a_move_never_leads_to_another_site(ana: FlaskClient, cast: Cast, account: Account) -> None:
    post = planned(cast.ana, account, "제목", TOMORROW)
    form = moving(post, date(2026, 11, 27), next="https://evil.example/")
    answer = ana.post(f"/calendar/posts/{post.id}/move", data=form)
    assert answer.location.startswith("/calendar/")


def test_the_tray_is_for_editors(
    ana: FlaskClient, rui: FlaskClient, cast: Cast, account: Account
) -> None:
    approved(cast, planned(cast.ana, account, "기다림", None))
    assert "tray-title" not in ana.get("/calendar/2026/11").text
    tray = rui.get("/calendar/2026/11").text.partition("tray-title")[2]
    assert "기다림" in tray


@pytest.mark.parametrize("script", [True, False])
def test_a_title_stays_text_wherever_it_is_shown(
    ana: FlaskClient, cast: Cast, account: Account, script: bool
) -> None:
    title = "<img src=x onerror=alert(1)>" + "가" * 160
    post = planned(cast.ana, account, title, TOMORROW)
    answer = ana.post(
        f"/calendar/posts/{post.id}/move",
        data=moving(post, date(2026, 11, 27)),
        headers={"X-Requested-With": "fetch"} if script else {},
        follow_redirects=True,
    )
    assert "Moved. &lt;img" in answer.text
    assert "<img src=x" not in answer.text
