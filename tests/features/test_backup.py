"""Copies of the database: one an hour, so many kept, whole or not at all; and the journal beside them."""

from __future__ import annotations

import json
import resource
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask

from publisher import backup, clock, copies, journal
from publisher.copies import CopyError
from publisher.extensions import db
from publisher.people import service as people
from tests.plugins.app import Cast

HOUR = timedelta(hours=1)
Travel = Callable[[timedelta], None]


def sent(text: str, minute: int = 0) -> journal.Sent:
    at = datetime(2027, 3, 1, 9, minute, tzinfo=UTC)
    return journal.Sent(at, f"m{minute}", minute, 1, 1, 1, text, "")


def test_a_copy_is_made_each_hour_and_two_days_of_them_are_kept(
    app: Flask, cast: Cast, travel: Travel
) -> None:
    for _hour in range(4):
        backup.hourly()
        backup.hourly()
        travel(HOUR)
    made = [at for at, _path in backup._copies()]
    assert len(made) == len({f"{at:%d%H}" for at in made}) == 4
    assert backup.age() < 2 * HOUR


def test_the_last_48_and_the_last_of_each_of_30_days_are_kept() -> None:
    start = datetime(2027, 1, 1, tzinfo=UTC)
    made = [start + number * HOUR for number in range(60 * 24)]
    kept = [at for at in made if at not in backup.superfluous(made)]
    assert kept[-48:] == made[-48:]
    assert len(kept) == 48 + 28
    assert all(at.hour == 23 for at in kept[:-48])
    assert backup.superfluous(made[:5]) == []


def test_a_copy_is_whole_and_only_its_owner_may_read_it(
    app: Flask, cast: Cast, tmp_path: Path, database_url: str
) -> None:
    made = backup.take()
    assert made.parent == tmp_path / "backups"
    assert made.stat().st_mode & 0o077 == 0
    assert [path.name for path in made.parent.iterdir()] == [made.name]
    assert backup.take(tmp_path / "mine") == tmp_path / "mine"


def test_a_machine_that_keeps_no_copies_leaves_them_to_another(app: Flask) -> None:
    settings = app.extensions["settings"]
    app.extensions["settings"] = replace(settings, backups="off")
    backup.hourly()
    assert backup.newest() is None


def test_what_a_killed_process_had_begun_to_copy_does_not_stay(
    app: Flask, cast: Cast, travel: Travel
) -> None:
    backup.hourly()
    folder = app.extensions["settings"].backup_folder
    draft = folder / ".publisher-20270301T090000Z.sqlite3.gz.4711.plain"
    draft.write_bytes(b"half")
    backup.hourly()
    assert draft.exists()
    travel(timedelta(days=2))
    backup.hourly()
    assert not draft.exists()


def test_a_copy_that_cannot_be_written_says_why(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(CopyError, match="nowhere"):
        backup.take(tmp_path / "nowhere" / "copy")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CopyError, match="pg_dump is missing"):
        copies.make("postgresql+psycopg://somebody@/something", tmp_path / "copy")


def test_the_password_of_the_database_is_not_on_a_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "pg_dump"
    program.write_text('#!/bin/sh\necho "$@ $PGPASSWORD" >&2\nexit 1\n')
    program.chmod(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(CopyError) as failed:
        copies.make("postgresql+psycopg://ana:secret@h:5433/d?sslmode=require", tmp_path / "copy")
    said = str(failed.value)
    assert "postgresql://ana@h:5433/d?sslmode=require" in said
    assert said.count("secret") == 1, "in the environment alone"


def test_the_journal_keeps_order_and_passes_over_what_is_torn(app: Flask, tmp_path: Path) -> None:
    for minute in (2, 1, 3):
        assert journal.write(sent(f"글 {minute}", minute))
    with (tmp_path / journal.NAME).open("a") as file:
        file.write('{"at": "2027-03-0')
    assert [each.text for each in journal.read()] == ["글 1", "글 2", "글 3"]
    late = journal.read(after=sent("", 1).at)
    assert [each.text for each in late] == ["글 2", "글 3"]
    other = tmp_path / "other.log"
    line = json.loads((tmp_path / journal.NAME).read_text().splitlines()[0])
    other.write_text(json.dumps({**line, "text": "von dort"}) + "\n")
    assert len(list(journal.read(other))) == 4


def test_the_journal_is_bounded_and_reads_across_its_files(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "MOST_BYTES", 1000)
    for minute in range(50):
        journal.write(sent("글" * 20, minute))
    files = {path.name for path in tmp_path.glob("wire.log*")} - {journal.NAME}
    assert files == {f"wire.log.{number}" for number in range(1, journal.KEPT + 1)}
    minutes = [each.at.minute for each in journal.read()]
    assert minutes == list(range(minutes[0], 50))
    assert [each.at.minute for each in journal.read(after=sent("", 44).at)] == [45, 46, 47, 48, 49]


def test_a_journal_that_cannot_be_written_holds_nothing_up_but_is_heard_of(
    app: Flask, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / journal.NAME).mkdir()
    assert journal.write(sent("글")) is False
    assert "journal cannot be written" in caplog.text


def test_a_torn_line_takes_no_other_with_it(
    app: Flask, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The disk was full in the middle of a line."""
    assert journal.write(sent("글 1", 1))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, ((tmp_path / journal.NAME).stat().st_size + 20, hard))
    try:
        torn = journal.write(sent("글 2", 2))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert torn is False
    assert "journal cannot be written" in caplog.text
    assert journal.write(sent("글 3", 3))
    assert [each.text for each in journal.read()] == ["글 1", "글 3"]


def test_a_copy_can_be_made_while_somebody_writes(app: Flask, tmp_path: Path) -> None:
    with db.engine.connect().execution_options(writing=True) as connection, connection.begin():
        connection.exec_driver_sql("SELECT 1")
        made = backup.take(tmp_path / "copy")
    assert made.stat().st_size > 0
    assert people.everyone() == []
    assert clock.now() > datetime(2020, 1, 1, tzinfo=UTC)
