"""Planning: weeks, zones, advice while a time is chosen, slots and days off."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta

import pytest
from flask.testing import FlaskClient

from publisher import clock
from publisher.accounts.models import Account
from publisher.calendar import planning, shifting
from publisher.calendar.models import Blackout, QueueSlot
from publisher.errors import Conflict, Invalid, NotAllowed
from publisher.extensions import db
from publisher.people.models import User
from publisher.stories.models import Post
from tests.features.planned import blog, page, planned, submitted
from tests.plugins.app import Cast

NOON = datetime(2026, 11, 23, 3, tzinfo=UTC)
TOMORROW = datetime(2026, 11, 24, 0, tzinfo=UTC)
CHRISTMAS = datetime(2026, 12, 25, 0, tzinfo=UTC)
SEOUL = "Asia/Seoul"
ARTICLE = "새로운 제조 실행 시스템을 도입하여 불량률을 절반으로 줄인 현장 이야기를 자세히 전합니다."
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


def notes_of(page: str) -> list[str]:
    """The advice that a page gives."""
    lists = re.findall(r'<ul class="plan-notes">(.*?)</ul>', page, re.DOTALL)
    return [
        re.sub(r"<[^>]+>", "", each).strip() for each in re.findall(r"<li.*?</li>", "".join(lists))
    ]


def card(page: str, post: Post) -> str:
    found = re.search(rf'data-post-id="{post.id}".*?</li>', page, re.DOTALL)
    assert found
    return found[0]


# Week, zone


def test_a_week_shows_seven_days_and_every_post_of_them(
    ana: FlaskClient, cast: Cast, account: Account
) -> None:
    for n in range(7):
        planned(cast.ana, account, f"글 {n}", TOMORROW + timedelta(hours=n))
    planned(cast.ana, account, "다음 주", TOMORROW + timedelta(days=7))
    page = ana.get("/calendar/week?day=2026-11-25").text
    days = re.findall(r'<td data-day="([^"]+)"', page)
    assert (days[0], days[-1], len(days)) == ("2026-11-22", "2026-11-28", 7)
    assert [f"글 {n}" in page for n in range(7)] == [True] * 7
    assert "다음 주" not in page
    assert "/calendar/week?day=2026-11-29" in page


def test_the_calendar_opens_as_it_was_last_seen(ana: FlaskClient) -> None:
    ana.get("/calendar/week?day=2026-11-25")
    assert ana.get("/calendar").location == "/calendar/week"
    ana.get("/calendar/2026/11")
    assert ana.get("/calendar").location == "/calendar/2026/11"


def test_a_zone_in_the_address_stays_while_one_goes_on_and_moves(
    ana: FlaskClient, cast: Cast, account: Account
) -> None:
    post = planned(cast.ana, account, "제목", TOMORROW)
    page = ana.get("/calendar/week?day=2026-11-23&tz=America/New_York&mine=1").text
    assert "19:00" in card(page, post)
    assert 'data-date="2026-11-23"' in card(page, post)
    assert "tz=America/New_York" in re.search(r'rel="next" href="([^"]+)"', page)[1]
    path = re.search(r'data-move-url="([^"]+)"', card(page, post))[1].replace("&amp;", "&")
    form = {"day": "2026-11-24", "time": "19:00", "zone": "America/New_York"}
    moved = ana.post(path, data={**form, "seen": TOMORROW.isoformat()})
    assert "week?day=2026-11-22" in moved.location
    assert "mine=1" in moved.location
    assert "tz=America/New_York" in moved.location
    assert post.planned_at == TOMORROW + timedelta(days=1)


def test_a_zone_that_nobody_knows_is_the_reader_s_own(ana: FlaskClient) -> None:
    page = ana.get("/calendar/week?tz=Mars/Olympus")
    assert page.status_code == 200
    assert "Times are shown in Asia/Seoul" in page.text


# Advice


def test_clashes_are_marked_on_the_cards_whatever_is_filtered_away(
    ana: FlaskClient, cast: Cast, account: Account
) -> None:
    mine = planned(cast.ana, account, "하나", TOMORROW)
    planned(cast.ben, account, "둘", TOMORROW + timedelta(minutes=20))
    for path in ("/calendar/2026/11", "/calendar/2026/11?mine=1", "/calendar/week?day=2026-11-24"):
        assert "20 minutes to another post" in card(ana.get(path).text, mine)
    assert "20 minutes to another post" in ana.get("/calendar/list?mine=1").text


def test_nearly_the_same_words_are_found_beyond_the_edge_of_the_page(
    ana: FlaskClient, cast: Cast, account: Account
) -> None:
    planned(cast.ben, account, "벤", TOMORROW, text=ARTICLE)
    later = TOMORROW + timedelta(days=10)
    post = planned(cast.ana, account, "아나", later, text=ARTICLE.replace("자세히", "짧게"))
    page = ana.get("/calendar/week?day=2026-12-04").text
    assert "Nearly the same words" in card(page, post)


def test_the_dialog_says_what_speaks_against_the_time_it_shows(
    ana: FlaskClient, cast: Cast, account: Account
) -> None:
    planned(cast.ben, account, "벤의 글", TOMORROW)
    post = planned(cast.ana, account, "제목", TOMORROW + timedelta(days=1))
    path = f"/calendar/posts/{post.id}/move"
    assert notes_of(ana.get(path).text) == []
    there = ana.get(f"{path}?day=2026-11-24&time=09:20&zone={SEOUL}").text
    assert notes_of(there) == ["20 minutes apart on this account: “벤의 글”"]
    form = {"day": "2026-11-24", "time": "09:00", "zone": SEOUL, "check": "1"}
    checked = ana.post(path, data=form)
    assert checked.status_code == 200
    assert notes_of(checked.text) == ["At the same minute on this account: “벤의 글”"]
    assert post.planned_at == TOMORROW + timedelta(days=1)


@pytest.mark.parametrize("script", [True, False])
def test_a_move_into_a_clash_happens_and_says_so(
    ana: FlaskClient, cast: Cast, account: Account, script: bool
) -> None:
    planned(cast.ben, account, "벤의 글", TOMORROW)
    post = planned(cast.ana, account, "제목", TOMORROW + timedelta(days=1))
    answer = ana.post(
        f"/calendar/posts/{post.id}/move",
        data={"day": "2026-11-24", "time": "09:10", "zone": SEOUL},
        headers={"X-Requested-With": "fetch"} if script else {},
        follow_redirects=True,
    )
    assert post.planned_at == TOMORROW + timedelta(minutes=10)
    assert 'data-toast="warning"' in answer.text
    assert notes_of(answer.text) == ["10 minutes apart on this account: “벤의 글”"]


def test_a_public_holiday_is_told_and_warns_of_nothing(
    rui: FlaskClient, cast: Cast, account: Account
) -> None:
    post = planned(cast.ana, account, "제목", TOMORROW)
    (note,) = planning.notes(post, CHRISTMAS, SEOUL)
    assert (note.kind, note.warns) == ("holiday", False)
    month = rui.get("/calendar/2026/12").text
    assert "Christmas Day" in re.search(r'<td data-day="2026-12-25".*?</td>', month, re.DOTALL)[0]


def test_the_page_of_days_off_says_until_when_holidays_are_known(
    rui: FlaskClient, cast: Cast, sign_in: SignIn
) -> None:
    page = rui.get("/calendar/times").text
    assert "Holidays are known until the end of 2030." in page
    assert "no day is marked" not in page
    clock.set_source(lambda: datetime(2030, 3, 1, tzinfo=UTC))
    later = sign_in(rui, cast.rui).get("/calendar/times").text
    assert "From then on no day is marked" in later


def test_another_story_on_another_account_at_one_minute_is_told_without_a_warning(
    cast: Cast, account: Account
) -> None:
    planned(cast.ben, page(cast.ada, "news", "소식지"), "벤의 글", TOMORROW)
    post = planned(cast.ana, account, "제목", TOMORROW)
    (note,) = planning.notes(post, TOMORROW, SEOUL)
    assert (note.kind, note.warns) == ("elsewhere", False)
    assert "벤의 글" in note.text


# Slots


def test_slots_are_added_once_and_offer_the_next_free_time(
    rui: FlaskClient, cast: Cast, account: Account
) -> None:
    form = {"account": "blog", "weekdays": ["1", "3"], "at": "09:00", "zone": SEOUL}
    for _again in range(2):
        assert rui.post("/calendar/slots", data=form).location == "/calendar/times"
    slots = planning.queue_slots()
    first = slots[0].id
    assert [(slot.weekday, slot.at, slot.zone) for slot in slots] == [
        (1, "09:00", SEOUL),
        (3, "09:00", SEOUL),
    ]
    assert planning.free_slot(account).instant == TOMORROW
    planned(cast.ana, account, "먼저", TOMORROW)
    assert planning.free_slot(account).instant == TOMORROW + timedelta(days=2)

    post = planned(cast.ana, account, "제목", None)
    dialog = rui.get(f"/calendar/posts/{post.id}/move").text
    offered = re.search(r'href="([^"]+)" data-fill-when', dialog)
    assert offered
    filled = rui.get(offered[1].replace("&amp;", "&")).text
    assert 'value="2026-11-26"' in filled
    assert 'value="09:00"' in filled

    for _again in range(2):
        assert rui.post(f"/calendar/slots/{first}/remove").status_code == 302
    assert db.session.query(QueueSlot).count() == 1


def test_no_slot_is_offered_on_a_holiday_or_a_closed_day(cast: Cast, account: Account) -> None:
    planning.add_slots(cast.rui, account, [4], time(9), SEOUL)
    friday = date(2026, 11, 27)
    assert planning.free_slot(account).day == friday
    planning.add_blackout(cast.rui, friday, date(2026, 12, 18), "이전")
    assert planning.free_slot(account).day == date(2027, 1, 8), "Christmas and New Year are Fridays"


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"weekdays": [], "at": "09:00"}, "Choose at least one weekday."),
        ({"weekdays": ["1"], "at": ""}, "Please choose a time."),
        ({"weekdays": ["1"], "at": "09:00", "zone": "Mars/Olympus"}, "is no time zone"),
    ],
)
def test_a_wrong_slot_is_refused_with_a_sentence(
    rui: FlaskClient, account: Account, form: dict[str, object], sentence: str
) -> None:
    answer = rui.post("/calendar/slots", data={"account": "blog", "zone": SEOUL, **form})
    assert answer.status_code == 422
    assert sentence in answer.text
    assert planning.queue_slots() == []


def test_only_editors_set_times(ana: FlaskClient, cast: Cast, account: Account) -> None:
    assert ana.get("/calendar/times").status_code == 403
    for verb in (
        lambda: planning.add_slots(cast.ana, account, [1], time(9), SEOUL),
        lambda: planning.add_blackout(cast.ana, date(2026, 12, 1), None, "x"),
        lambda: planning.remove_blackout(cast.ana, 1),
        lambda: planning.remove_slot(cast.ana, 1),
        lambda: shifting.move_together(cast.ana, "x", {1: (TOMORROW, "")}),
    ):
        with pytest.raises(NotAllowed):
            verb()


# Blackout dates


def test_closed_days_are_marked_warn_and_can_be_opened_again(
    rui: FlaskClient, cast: Cast, account: Account
) -> None:
    form = {"first": "2026-11-24", "last": "2026-11-25", "reason": "사무실 이전"}
    rui.post("/calendar/blackouts", data=form)
    post = planned(cast.ana, account, "제목", TOMORROW)
    month = rui.get("/calendar/2026/11").text
    assert month.count("is-blackout") == 2
    assert month.count("사무실 이전") == 2
    (note,) = planning.notes(post, TOMORROW, SEOUL)
    assert note.warns
    assert "사무실 이전" in note.text
    (made,) = planning.blackouts(date(2026, 11, 23))
    rui.post(f"/calendar/blackouts/{made.id}/remove")
    assert planning.notes(post, TOMORROW, SEOUL) == []


@pytest.mark.parametrize(
    ("first", "last", "reason"),
    [
        ("2026-11-24", "2026-11-23", "x"),
        ("2026-11-24", "2028-11-23", "x"),
        ("2026-11-24", "", " "),
        ("0001-01-01", "", "x"),
    ],
)
def test_wrong_days_are_refused(rui: FlaskClient, first: str, last: str, reason: str) -> None:
    form = {"first": first, "last": last, "reason": reason}
    assert rui.post("/calendar/blackouts", data=form).status_code == 422
    assert db.session.query(Blackout).count() == 0


def test_approving_for_a_closed_day_asks_first(
    rui: FlaskClient, cast: Cast, account: Account
) -> None:
    planning.add_blackout(cast.rui, date(2026, 11, 24), None, "사무실 이전")
    post = submitted(cast.ana, planned(cast.ana, account, "제목", TOMORROW))
    form = {"revision": str(post.revision), "date": "2026-11-24", "time": "09:00", "zone": SEOUL}
    assert 'name="on_closed_day"' in rui.get(f"/review/{post.id}").text
    asked = rui.post(f"/posts/{post.id}/approve", data=form)
    assert asked.status_code == 409
    assert "사무실 이전" in asked.text
    assert 'name="on_closed_day"' in asked.text
    rui.post(f"/stories/{post.story_id}/approve", data={f"revision-{post.id}": post.revision})
    assert post.status == "in_review"
    rui.post(f"/posts/{post.id}/approve", data={**form, "on_closed_day": "y"})
    assert post.shown_status == "scheduled"


def test_approving_for_an_open_day_asks_nothing_and_offers_a_slot(
    rui: FlaskClient, ana: FlaskClient, cast: Cast, account: Account
) -> None:
    planning.add_slots(cast.rui, account, [3], time(14), SEOUL)
    planned(cast.ben, account, "벤의 글", TOMORROW)
    post = submitted(cast.ana, planned(cast.ana, account, "제목", TOMORROW))
    page = rui.get(f"/review/{post.id}").text
    assert "on_closed_day" not in page
    assert 'data-day="2026-11-26" data-time="14:00"' in page
    assert notes_of(page) == ["At the same minute on this account: “벤의 글”"]
    desk = ana.get(f"/stories/{post.story_id}").text
    assert 'data-day="2026-11-26" data-time="14:00"' in desk
    assert notes_of(desk) == notes_of(page)


def test_a_time_on_a_closed_day_is_only_taken_when_confirmed(cast: Cast) -> None:
    planning.add_blackout(cast.rui, date(2026, 11, 24), None, "사무실 이전")
    with pytest.raises(Conflict, match="사무실 이전"):
        planning.require_confirmed([None, TOMORROW], confirmed=False)
    planning.require_confirmed([TOMORROW], confirmed=True)
    planning.require_confirmed([TOMORROW + timedelta(days=1), None], confirmed=False)


def test_slots_of_a_wrong_zone_are_invalid(cast: Cast, account: Account) -> None:
    with pytest.raises(Invalid):
        planning.add_slots(cast.rui, account, [1], time(9), "Mars/Olympus")
