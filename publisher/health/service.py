"""Which promise is in danger? Each check is cheap, looks by itself, and says what to do if it is not well."""

from __future__ import annotations

import logging
import shutil
import socket
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from flask import current_app
from sqlalchemy import func, select, text

from channels import channel_class
from publisher import backup, clock, journal, queue, schema
from publisher.accounts import service as accounts
from publisher.accounts import timekeeping
from publisher.accounts.models import Account
from publisher.config import Config
from publisher.deliveries import attention, claim
from publisher.deliveries.models import Attempt, Beat, Delivery
from publisher.deliveries.rules import UNCONFIRMED
from publisher.effects import stuck
from publisher.extensions import db
from publisher.health import tally
from publisher.people.models import User

logger = logging.getLogger(__name__)

LOW_DISK = 500 * 1024 * 1024
SILENT_S = 5.0
OVERDUE_S = 60.0
UNCONFIRMED_S = 15 * 60.0
BACKUP = timedelta(hours=3)
LATEST = 200
"""How many of the newest attempts are looked at."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at. `sentence` says what was seen, and what to do if it is not `well`;
    `values` are its figures by metric name."""

    what: str
    well: bool
    sentence: str
    values: Mapping[str, float] = field(default_factory=dict)


Look = Callable[[], Check | None]


def examine() -> list[Check]:
    """Look at everything. Never raises: a check that fails is itself the finding."""
    database = _guarded("database", _database)
    found = [database] if database else []
    looks: dict[str, Look] = {"queue": _queue, "disk": _disk, "journal": _journal}
    if database and database.well:
        looks |= {
            "dispatcher": _dispatcher,
            "overdue": _overdue,
            "unconfirmed": _unconfirmed,
            "attention": _attention,
            "side work": _effects,
            "hold": _hold,
            "clock": _clock,
            "backup": _backup,
        }
    found += [check for what, look in looks.items() if (check := _guarded(what, look))]
    return found


def _guarded(what: str, look: Look) -> Check | None:
    try:
        return look()
    except Exception as error:  # whatever a driver or the system raises is the finding
        logger.warning("the check of %s failed", what, exc_info=True)
        db.session.rollback()
        return Check(what, False, f"cannot be looked at ({type(error).__name__}); the log has more")


def _database() -> Check:
    try:
        db.session.execute(text("SELECT 1"))
    except Exception as error:  # as above
        db.session.rollback()
        return Check(
            "database", False, f"does not answer ({type(error).__name__}): check DATABASE_URL"
        )
    ready = schema.up_to_date()
    said = f"schema {schema.current()}" if ready else "old schema: run `publisher db upgrade`"
    return Check("database", ready, said)


def _queue() -> Check:
    if not _config().redis_url:
        return Check("queue", True, "no REDIS_URL here; `publisher up` brings its own Valkey")
    well = queue.reachable()
    said = "answers" if well else "does not answer: check REDIS_URL; posts go out inline"
    return Check("queue", well, said, {"queue_up": well})


def _disk() -> Check:
    free = shutil.disk_usage(_config().home).free
    said = f"{free // 1_048_576} MB free in {_config().home}"
    return Check("disk", free > LOW_DISK, said, {"disk_free_bytes": free})


def _journal() -> Check:
    """Can it be written, and does it have what this machine sent last?"""
    if not journal.writable():
        return Check(
            "journal",
            False,
            f"{journal.folder() / journal.NAME} cannot be written: a restore"
            " would not know what went out",
        )
    sent, written = _newest_wire(), journal.newest()
    if sent and (written is None or written < sent) and clock.now() - sent > timedelta(seconds=5):
        return Check("journal", False, "lacks what went out last: see the log for why")
    return Check("journal", True, "is written")


def _newest_wire() -> datetime | None:
    """When this machine sent last to a platform, among the newest attempts."""
    elsewhere = [
        account_id
        for account_id, kind in db.session.execute(select(Account.id, Account.kind))
        if not channel_class(kind).transactional
    ]
    newest = select(Attempt).order_by(Attempt.id.desc()).limit(LATEST).subquery()
    query = (
        select(func.max(newest.c.wire_at))
        .join(Delivery, Delivery.id == newest.c.delivery_id)
        .where(newest.c.owner.like(f"{socket.gethostname()}:%"), Delivery.account_id.in_(elsewhere))
    )
    return db.session.scalar(query)


def _dispatcher() -> Check:
    newest = db.session.scalar(select(func.max(Beat.at)).where(Beat.role.like("dispatcher%")))
    if newest is None:
        return Check("dispatcher", False, "never ran: start `publisher up` or `publisher dispatch`")
    silent = (clock.now() - newest).total_seconds()
    return Check(
        "dispatcher",
        silent < SILENT_S,
        f"last seen {silent:.0f} s ago",
        {"dispatcher_silent_seconds": silent},
    )


