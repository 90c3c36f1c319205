"""Is this installation well? Each finding says what to do when it is not."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass

from flask import current_app
from sqlalchemy import select, text

from publisher import clock, queue, schema
from publisher.accounts import service as accounts
from publisher.accounts.rules import AccountStatus
from publisher.config import Config
from publisher.deliveries import attention
from publisher.deliveries.models import Beat
from publisher.effects import service as effects
from publisher.extensions import db

LOW_DISK = 500 * 1024 * 1024
SILENT_S = 5


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `sentence` says what was seen, and what to do if it is not `well`."""

    what: str
    well: bool
    sentence: str


def examine() -> list[Finding]:
    """Look at everything; never raises for what it finds."""
    return [*_database(), _queue(), _disk(), *_accounts(), *_work()]


def _database() -> Iterator[Finding]:
    try:
        db.session.execute(text("SELECT 1"))
    except Exception as error:  # whatever the driver raises is the finding
        yield Finding(
            "database", False, f"does not answer ({type(error).__name__}): check DATABASE_URL"
        )
        return
    ready = schema.up_to_date()
    yield Finding(
        "database",
        ready,
        f"schema {schema.current()}" if ready else "old schema: run `publisher db upgrade`",
    )


def _queue() -> Finding:
    config: Config = current_app.extensions["settings"]
    if not config.redis_url:
        return Finding("queue", True, "no REDIS_URL here; `publisher up` brings its own Valkey")
    well = queue.reachable()
    return Finding(
        "queue",
        well,
        "answers" if well else "does not answer: check REDIS_URL; posts go out inline",
    )


def _disk() -> Finding:
    config: Config = current_app.extensions["settings"]
    free = shutil.disk_usage(config.home).free
    return Finding("disk", free > LOW_DISK, f"{free // 1_048_576} MB free in {config.home}")


def _accounts() -> Iterator[Finding]:
    for account in accounts.all_accounts():
        well = account.status == AccountStatus.ACTIVE
        yield Finding(
            f"account {account.slug}", well, "ready" if well else f"paused: {account.problem}"
        )


def _work() -> Iterator[Finding]:
    newest = db.session.scalar(
        select(Beat.at).where(Beat.role.like("dispatcher%")).order_by(Beat.at.desc()).limit(1)
    )
    if newest is None:
        yield Finding(
            "dispatcher", False, "never ran: start `publisher up` or `publisher dispatch`"
        )
    else:
        silent = (clock.now() - newest).total_seconds()
        yield Finding("dispatcher", silent < SILENT_S, f"last seen {silent:.0f} s ago")
    waiting = attention.count()
    yield Finding("deliveries", waiting == 0, f"{waiting} need a person: see “Needs attention”")
    stuck = len(effects.stuck())
    yield Finding("side work", stuck == 0, f"{stuck} stuck")
