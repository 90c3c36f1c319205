"""An older copy of the database is put back: nothing that went out meanwhile goes out again."""

from __future__ import annotations

import fcntl
import gzip
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from flask import Flask
from sqlalchemy import create_engine, select

from publisher import backup, clock, journal, restore, schema
from publisher.accounts import service as accounts
from publisher.application import create_app
from publisher.config import Config, Timings
from publisher.copies import CopyError
from publisher.deliveries import claim as claims
from publisher.deliveries import deliver, dispatch, quarantine, sweep
from publisher.deliveries import service as deliveries
from publisher.deliveries.models import Delivery
from publisher.effects import service as effects
from publisher.effects.models import Effect
from publisher.extensions import db
from publisher.notices.models import Notice
from publisher.people import sessions
from publisher.stories import review
from publisher.stories import service as stories
from publisher.stories.models import Story
from publisher.stories.rules import Draft
from tests.plugins.app import AppClient
from tests.plugins.newsroom import QUICK, Newsroom

HOUR = timedelta(hours=1)
BLOCK = "────────"
"""Below it are the links to a story's other posts; X's may be written in two ways."""


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


@pytest.fixture
def timings() -> Timings:
    """Calls and searches may take as long as they like: time passes at once where nothing is to be done."""
    return replace(QUICK, connect=20.0, deadline=30.0, settle=40.0, lease=120.0, give_up=3600.0)


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

    restored = restore.restore(copy)
    newsroom.work(3)

    assert newsroom.sandbox.ledger() == ledger
    assert accounts.holding() is not None
    assert published(newsroom, *stories_), "found on the timelines while everything is held"
    assert len(restored.findings.doubted) == len(ledger)
    accounts.release(newsroom.editor)
    newsroom.work(3)
    assert newsroom.sandbox.ledger() == ledger
    assert newsroom.delivery(kept, "x").status == "scheduled"


def test_what_another_machine_may_have_sent_is_looked_for_before_it_is_sent(
    newsroom: Newsroom, later: Later, tmp_path: Path
) -> None:
    """Its journal is not here: all that was due in between is in doubt, sent or not."""
    out = tweet(newsroom, "다른 기계가 보낸 글", in_s=1800)
    copy = backup.take(tmp_path / "copy")
    later()
    newsroom.work()
    (journal.folder() / journal.NAME).unlink()
    ledger = newsroom.sandbox.ledger()

    found = restore.restore(copy, hold=False).findings
    newsroom.work(1)

    assert found.doubted == (newsroom.delivery(out, "x").id,)
    assert published(newsroom, out)
    assert newsroom.sandbox.ledger() == ledger


@pytest.mark.parametrize("journal_kept", [True, False])
def test_posts_that_link_to_each_other_are_found_with_the_words_that_went_out(
    newsroom: Newsroom, later: Later, tmp_path: Path, journal_kept: bool
) -> None:
    """The hosted blog is in the copy itself: its article appears again, at its address."""
    story = newsroom.approve(newsroom.story(), in_s=1800)
    copy = backup.take(tmp_path / "copy")
    later()
    newsroom.work(3)
    assert published(newsroom, story)
    address = newsroom.post(story, "blog").url
    if not journal_kept:
        (journal.folder() / journal.NAME).unlink()
    before = newsroom.sandbox.ledger()

    restore.restore(copy)
    newsroom.work(1)
    accounts.release(newsroom.editor)
    newsroom.work(3)

    assert published(newsroom, story)
    assert newsroom.post(story, "blog").url == address
    after = newsroom.sandbox.ledger()
    assert [each["id"] for each in after] == [each["id"] for each in before]
    words = [each["current_text"].partition(BLOCK)[0] for each in after]
    assert words == [each["current_text"].partition(BLOCK)[0] for each in before]


def test_a_thread_that_was_half_out_goes_on_after_what_is_found(
    newsroom: Newsroom, later: Later, tmp_path: Path
) -> None:
    thread = newsroom.story("x", x=Draft(text="가나다 " * 90, thread=True))
    newsroom.approve(thread)
    sweep.sweep()
    assert dispatch.work_off()
    copy = backup.take(tmp_path / "copy")
    newsroom.work(1)
    assert published(newsroom, thread)
    before = newsroom.sandbox.ledger()
    assert len(before) >= 2
    later()

    restore.restore(copy, hold=False)
    newsroom.work(3)

    assert newsroom.sandbox.ledger() == before
    assert published(newsroom, thread)


