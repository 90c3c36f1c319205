"""Today: what waits for each person, what goes out next, the week, and the first steps of an installation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from publisher import clock
from publisher.accounts import service as accounts
from publisher.deliveries import corrections
from publisher.deliveries import service as deliveries
from publisher.errors import Conflict, NotAllowed
from publisher.extensions import db
from publisher.people import service as people
from publisher.people.models import User
from publisher.stories import review
from publisher.stories import service as stories
from publisher.stories.models import Post
from publisher.stories.rules import Draft
from publisher.today import first, service
from publisher.today.rules import days_of, next_first, sooner
from publisher.today.to_write import Task
from tests.features.after_publishing import PATCHED
from tests.plugins.app import Cast
from tests.plugins.newsroom import Newsroom

SignIn = Callable[[FlaskClient, User], FlaskClient]


def draft(author: User, title: str, *, at: datetime | None = None) -> Post:
    """A post that its author has begun."""
    story = stories.create_story(author, title=title)
    text = Draft(title=title, text="본문")
    return stories.add_post(
        author, story, accounts.by_slug("blog"), text, planned_at=at, zone="Asia/Seoul"
    )


def submitted(author: User, title: str) -> Post:
    post = draft(author, title)
    review.submit_story(author, post.story)
    return post


def titles(lines: service.Lines) -> list[str]:
    return [line.title for line in lines.first]


# What waits for whom


def test_changes_that_were_asked_for_come_first_with_their_reason(
    cast: Cast, newsroom: Newsroom, app: Flask, sign_in: SignIn
) -> None:
    post = submitted(cast.ana, "고칠 글")
    review.request_changes(cast.rui, post, "출처를 적어 주세요.")
    found = service.desk(cast.ana)
    assert titles(found.changes) == ["고칠 글"]
    assert found.reasons == {post.id: "출처를 적어 주세요."}
    assert not service.desk(cast.ben).changes
    page = sign_in(app.test_client(), cast.ana).get("/today/part").text
    assert page.index("Changes requested") < page.index("출처를 적어 주세요.")


def test_editors_see_what_waits_for_review_and_authors_that_theirs_does(
    cast: Cast, newsroom: Newsroom
) -> None:
    submitted(cast.ana, "검토할 글")
    assert titles(service.desk(cast.rui).reviews) == ["검토할 글"]
    ana = service.desk(cast.ana)
    assert titles(ana.submitted) == ["검토할 글"] and ana.waiting == 0
    assert not service.desk(cast.ben).submitted


def test_what_stopped_waits_for_editors_and_for_its_own_author(
    cast: Cast, newsroom: Newsroom
) -> None:
    story = newsroom.approve(newsroom.story("blog"), in_s=60)
    accounts.pause(None, accounts.by_slug("blog"), "paused")
    newsroom.travel(timedelta(days=3))
    newsroom.work()
    assert newsroom.statuses(story) == {"blog": "missed"}
    for person, count in ((cast.rui, 1), (cast.ana, 1), (cast.ben, 0)):
        assert service.desk(person).troubles.count == count, person.name


def test_what_has_no_date_is_listed_for_who_can_give_it_one(cast: Cast, newsroom: Newsroom) -> None:
    draft(cast.ana, "날짜 없음")
    draft(cast.ana, "날짜 있음", at=clock.now() + timedelta(days=3))
    post = submitted(cast.ana, "승인된 글")
    deliveries.approve(cast.rui, post, post.revision)
    assert titles(service.desk(cast.ana).drafts) == ["날짜 없음"]
    assert titles(service.desk(cast.rui).unplanned) == ["승인된 글"]
    assert not service.desk(cast.ana).unplanned


def test_what_is_to_be_written_waits_until_it_is_handed_in(cast: Cast, newsroom: Newsroom) -> None:
    soon, later = clock.now() + timedelta(days=2), clock.now() + timedelta(days=40)
    story = stories.create_story(cast.ana, title="마감", deadline=soon, author_ids=[cast.ben.id])
    post = stories.add_post(
        cast.ana, story, newsroom.accounts["blog"], Draft(title="마감", text="본문")
    )
    draft(cast.ana, "날짜만", at=soon - timedelta(days=1))
    stories.create_story(cast.ana, title="언젠가 쓸 생각")
    stories.create_story(cast.ana, title="먼 마감의 생각", deadline=later)
    assert titles(service.desk(cast.ben).to_write) == ["마감"]
    ana = service.desk(cast.ana)
    assert titles(ana.to_write) == ["날짜만", "마감", "먼 마감의 생각", "언젠가 쓸 생각"]
    assert (ana.waiting, ana.drafts.count) == (4, 0)
    review.submit(cast.ana, post)
    assert not service.desk(cast.ben).to_write


def test_a_task_says_what_it_is_late_for(
    cast: Cast, newsroom: Newsroom, app: Flask, sign_in: SignIn
) -> None:
    draft(cast.ana, "늦은 초안", at=clock.now() + timedelta(hours=1))
    stories.create_story(cast.ana, title="늦은 생각", deadline=clock.now() + timedelta(hours=1))
    assert "Deadline passed" not in sign_in(app.test_client(), cast.ana).get("/").text
    newsroom.travel(timedelta(hours=2))
    page = sign_in(app.test_client(), cast.ana).get("/").text
    assert "Deadline passed" in page and "Its time has passed" in page


def test_what_goes_out_next_is_shown_to_everybody_in_time_order(
    cast: Cast, newsroom: Newsroom, app: Flask, sign_in: SignIn
) -> None:
    later = newsroom.approve(newsroom.story("blog"), in_s=7200)
    sooner = newsroom.approve(newsroom.story("blog"), in_s=3600)
    for person in (cast.vic, cast.ben, cast.rui):
        found = [line.story_id for line in service.desk(person).next_out]
        assert found == [sooner.id, later.id], person.name
    page = sign_in(app.test_client(), cast.vic).get("/").text
    assert "data-countdown" in page
    assert "/deliveries" not in page and "/stories/" not in page, "viewers open no story"


def test_lists_are_short_and_say_how_much_more_there_is(
    cast: Cast, newsroom: Newsroom, app: Flask, sign_in: SignIn
) -> None:
    for n in range(service.SHOWN + 2):
        submitted(cast.ana, f"글 {n}")
    reviews = service.desk(cast.rui).reviews
    assert (len(reviews.first), reviews.count, reviews.more) == (
        service.SHOWN,
        service.SHOWN + 2,
        2,
    )
    assert "2 more" in sign_in(app.test_client(), cast.rui).get("/").text


def test_the_page_asks_no_more_often_however_much_there_is(
    cast: Cast, newsroom: Newsroom, app: Flask, sign_in: SignIn
) -> None:
    client = sign_in(app.test_client(), cast.rui)

    def asked() -> int:
        seen: list[str] = []

        def note(*given: Any) -> None:
            seen.append(given[2])

        event.listen(db.engine, "before_cursor_execute", note)
        assert client.get("/").status_code == 200
        event.remove(db.engine, "before_cursor_execute", note)
        return len(seen)

    def work(times: int) -> None:
        for n in range(times):
            newsroom.approve(newsroom.story("blog"), in_s=3600 + n)
            post = submitted(cast.rui, f"글 {n}")
            review.request_changes(cast.ada, post, "더 짧게")
            submitted(cast.ana, f"다른 글 {n}")

    work(2)
    few = asked()
    work(service.SHOWN)
    assert asked() <= few + 3, "one more count for each list that is longer than what is shown"


# The page for each


@pytest.mark.parametrize("who", ["vic", "ana", "rui", "ada"])
def test_everybody_lands_on_today_and_an_empty_one_says_what_to_do(
    who: str, cast: Cast, app: Flask, sign_in: SignIn
) -> None:
    page = sign_in(app.test_client(), getattr(cast, who)).get("/").text
    assert "<h1>Today</h1>" in page
    if who == "ada":
        assert "Three steps to the first published story" in page
        return
    assert "Three steps" not in page and "Nothing is scheduled." in page
    assert ("Begin a story" in page) == (who != "vic")


def test_the_week_counts_each_day_by_what_is_still_to_do() -> None:
    zone = ZoneInfo("Asia/Seoul")
    sunday = date(2026, 11, 22)

    class Shown:
        def __init__(self, at: datetime, status: str) -> None:
            self.at, self.status = at, status

    late = datetime(2026, 11, 23, 15, 30, tzinfo=UTC)  # on Tuesday in Seoul
    found = days_of(
        sunday,
        [
            Shown(late, "scheduled"),
            Shown(late, "published"),
            Shown(late, "failed"),
            Shown(late, "draft"),
        ],
        zone,
    )
    assert [day.total for day in found] == [0, 0, 4, 0, 0, 0, 0]
    tuesday = found[2]
    assert (tuesday.ahead, tuesday.out, tuesday.trouble, tuesday.making) == (1, 1, 1, 1)


# The first steps


@pytest.fixture
def sandbox_beside(monkeypatch: pytest.MonkeyPatch) -> None:
    """As after `publisher up --sandbox`. Nothing is sent, so nobody need listen there."""
    monkeypatch.setenv("SANDBOX_PORT", "9")


def test_the_first_steps_are_ticked_off_by_what_is_there(
    cast: Cast, newsroom: Newsroom, app: Flask
) -> None:
    steps = first.steps(cast.ada)
    assert steps and steps.connected and steps.staffed and steps.now == 3
    post = submitted(cast.ana, "첫 글")
    steps = first.steps(cast.ada)
    assert steps and (steps.status, steps.post_id) == ("in_review", post.id)
    deliveries.approve(cast.rui, post, post.revision)
    steps = first.steps(cast.ada)
    assert steps and steps.status == "approved"
    deliveries.publish_now(cast.rui, post)
    newsroom.work()
    assert first.steps(cast.ada) is None, "gone for good once a post is out"
    corrections.take_down(cast.rui, post, "다시 생각해 보니")
    newsroom.work(PATCHED)
    assert first.steps(cast.ada) is None, "and when it was taken down again"


def test_the_first_steps_are_for_administrators(cast: Cast) -> None:
    assert first.steps(cast.ada) is not None
    assert first.steps(cast.rui) is None and first.steps(cast.ana) is None


def test_who_is_alone_is_told_to_invite_somebody_unless_they_may_approve_themselves(
    app: Flask, cast: Cast
) -> None:
    for other in (cast.ana, cast.ben, cast.rui):
        people.deactivate(None, other)
    steps = first.steps(cast.ada)
    assert steps and not steps.staffed, "a viewer is no company"
    stories.create_story(cast.ada, title="혼자")
    steps = first.steps(cast.ada)
    assert steps and not steps.staffed, "nobody could approve it"
    app.extensions["settings"] = replace(app.extensions["settings"], allow_self_approval=True)
    steps = first.steps(cast.ada)
    assert steps and steps.staffed


def test_the_sandbox_is_offered_only_where_one_runs(
    app: Flask, cast: Cast, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SANDBOX_PORT", raising=False)
    client = sign_in(app.test_client(), cast.ada)
    assert "Try it with the sandbox" not in client.get("/").text
    with pytest.raises(Conflict):
        first.take_sandbox(cast.ada)
    assert not accounts.all_accounts()

    monkeypatch.setenv("SANDBOX_PORT", "9")
    app.extensions["settings"] = replace(app.extensions["settings"], environment="production")
    assert "Try it with the sandbox" not in client.get("/").text


@pytest.mark.usefixtures("sandbox_beside")
def test_the_sandbox_is_taken_by_one_click(app: Flask, cast: Cast, sign_in: SignIn) -> None:
    with pytest.raises(NotAllowed):
        first.take_sandbox(cast.rui)
    client = sign_in(app.test_client(), cast.ada)
    assert "Try it with the sandbox" in client.get("/").text
    page = client.post("/today/sandbox", follow_redirects=True).text
    assert [account.kind for account in accounts.all_accounts()] == ["blog", "facebook", "twitter"]
    assert all(account.sandbox for account in accounts.all_accounts())
    assert "Nothing reaches a real platform." in page


def test_tasks_are_in_the_order_of_their_times_and_the_timeless_come_last() -> None:
    one, two = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC)
    assert sooner(two, one) == sooner(one, None) == sooner(None, one) == one
    assert sooner(None, None) is None
    tasks = [Task(1, "a", None), Task(2, "b", two), Task(3, "c", None, at=one), Task(4, "d", None)]
    assert [task.story_id for task in next_first(tasks)] == [3, 2, 1, 4]
