"""Putting an older copy in the database's place, made safe before anybody can work with it."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from flask import Flask, current_app
from sqlalchemy import select, update

from publisher import clock, copies, schema, vault
from publisher.accounts.models import Account
from publisher.application import create_app
from publisher.backup import STAMP
from publisher.config import Config
from publisher.copies import CopyError
from publisher.deliveries import quarantine
from publisher.deliveries.quarantine import Findings
from publisher.extensions import db
from publisher.people import audit
from publisher.people.models import SignInLink, UserSession
from publisher.storage import writing


@dataclass(frozen=True, slots=True)
class Restored:
    """What `restore` did. `kept` says where the database of before lies now."""

    kept: str
    findings: Findings


def restore(
    copy: Path, *, hold: bool = True, as_of: datetime | None = None, journals: Sequence[Path] = ()
) -> Restored:
    """Put `copy` in the database's place. Everybody signs in again; everything is held until released.

    Refuses, with nothing changed, while anything runs, when the copy is damaged or of a newer version, and
    when its credentials cannot be read with this installation's keys. What went out after the copy was made
    is found in the wire journal; further `journals` are those of other machines. Raises CopyError.
    """
    config: Config = current_app.extensions["settings"]
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
