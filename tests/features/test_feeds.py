"""Feeds as a subscriber's program sees them."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient
from icalendar import Calendar
from sqlalchemy import event as listen
from sqlalchemy import func, select

from publisher import clock
from publisher.accounts.models import Account
from publisher.extensions import db
from publisher.feeds import service as feeds
from publisher.feeds.models import RenderedEvent
from publisher.storage import writing
from publisher.stories import review, shelving
from publisher.stories import service as stories
from publisher.stories.rules import Draft
from tests.features.planned import blog, planned, submitted
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


def test_a_feed_tells_title_channel_time_and_state(
    client: FlaskClient, cast: Cast, account: Account
) -> None:
    post = planned(cast.ana, account, "반도체 신제품 소개", TOMORROW)
    _feed, url = feeds.make(cast.ana, "편집 달력", language="ko")

    found = events(client, url)["[회사 블로그] 반도체 신제품 소개"]

    assert found["UID"] == f"{post.uid}@localhost"
    assert found.start == TOMORROW
    assert found.end == TOMORROW + timedelta(minutes=15)
    assert found["STATUS"] == "TENTATIVE"
    assert found["TRANSP"] == "TRANSPARENT"
    assert found["SEQUENCE"] == post.sequence
    assert found["DTSTAMP"].dt == found["LAST-MODIFIED"].dt == post.changed_at
    assert found["URL"] == f"http://localhost/stories/{post.story_id}?post={post.id}"


def test_the_calendar_has_a_name_and_neither_uid_nor_method(
    client: FlaskClient, cast: Cast
) -> None:
    _feed, url = feeds.make(cast.ana, "편집 달력", language="ko")

    data = client.get(path_of(url)).data
    head = data.partition(b"BEGIN:VTIMEZONE")[0].decode().split("\r\n")

    assert [line.split(":")[0].split(";")[0] for line in head if line] == [
        "BEGIN",
        "VERSION",
        "PRODID",
        "CALSCALE",
        "NAME",
        "X-WR-CALNAME",
        "DESCRIPTION",
        "X-WR-CALDESC",
        "X-WR-TIMEZONE",
        "COLOR",
        "X-APPLE-CALENDAR-COLOR",
        "URL",
        "REFRESH-INTERVAL",
        "X-PUBLISHED-TTL",
    ]
    assert "REFRESH-INTERVAL;VALUE=DURATION:PT1H" in head
    assert "X-WR-CALNAME:편집 달력" in head
    assert url.split("/")[4].encode() not in data


def test_an_empty_feed_still_holds_a_component(client: FlaskClient, cast: Cast) -> None:
    _feed, url = feeds.make(cast.vic, "Empty")
    calendar = Calendar.from_ical(client.get(path_of(url)).data)
    assert [part.name for part in calendar.subcomponents] == ["VTIMEZONE"]


def test_headers_are_those_that_calendar_programs_need(
    client: FlaskClient, cast: Cast, account: Account, sign_in, hands: Hands
) -> None:
    planned(cast.ana, account, "제목", TOMORROW)
    _feed, url = feeds.make(cast.ana, "Mine")
    hands.turn(minutes=5)

    for browser in (client, sign_in(client, cast.ana)):
        answer = browser.get(path_of(url))
        assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
        assert answer.headers["Content-Disposition"] == 'inline; filename="calendar.ics"'
        assert answer.headers["Cache-Control"] == "private, no-cache"
        assert answer.headers["Vary"] == "Accept-Encoding"
        assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.last_modified == NOON
        assert "Set-Cookie" not in answer.headers


def test_head_answers_as_get_without_a_body(
    client: FlaskClient, cast: Cast, account: Account
) -> None:
    planned(cast.ana, account, "제목", TOMORROW)
    _feed, url = feeds.make(cast.ana, "Mine")
    got, headed = client.get(path_of(url)), client.head(path_of(url))
    assert (headed.status_code, headed.data) == (200, b"")
    assert headed.headers["ETag"] == got.headers["ETag"]


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_what_did_not_change_is_not_sent_again(
    client: FlaskClient, cast: Cast, account: Account, encoding: str
) -> None:
    planned(cast.ana, account, "제목", TOMORROW)
    _feed, url = feeds.make(cast.ana, "Mine")
    path, accepts = path_of(url), {"Accept-Encoding": encoding}
    tag = client.get(path, headers=accepts).headers["ETag"]

    for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = client.get(path, headers={**accepts, "If-None-Match": known})
        assert (again.status_code, again.data) == (304, b""), known
        assert again.headers["ETag"] == tag
    stale = client.get(path, headers={**accepts, "If-None-Match": '"other"'})
    assert stale.status_code == 200


def test_gzip_has_a_tag_of_its_own_and_the_same_bytes_inside(
    client: FlaskClient, cast: Cast, account: Account
) -> None:
    planned(cast.ana, account, "제목", TOMORROW)
    _feed, url = feeds.make(cast.ana, "Mine")
    plain = client.get(path_of(url))
    packed = [
        client.get(path_of(url), headers={"Accept-Encoding": "gzip, deflate"}) for _ in range(2)
    ]
    assert packed[0].data == packed[1].data
    assert gzip.decompress(packed[0].data) == plain.data
    assert packed[0].headers["ETag"] != plain.headers["ETag"]


def test_a_304_of_a_quiet_calendar_takes_two_queries_and_renders_nothing(
    client: FlaskClient, cast: Cast, account: Account, hands: Hands
) -> None:
    for day in range(5):
        planned(cast.ana, account, f"제목 {day}", TOMORROW + timedelta(days=day))
    _feed, url = feeds.make(cast.ana, "Mine")
    hands.turn(minutes=5)
    tag = client.get(path_of(url)).headers["ETag"]
    said: list[str] = []
    listen.listen(db.engine, "before_cursor_execute", lambda *args: said.append(args[2]))

    assert client.get(path_of(url), headers={"If-None-Match": tag}).status_code == 304
    said = [statement for statement in said if statement != "BEGIN"]
    assert len(said) == 2, said
    assert not [statement for statement in said if "rendered_events" in statement]


def test_a_change_of_a_quiet_calendar_is_seen_at_once(
    client: FlaskClient, cast: Cast, account: Account, hands: Hands
) -> None:
    post = planned(cast.ana, account, "제목", TOMORROW)
    _feed, url = feeds.make(cast.ana, "Mine")
    hands.turn(minutes=5)
    tag = client.get(path_of(url)).headers["ETag"]
    assert client.get(path_of(url), headers={"If-None-Match": tag}).status_code == 304

    stories.plan(cast.ana, post, TOMORROW + timedelta(days=1), "Asia/Seoul")
    assert client.get(path_of(url), headers={"If-None-Match": tag}).status_code == 200


def test_dates_validate_only_where_no_tag_is_sent(
    client: FlaskClient, cast: Cast, account: Account, hands: Hands
) -> None:
    planned(cast.ana, account, "제목", TOMORROW)
    _feed, url = feeds.make(cast.ana, "Mine")
    hands.turn(minutes=5)
    since = client.get(path_of(url)).headers["Last-Modified"]

    assert client.get(path_of(url), headers={"If-Modified-Since": since}).status_code == 304
    both = {"If-Modified-Since": since, "If-None-Match": '"other"'}
    assert client.get(path_of(url), headers=both).status_code == 200


def test_a_change_within_the_same_second_is_never_hidden_by_a_date(
    client: FlaskClient, cast: Cast, account: Account
) -> None:
    planned(cast.ana, account, "제목", TOMORROW)
    _feed, url = feeds.make(cast.ana, "Mine")
    assert "Last-Modified" not in client.get(path_of(url)).headers


def test_every_visible_change_changes_tag_sequence_and_stamp(
    client: FlaskClient, cast: Cast, account: Account, hands: Hands
) -> None:
    post = planned(cast.ana, account, "처음 제목", TOMORROW)
    _feed, url = feeds.make(cast.ana, "Mine")
    seen = []
    later = TOMORROW + timedelta(days=1)
    changes = (
        lambda: None,
        lambda: stories.plan(cast.ana, post, later, "Asia/Seoul"),
        lambda: stories.edit(
            cast.ana, post, Draft(title="새 제목", text="본문"), version=post.version
        ),
        lambda: submitted(cast.ana, post),
        lambda: review.approve(cast.rui, post, post.revision),
    )
    for change in changes:
        hands.turn(minutes=1)
        change()
        answer = client.get(path_of(url))
        (found,) = Calendar.from_ical(answer.data).walk("VEVENT")
        seen.append((answer.headers["ETag"], int(found["SEQUENCE"]), found["DTSTAMP"].dt))

    assert len({tag for tag, _, _ in seen}) == 5
    assert [sequence for _, sequence, _ in seen] == sorted({sequence for _, sequence, _ in seen})
    assert [stamp for _, _, stamp in seen] == sorted({stamp for _, _, stamp in seen})
    assert found["STATUS"] == "CONFIRMED"
    assert found.start == later


def test_bytes_are_the_same_from_the_cache_and_without_it(
    client: FlaskClient, cast: Cast, account: Account
) -> None:
    for day in range(3):
        planned(cast.ana, account, f"제목 {day}", TOMORROW + timedelta(days=day))
    _feed, url = feeds.make(cast.ana, "Mine", language="ko")
    cold = client.get(path_of(url)).data
    assert count(RenderedEvent) == 3
    warm = client.get(path_of(url)).data
    with writing() as session:
        session.query(RenderedEvent).delete()
    again = client.get(path_of(url)).data
    assert cold == warm == again


def test_the_cache_forgets_what_no_feed_can_show_again(
    client: FlaskClient, cast: Cast, account: Account
) -> None:
    post = planned(cast.ana, account, "제목", TOMORROW)
    _feed, url = feeds.make(cast.ana, "Mine")
    for day in (1, 2, 3):
        client.get(path_of(url))
        stories.plan(cast.ana, post, TOMORROW + timedelta(days=day), "Asia/Seoul")
    client.get(path_of(url))
    assert count(RenderedEvent) == 1


def test_a_cancelled_post_is_said_to_be_cancelled_for_two_weeks_and_then_gone(
    client: FlaskClient, cast: Cast, account: Account, hands: Hands
) -> None:
    post = planned(cast.ana, account, "제목", TOMORROW)
    _feed, url = feeds.make(cast.ana, "Mine", language="en")
    (before,) = events(client, url).values()
    shelving.archive(cast.ana, post.story)

    found = events(client, url)["Cancelled: [회사 블로그] 제목"]
    assert found["STATUS"] == "CANCELLED"
    assert found["UID"] == before["UID"]
    assert found["SEQUENCE"] > before["SEQUENCE"]

    hands.turn(days=13)
    assert events(client, url)
    hands.turn(days=2)
    assert not events(client, url)


def test_the_window_reaches_from_ninety_days_ago_to_a_year_ahead(
    client: FlaskClient, cast: Cast, account: Account
) -> None:
    for days in (-91, -89, 364, 366):
        planned(cast.ana, account, str(days), NOON + timedelta(days=days))
    _feed, url = feeds.make(cast.ana, "Mine")
    assert list(events(client, url)) == ["[회사 블로그] -89", "[회사 블로그] 364"]


def test_detail_decides_what_is_told(client: FlaskClient, cast: Cast, account: Account) -> None:
    post = planned(cast.ana, account, "비밀 제목", TOMORROW, text="은밀한 본문 {blog}")
    with writing():
        post.head.text = "은밀한 본문"
    submitted(cast.ana, post)
    told = {}
    for detail in ("full", "titles", "busy"):
        _feed, url = feeds.make(cast.ana, detail, detail=detail, language="ko")
        told[detail] = client.get(path_of(url)).text.replace("\r\n ", "")

    assert "은밀한 본문" in told["full"]
    assert "Ana" in told["full"]
    assert "비밀 제목" in told["titles"]
    assert not re.search("본문|Ana|DESCRIPTION:.*Ana", told["titles"])
    assert not re.search("비밀|본문|Ana|회사 블로그|/stories/", told["busy"])


def test_others_drafts_show_their_titles_only_until_the_story_is_shared(
    client: FlaskClient, cast: Cast, account: Account
) -> None:
    post = planned(cast.ana, account, "아나의 글", TOMORROW, text="아나의 본문")
    submitted(cast.ana, post)
    _feed, url = feeds.make(cast.ben, "Everything")
    first = client.get(path_of(url))
    assert "아나의 글" in first.text.replace("\r\n ", "")
    assert "아나의 본문" not in first.text.replace("\r\n ", "")

    story = post.story
    stories.update_story(
        cast.ana,
        story,
        version=story.version,
        title=story.title,
        brief="",
        category_id=None,
        campaign="",
        language="ko",
        deadline=None,
        author_ids=[cast.ben.id],
    )
    second = client.get(path_of(url), headers={"If-None-Match": first.headers["ETag"]})
    assert "아나의 본문" in second.text.replace("\r\n ", "")


def test_a_draft_in_flux_shows_no_text_but_a_reviewed_one_does(
    client: FlaskClient, cast: Cast, account: Account
) -> None:
    post = planned(cast.ana, account, "제목", TOMORROW, text="첫 문장")
    _feed, url = feeds.make(cast.ana, "Mine")
    assert "첫 문장" not in client.get(path_of(url)).text
    stories.edit(cast.ana, post, Draft(title="제목", text="둘째 문장"), version=post.version)
    submitted(cast.ana, post)
    assert "둘째 문장" in client.get(path_of(url)).text.replace("\r\n ", "")


def count(model: type) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0
