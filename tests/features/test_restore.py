"""An older copy of the database is put back: nothing that went out meanwhile goes out again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

from publisher import backup, clock, create_app, schema
from publisher.accounts import service as accounts
from publisher.config import Config
from publisher.deliveries import service as deliveries
from publisher.extensions import db
from publisher.stories.models import Story
from publisher.stories.rules import Draft
from tests.plugins.app import AppClient
from tests.plugins.newsroom import Newsroom

HOUR = timedelta(hours=1)


@pytest.fixture
def app(config: Config) -> Iterator[Flask]:
    """With its schema from the migrations, as a copy must say which one it has."""
    app = create_app(config)
    app.test_client_class = AppClient
    with app.app_context():
        try:
            schema.upgrade()
            yield app
        finally:
            db.session.remove()
            db.engine.dispose()


@dataclass
class Later:
    """`later(hours=1)`: that much time passes, here and on the platforms."""

    travel: Callable[[timedelta], None]
    newsroom: Newsroom

    def __call__(self, by: timedelta = HOUR) -> None:
        self.travel(by)
        self.newsroom.sandbox.clock.advance(by.total_seconds())


@pytest.fixture
def later(newsroom: Newsroom, travel: Callable[[timedelta], None]) -> Later:
    return Later(travel, newsroom)


def tweet(newsroom: Newsroom, text: str, in_s: float = 0.0) -> Story:
    return newsroom.approve(newsroom.story("x", x=Draft(text=text)), in_s)


def published(newsroom: Newsroom, *planned: Story) -> bool:
    return all(set(newsroom.statuses(story).values()) == {"published"} for story in planned)


def back_to(copy: Path) -> backup.Restored:
    """Restore, look for what is doubtful, then release."""
    return backup.restore(copy)


def test_an_hour_old_copy_posts_nothing_again(
    newsroom: Newsroom, later: Later, tmp_path: Path, database_url: str
) -> None:
    due = tweet(newsroom, "예정대로", in_s=1800)
    early = tweet(newsroom, "내일 것을 지금", in_s=86_400)
    moved = tweet(newsroom, "옮긴 글", in_s=90_000)
    thread = newsroom.story("x", x=Draft(text="가나다 " * 90, thread=True))
    newsroom.approve(thread, in_s=2000)
    page = newsroom.approve(newsroom.story("page", page=Draft(text="페이지 소식")), in_s=1900)
    kept = tweet(newsroom, "모레", in_s=200_000)
    copy = backup.take(tmp_path / "copy")
    deliveries.publish_now(newsroom.editor, newsroom.post(early, "x"))
    deliveries.move(newsroom.editor, newsroom.post(moved, "x"), clock.now() + HOUR / 2)
    later()
    newsroom.work(2)
    stories_ = (due, early, moved, thread, page)
    assert published(newsroom, *stories_)
    ledger = newsroom.sandbox.ledger()
    assert len(ledger) >= 7

    restored = backup.restore(copy)
    newsroom.work(3)

    assert newsroom.sandbox.ledger() == ledger
    assert accounts.holding() is not None
    assert published(newsroom, *stories_), "found on the timelines while everything is held"
    assert len(restored.findings.doubted) == len(ledger)
    accounts.release(newsroom.editor)
    newsroom.work(3)
    assert newsroom.sandbox.ledger() == ledger
    assert newsroom.delivery(kept, "x").status == "scheduled"