def _overdue() -> Check:
    """What could go out now and does not: held, paused and spaced accounts are not late."""
    now = clock.now()
    late = max(((now - head.due).total_seconds() for head in claim.heads()), default=0.0)
    late = max(0.0, late)
    said = f"the oldest waits for {late:.0f} s: are workers running?" if late else "nothing waits"
    return Check("overdue", late <= OVERDUE_S, said, {"oldest_due_seconds": late})


def _unconfirmed() -> Check:
    oldest, count = db.session.execute(
        select(func.min(Delivery.wire_at), func.count()).where(Delivery.status == UNCONFIRMED)
    ).one()
    age = (clock.now() - oldest).total_seconds() if oldest else 0.0
    said = f"{count} being looked for, the oldest since {age:.0f} s" if count else "none"
    values = {"unconfirmed": count, "oldest_unconfirmed_seconds": age}
    return Check("unconfirmed", age <= UNCONFIRMED_S, said, values)


def _attention() -> Check:
    waiting = attention.count()
    said = f"{waiting} need a person: see “Needs attention”" if waiting else "nobody is needed"
    return Check("attention", waiting == 0, said, {"needing_attention": waiting})


def _effects() -> Check:
    count = db.session.scalar(select(stuck.count())) or 0
    said = f"{count} stuck: see the log for why" if count else "none stuck"
    return Check("side work", count == 0, said, {"effects_stuck": count})


def _hold() -> Check:
    holds = accounts.holds()
    everything = holds.pop(None, None)
    holds.pop(timekeeping.SCOPE, None)  # the clock's own check speaks of it
    labels = ", ".join(each.label for each in accounts.all_accounts() if each.id in holds)
    said = f"these accounts are held: {labels}" if holds else "nothing is held"
    if everything is not None:
        said = f"{everything.actor_name} holds everything: {everything.reason}"
    values = {"held": everything is not None, "accounts_held": len(holds)}
    return Check("hold", everything is None and not holds, said, values)


def _clock() -> Check:
    held = accounts.holds().get(timekeeping.SCOPE)
    said = "moved: confirm on the page Accounts that it is right now" if held else "is believed"
    return Check("clock", held is None, said, {"clock_held": held is not None})


def _backup() -> Check | None:
    """None where another machine keeps the copies."""
    if _config().backups == "off":
        return None
    age = backup.age()
    if age is None:
        born = db.session.scalar(select(User.created_at).order_by(User.id).limit(1))
        young = born is None or clock.now() - born < BACKUP
        return Check("backup", young, "there is none: `publisher db backup` makes one")
    said = f"the newest is {age.total_seconds() / 60:.0f} min old, in {_config().backup_folder}"
    return Check("backup", age < BACKUP, said, {"backup_age_seconds": age.total_seconds()})


def _config() -> Config:
    config: Config = current_app.extensions["settings"]
    return config


def figures() -> Iterator[tuple[str, str, Mapping[str, str], float]]:
    """Everything that can be counted: (metric, its meaning, labels, value)."""
    checks = examine()
    for check in checks:
        yield "well", "1 where a check finds nothing wrong", {"check": check.what}, check.well
        for name, value in check.values.items():
            yield name, f"Of the check “{check.what}”", {}, value
    if checks[0].well:
        yield from _counts()


def tallies() -> Iterator[tuple[str, str, str, list[tally.Line]]]:
    """What has been counted since this process began: (metric, its type, its meaning, lines)."""
    database = _guarded("database", _database)
    if database and database.well:
        yield from tally.counted()


def _counts() -> Iterator[tuple[str, str, Mapping[str, str], float]]:
    unfinished = ("scheduled", "sending", "missed", "needs_attention")
    for status in unfinished:
        query = select(func.count()).where(Delivery.status == status)
        meaning = "Deliveries that are not final, by status"
        yield "deliveries", meaning, {"status": status}, db.session.scalar(query) or 0
    newest = select(Attempt).order_by(Attempt.id.desc()).limit(LATEST).subquery()
    recent = newest.c.started_at > clock.now() - timedelta(minutes=5)
    outcomes = select(newest.c.outcome, func.count()).where(recent).group_by(newest.c.outcome)
    meaning = f"Attempts of the last five minutes by outcome, of the newest {LATEST}"
    for outcome, count in db.session.execute(outcomes):
        yield "recent_attempts", meaning, {"outcome": outcome or "running"}, count
    late = (
        select(func.max(Delivery.late_ms))
        .join(newest, newest.c.delivery_id == Delivery.id)
        .where(recent)
    )
    meaning = "The latest start of the last five minutes, in seconds after its time"
    yield "recent_lateness_seconds", meaning, {}, (db.session.scalar(late) or 0) / 1000
