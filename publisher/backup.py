"""Copies of the database: taken while everything runs, put back only when nothing does, and never believed
to know what went out after they were made.

Pictures and the hosted blog are in the database. `secrets.json`, or the keys in the environment, are not.
"""

from __future__ import annotations

import fcntl
import re
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from flask import Flask, current_app
from sqlalchemy import select, update

from publisher import clock, copies, create_app, schema, vault
from publisher.accounts.models import Account
from publisher.config import Config
from publisher.copies import CopyError
from publisher.deliveries import quarantine
from publisher.deliveries.quarantine import Findings
from publisher.effects import service as effects
from publisher.extensions import db
from publisher.people import audit
from publisher.people.models import SignInLink, UserSession
from publisher.storage import writing

HOURLY, DAILY = 48, 30
STAMP = "%Y%m%dT%H%M%SZ"
NAME = re.compile(r"publisher-(\d{8}T\d{6}Z)\.(?:sqlite3\.gz|dump)")


@dataclass(frozen=True, slots=True)
class Restored:
    """What `restore` did. `kept` says where the database of before lies now."""

    kept: str
    findings: Findings


def take(to: Path | None = None) -> Path:
    """Copy the database while it is in use, to `to` or into the folder of backups; returns the file.

    The copy is of one instant. It appears under its name only when it is complete. Raises CopyError.
    """
    if to is None:
        folder = _config().backup_folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        to = folder / f"publisher-{clock.now():{STAMP}}.{copies.suffix(_config().database_url)}"
    copies.make(_config().database_url, to)
    return to


def newest() -> datetime | None:
    """When the newest copy in the folder of backups was made."""
    return max((at for at, _path in _copies()), default=None)


def ask_hourly() -> None:
    """Want this hour's copy, once among all dispatchers. Nothing when this machine keeps no backups."""
    if _config().backups != "off":
        now = clock.now()
        effects.ask("backup", f"backup:{now:%Y-%m-%dT%H}", {"host": socket.gethostname()})


def hourly(_desired: effects.Desired) -> None:
    """Effect `backup`: a copy of this hour, and none beyond what is to be kept. A machine that keeps no
    backups leaves it to another; two at once never happen."""
    if _config().backups == "off":
        raise effects.Later(10)
    _config().backup_folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (_config().backup_folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise effects.Later(60) from None
        done = newest()
        if done is None or f"{done:%Y%m%d%H}" != f"{clock.now():%Y%m%d%H}":
            take()
        found = dict(_copies())
        for at in superfluous(list(found)):
            found[at].unlink(missing_ok=True)


def superfluous(made: Sequence[datetime], hours: int = HOURLY, days: int = DAILY) -> list[datetime]:
    """Which copies need not be kept: all but the newest `hours` and the last one of each of `days` days."""
    newest_first = sorted(made, reverse=True)
    last_of_day = {at.date(): at for at in sorted(made)}
    keep = {*newest_first[:hours], *sorted(last_of_day.values(), reverse=True)[:days]}
    return [at for at in newest_first if at not in keep]


def restore(
    copy: Path, *, hold: bool = True, as_of: datetime | None = None, journals: Sequence[Path] = ()
) -> Restored:
    """Put `copy` in the database's place. Everybody signs in again; everything is held until released.

    Refuses, with nothing changed, while anything runs, when the copy is damaged or of a newer version, and
    when its credentials cannot be read with this installation's keys. What went out after the copy was made
    is found in the wire journal; further `journals` are those of other machines. Raises CopyError.
    """
    config = _config()
    db.session.rollback()
    db.engine.dispose()
    with _alone(config.home):
        with copies.opened(config.database_url, copy) as opened:
            with _app_on(config, opened.url).app_context():
                try:
                    findings = _make_safe(as_of, journals, hold=hold)
                finally:
                    db.session.remove()
                    db.engine.dispose()
            kept = opened.swap_in(f"{clock.now():{STAMP}}")
        return Restored(kept, findings)


def _make_safe(as_of: datetime | None, journals: Sequence[Path], *, hold: bool) -> Findings:
    """Check the copy and quarantine it, before anybody can work with it."""
    at = schema.current()
    if at is None or not schema.known(at):
        raise CopyError(
            f"This copy has the schema {at or 'of no publisher'}, which this version does not know."
            " Install the version that made it."
        )
    schema.upgrade()
    try:
        db.session.scalars(select(Account.credentials)).all()
    except vault.VaultError as error:
        raise CopyError(f"{error} Put the keys of then into PUBLISHER_VAULT_KEYS.") from None
    with writing() as session:
        findings = quarantine.quarantine(as_of, journals, hold=hold)
        now = clock.now()
        for table, ended in ((UserSession, "ended_at"), (SignInLink, "used_at")):
            column = getattr(table, ended)
            session.execute(update(table).where(column.is_(None)).values({ended: now}))
        audit.record(None, "database.restored", "database", None, as_of=findings.as_of.isoformat())
    return findings


def _app_on(config: Config, url: str) -> Flask:
    return create_app(replace(config, database_url=url))


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """While nothing of this home runs, and nothing can begin to."""
    with (home / "up.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise CopyError(
                f"`publisher up` runs on {home}. Stop it first: what it knows would be overwritten."
            ) from None
        yield


def _copies() -> list[tuple[datetime, Path]]:
    folder = _config().backup_folder
    if not folder.is_dir():
        return []
    named = [(NAME.fullmatch(path.name), path) for path in folder.iterdir()]
    return [
        (datetime.strptime(name[1], STAMP).replace(tzinfo=UTC), path)
        for name, path in named
        if name
    ]


def age() -> timedelta | None:
    """How old the newest copy is; None when there is none."""
    made = newest()
    return clock.now() - made if made else None


def _config() -> Config:
    config: Config = current_app.extensions["settings"]
    return config
