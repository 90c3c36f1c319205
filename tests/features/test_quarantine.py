"""Comparing with the wire journal: once for each journal, in the order of stories."""

from __future__ import annotations

import socket
from datetime import timedelta

import pytest
from sqlalchemy import event

from publisher import clock, journal
from publisher.accounts import service as accounts
from publisher.deliveries import quarantine
from publisher.extensions import db
from publisher.stories.rules import Draft
from tests.plugins.newsroom import Newsroom


def unknown(newsroom: Newsroom, story_slug: str, *texts: str) -> None:
    """Posts that wait here, and that the journal knows to be out, the newest story first."""
    stories = [
        newsroom.approve(newsroom.story(story_slug, **{story_slug: Draft(text=text)}), in_s=60)
        for text in texts
    ]
    deliveries = [newsroom.delivery(story, story_slug) for story in stories]
    for number, each in enumerate(reversed(deliveries)):
        at = clock.now() + timedelta(seconds=number)
        where = each.id, each.post_id, each.part, each.account_id
        journal.write(journal.Sent(at, each.marker, *where, "text", ""))
    db.session.rollback()


def test_a_container_with_a_new_name_finds_nothing_new_in_the_same_journal(
    newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    unknown(newsroom, "x", "가")
    journal.write(journal.Sent(clock.now(), "of later", 99, 99, 1, 99, "text", ""))
    assert quarantine.look_back() is not None
    accounts.release(newsroom.editor)

    monkeypatch.setattr(socket, "gethostname", lambda: "recreated")

    assert quarantine.look_back() is None
    assert accounts.holding() is None


@pytest.mark.usefixtures("database_url")
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_stories_are_taken_in_order(newsroom: Newsroom) -> None:
    unknown(newsroom, "x", "가", "나", "다")
    turns: list[int] = []

    def note(*said: object) -> None:
        if "pg_advisory_xact_lock" in str(said[2]):
            turns.append(*said[3].values())  # type: ignore[attr-defined]

    event.listen(db.engine, "before_cursor_execute", note)
    assert quarantine.look_back() is not None
    event.remove(db.engine, "before_cursor_execute", note)

    assert turns[0] == quarantine.TURN
    first = list(dict.fromkeys(turns))
    assert first == sorted(first) and len(first) == 4
