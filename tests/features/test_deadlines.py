"""Deadlines: who is told that one is near or over, once, whatever happens to the machine."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import select

from publisher import clock
from publisher.accounts import service as accounts
from publisher.effects import service as effects
from publisher.effects.models import Effect
from publisher.extensions import db
from publisher.notices.models import Notice
from publisher.notices.sentences import sentence_of
from publisher.people.models import User
from publisher.storage import writing
from publisher.stories import assigning, deadlines, review, rules, service, shelving
from publisher.stories.models import Story
from publisher.stories.rules import Draft
from tests.plugins.app import Cast

SEOUL = ZoneInfo("Asia/Seoul")
Travel = Callable[[timedelta], None]


def end_of_day(days: int) -> datetime:
    day = (clock.now() + timedelta(days=days)).astimezone(SEOUL)
    return day.replace(hour=23, minute=59, second=0, microsecond=0).astimezone(UTC)


def told(person: User) -> list[str]:
    db.session.rollback()
    query = select(Notice).where(Notice.user_id == person.id).order_by(Notice.id)
    return [notice.kind for notice in db.session.scalars(query)]


def work() -> None:
    while effects.work_off():
        pass


def pending(story: Story) -> Effect:
    db.session.rollback()
    return db.session.scalars(select(Effect).where(Effect.key == f"deadline:{story.id}")).one()


@pytest.fixture
def story(cast: Cast) -> Story:
    """An idea that Rui handed to Ana, to be handed in at the end of the day in five days."""
    made = service.create_story(cast.rui, title="Spring")
    return assigning.hand_to(cast.rui, made, cast.ana, deadline=end_of_day(5))


def test_its_writer_is_told_the_day_before_and_when_it_is_late_and_then_its_editor(
    cast: Cast, story: Story, travel: Travel
) -> None:
    assert told(cast.ana) == ["assigned"]
    work()
    travel(timedelta(days=4, hours=12))
    work()
    assert told(cast.ana) == ["assigned", "deadline_near"]
    travel(timedelta(days=2))
    work()
    assert told(cast.ana) == ["assigned", "deadline_near", "deadline_passed"]
    assert told(cast.rui) == ["assigned_late"] and told(cast.ada) == []
    travel(timedelta(days=30))
    deadlines.ask_daily()
    work()
    assert (len(told(cast.ana)), len(told(cast.rui))) == (3, 1)


def test_the_notice_names_the_day(cast: Cast, story: Story, app: Flask) -> None:
    notice = db.session.scalars(select(Notice).where(Notice.user_id == cast.ana.id)).one()
    assert story.deadline is not None
    day = story.deadline.astimezone(SEOUL)
    with app.test_request_context():
        said = sentence_of(notice.kind, notice.values)
    assert said.startswith("Rui gave you “Spring” to write by ") and f"{day:%Y}" in said


def test_what_was_handed_in_or_put_away_in_time_is_told_to_nobody(
    cast: Cast, story: Story, travel: Travel
) -> None:
    blog = accounts.connect(None, kind="blog", slug="blog")
    post = service.add_post(cast.ana, story, blog, Draft(title="T", text="text"))
    review.submit(cast.ana, post)
    other = assigning.hand_to(
        cast.rui, service.create_story(cast.rui, title="X"), cast.ben, deadline=end_of_day(5)
    )
    shelving.archive(cast.rui, other)
    for _day in range(8):
        travel(timedelta(days=1))
        work()
    assert told(cast.ana) == told(cast.ben) == ["assigned"]
    assert "assigned_late" not in told(cast.rui)


def test_another_deadline_makes_the_former_one_void(
    cast: Cast, story: Story, travel: Travel
) -> None:
    parts = assigning.parts_of(story)
    service.update_story(
        cast.ana, story, version=story.version, **{**parts, "deadline": end_of_day(20)}
    )
    travel(timedelta(days=8))
    work()
    assert told(cast.ana) == ["assigned"]
    parts["deadline"] = None
    service.update_story(cast.ana, story, version=story.version, **parts)
    travel(timedelta(days=30))
    work()
    assert told(cast.ana) == ["assigned"] and pending(story).done_at is not None


def test_a_worker_that_died_after_telling_does_not_tell_again(
    cast: Cast, story: Story, travel: Travel
) -> None:
    """The wish of before comes back once its lease has run out; and two may hold it at the same moment."""
    wish = dict(pending(story).desired)
    travel(timedelta(days=4, hours=12))
    deadlines.tell(wish)
    deadlines.tell(wish)
    assert told(cast.ana) == ["assigned", "deadline_near"]
    travel(timedelta(days=2))
    last = dict(pending(story).desired)
    deadlines.tell(last)
    deadlines.tell(last)
    work()
    assert told(cast.ana) == ["assigned", "deadline_near", "deadline_passed"]
    assert told(cast.rui) == ["assigned_late"]


def test_after_a_long_stillness_what_is_late_is_not_called_near(
    cast: Cast, story: Story, travel: Travel
) -> None:
    travel(timedelta(days=10))
    work()
    assert told(cast.ana) == ["assigned", "deadline_passed"]


def test_stories_with_a_deadline_from_before_there_were_reminders_get_theirs(
    cast: Cast, story: Story
) -> None:
    with writing() as session:
        session.delete(pending(story))
    deadlines.ask_daily()
    assert pending(story).desired["stage"] == rules.NEAR


def test_a_story_is_handed_over_with_a_deadline(cast: Cast, app: Flask, sign_in, story) -> None:
    rui = sign_in(app.test_client(), cast.rui)
    assert 'id="assign-deadline"' in rui.get(f"/stories/{story.id}").text
    address, day = f"/stories/{story.id}/assign", "2031-05-09"
    rui.post(address, data={"owner_id": cast.ben.id, "deadline": day})
    db.session.refresh(story)
    assert story.owner == cast.ben and story.deadline is not None
    assert story.deadline.astimezone(SEOUL).isoformat().startswith(day)
    rui.post(address, data={"owner_id": cast.ana.id})
    assert story.deadline is not None
    rui.post(address, data={"owner_id": cast.ana.id, "deadline": ""})
    db.session.refresh(story)
    assert story.owner == cast.ana and story.deadline is None


@pytest.mark.parametrize(
    ("deadline", "near", "passed"),
    [
        ("2026-03-10T23:59", "2026-03-09T09:00", "2026-03-11T09:00"),
        ("2026-03-10T12:00", "2026-03-09T09:00", "2026-03-10T12:00"),
        ("2026-03-10T03:00", "2026-03-09T09:00", "2026-03-10T09:00"),
    ],
)
def test_nobody_is_told_at_night(deadline: str, near: str, passed: str) -> None:
    at = datetime.fromisoformat(deadline).replace(tzinfo=SEOUL)
    walls = {
        name: when.astimezone(SEOUL).strftime("%Y-%m-%dT%H:%M")
        for name, when in rules.reminders(at, SEOUL)
    }
    assert walls == {rules.NEAR: near, rules.PASSED: passed}


def test_an_idea_and_an_open_draft_are_to_be_handed_in() -> None:
    assert rules.to_hand_in([]) and rules.to_hand_in(["cancelled"])
    assert rules.to_hand_in(["published", "changes_requested"])
    assert not rules.to_hand_in(["published", "in_review", "cancelled"])