def test_what_was_due_and_did_not_go_out_goes_after_two_readings(
    newsroom: Newsroom, later: Later, tmp_path: Path
) -> None:
    story = tweet(newsroom, "아직 안 나간 글", in_s=1800)
    copy = backup.take(tmp_path / "copy")
    later()

    restore.restore(copy, hold=False)
    newsroom.work(2)

    assert newsroom.really_posted("x") == ["아직 안 나간 글"]
    assert published(newsroom, story)


def test_what_was_on_its_way_in_the_copy_is_looked_for(
    newsroom: Newsroom, later: Later, tmp_path: Path
) -> None:
    story = tweet(newsroom, "가는 중")
    (head,) = (each for each in claims.heads() if each.account_id == newsroom.accounts["x"].id)
    claim = claims.claim(head)
    assert claim is not None
    copy = backup.take(tmp_path / "copy")
    deliver.send(claim)
    assert published(newsroom, story)
    later()

    restore.restore(copy, hold=False)
    newsroom.work(2)

    assert newsroom.really_posted("x") == ["가는 중"]
    assert published(newsroom, story)


def test_a_post_that_was_rewritten_and_sent_after_the_copy_is_found_by_what_it_said(
    newsroom: Newsroom, later: Later, tmp_path: Path
) -> None:
    story = tweet(newsroom, "첫 글", in_s=1800)
    copy = backup.take(tmp_path / "copy")
    post = newsroom.post(story, "x")
    deliveries.cancel(newsroom.editor, post)
    stories.edit(newsroom.author, post, Draft(text="고친 글"), version=post.version)
    review.submit(newsroom.author, post)
    deliveries.approve(newsroom.editor, post, post.revision, clock.now())
    newsroom.work()
    assert newsroom.really_posted("x") == ["고친 글"]
    later()

    restore.restore(copy, hold=False)
    newsroom.work(2)

    assert newsroom.really_posted("x") == ["고친 글"]
    assert published(newsroom, story)


def test_the_owner_hears_of_a_post_that_went_out_and_is_a_draft_in_the_copy(
    newsroom: Newsroom, later: Later, tmp_path: Path
) -> None:
    story = newsroom.story("x", x=Draft(text="아직 Entwurf"))
    copy = backup.take(tmp_path / "copy")
    newsroom.approve(story)
    other = tweet(newsroom, "danach angelegt")
    newsroom.work()
    assert published(newsroom, story, other)
    post_id = newsroom.post(story, "x").id
    later()

    found = restore.restore(copy, hold=False).findings
    newsroom.work(1)
    assert (found.doubted, found.unplanned, found.foreign) == ((), (post_id,), 1)
    kinds = select(Notice.kind).where(Notice.user_id == newsroom.author.id)
    assert "needs_attention" in set(db.session.scalars(kinds))
    assert len(newsroom.really_posted("x")) == 2


def put_back(copy: Path, home: Path) -> None:
    """As somebody does who does not know of `publisher db restore`."""
    db.session.rollback()
    db.engine.dispose()
    (home / "publisher.sqlite3").write_bytes(gzip.decompress(copy.read_bytes()))
    for log in home.glob("publisher.sqlite3-*"):
        log.unlink()


def test_a_copy_put_back_by_hand_is_noticed_before_anything_is_sent(
    newsroom: Newsroom, later: Later, tmp_path: Path
) -> None:
    quarantine.look_back()
    story = tweet(newsroom, "von Hand zurück", in_s=86_400)
    copy = backup.take(tmp_path / "copy")
    deliveries.publish_now(newsroom.editor, newsroom.post(story, "x"))
    newsroom.work()
    later()
    put_back(copy, tmp_path)
    assert quarantine.look_back() is not None
    assert accounts.holding() is not None
    assert quarantine.look_back() is None, "a second role that starts finds nothing new"
    newsroom.work(1)
    assert published(newsroom, story)
    assert newsroom.really_posted("x") == ["von Hand zurück"]


def test_an_ordinary_start_changes_nothing(newsroom: Newsroom) -> None:
    tweet(newsroom, "먼저")
    newsroom.work()
    waiting = tweet(newsroom, "나중", in_s=600)
    assert quarantine.look_back() is None
    assert accounts.holding() is None
    assert newsroom.delivery(waiting, "x").status == "scheduled"


def test_the_journal_of_a_database_that_was_thrown_away_says_nothing(
    newsroom: Newsroom, app: Flask
) -> None:
    old = clock.now() - timedelta(days=9)
    journal.write(journal.Sent(old, "0123456789", 1, 1, 1, 2, "von früher", ""))
    story = tweet(newsroom, "새 글")
    assert quarantine.look_back() is None
    newsroom.work()
    assert published(newsroom, story)


def test_nobody_stays_signed_in_and_old_mails_are_dropped(
    newsroom: Newsroom, later: Later, tmp_path: Path
) -> None:
    token = sessions.begin_session(newsroom.author)
    effects.ask("mail", "mail:1", {"notice": 1}, at=clock.now() + timedelta(days=400))
    copy = backup.take(tmp_path / "copy")
    later(timedelta(days=2))

    restore.restore(copy)

    assert sessions.session_of(token) is None
    assert db.session.scalar(select(Effect.done_at).where(Effect.kind == "mail")) is not None


def test_restoring_refuses_while_anything_runs(
    newsroom: Newsroom, tmp_path: Path, database_url: str
) -> None:
    copy = backup.take(tmp_path / "copy")
    with (tmp_path / "up.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(CopyError, match="publisher up"):
            restore.restore(copy)
    other = create_engine(database_url)
    with other.connect() as connection:
        connection.exec_driver_sql("SELECT count(*) FROM posts")
        with pytest.raises(CopyError, match="Stop web"):
            restore.restore(copy)
    other.dispose()
    restore.restore(copy)


def test_a_copy_that_cannot_be_used_leaves_everything_as_it_is(
    newsroom: Newsroom, app: Flask, tmp_path: Path, database_url: str
) -> None:
    copy = backup.take(tmp_path / "copy")
    story = tweet(newsroom, "비밀", in_s=600)
    torn = tmp_path / "torn"
    torn.write_bytes(copy.read_bytes()[: copy.stat().st_size // 2])
    with pytest.raises(CopyError):
        restore.restore(torn)
    with pytest.raises(CopyError, match="no file"):
        restore.restore(tmp_path / "nothing")

    settings = app.extensions["settings"]
    app.extensions["settings"] = replace(settings, vault_keys=(Fernet.generate_key().decode(),))
    with pytest.raises(CopyError, match="PUBLISHER_VAULT_KEYS"):
        restore.restore(copy)
    app.extensions["settings"] = settings

    with db.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    newer = backup.take(tmp_path / "newer")
    with db.engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{schema.newest()}'")
    with pytest.raises(CopyError, match="9999"):
        restore.restore(newer)

    assert newsroom.delivery(story, "x").status == "scheduled"
    assert accounts.holding() is None
    assert list(tmp_path.glob("*restoring*")) == []


def test_the_database_of_before_is_kept(newsroom: Newsroom, tmp_path: Path) -> None:
    copy = backup.take(tmp_path / "copy")
    tweet(newsroom, "nur in der alten", in_s=600)
    kept = restore.restore(copy).kept
    with closing(sqlite3.connect(kept)) as before:
        assert before.execute("SELECT count(*) FROM deliveries").fetchone() == (1,)
    assert db.session.scalars(select(Delivery)).all() == []


def test_what_people_did_before_anybody_looked_back_hides_nothing(
    newsroom: Newsroom, later: Later, tmp_path: Path
) -> None:
    """Another machine sent as well, before people wrote into the copy."""
    for text in ("ours", "theirs"):
        tweet(newsroom, text, in_s=1800)
    copy = backup.take(tmp_path / "copy")
    later()
    newsroom.work()
    path = journal.folder() / journal.NAME
    path.write_text(next(line for line in path.read_text().splitlines(True) if "ours" in line))
    put_back(copy, tmp_path)
    later(HOUR / 2)
    newsroom.story("blog")  # writes to the audit trail
    quarantine.look_back()
    accounts.release(None)
    newsroom.work(60)
    assert sorted(newsroom.really_posted("x")) == ["ours", "theirs"]
