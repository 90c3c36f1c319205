"""Copies of the database, taken while everything runs: by hand, and each hour, so many kept.

Pictures and the hosted blog are in the database. `secrets.json`, or the keys in the environment, are not.
"""

from __future__ import annotations

import fcntl
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from flask import current_app

from publisher import clock, copies
from publisher.config import Config

HOURLY, DAILY = 48, 30
AGAIN = timedelta(minutes=10)
"""How often a dispatcher looks whether this hour's copy is there."""
ABANDONED = timedelta(days=1)
"""What somebody began to write that long ago will not be finished."""
STAMP = "%Y%m%dT%H%M%SZ"
NAME = re.compile(r"publisher-(\d{8}T\d{6}Z)\.(?:sqlite3\.gz|dump)")


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


def hourly() -> None:
    """A copy of this hour, if there is none yet, and none beyond what is to be kept. Nothing where no backups
    are kept, or while another process is at it. May take long: no sender waits for it. Raises CopyError."""
    if _config().backups == "off":
        return
    _config().backup_folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (_config().backup_folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return
        _forget_abandoned()
        done = newest()
        if done is None or f"{done:%Y%m%d%H}" != f"{clock.now():%Y%m%d%H}":
            take()
        found = dict(_copies())
        for at in superfluous(list(found)):
            found[at].unlink(missing_ok=True)


def _forget_abandoned() -> None:
    """Whoever was killed while copying left something as large as the database."""
    for draft in _config().backup_folder.glob(".publisher-*"):
        written = datetime.fromtimestamp(draft.stat().st_mtime, UTC)
        if clock.now() - written > ABANDONED:
            draft.unlink(missing_ok=True)


def superfluous(made: Sequence[datetime], hours: int = HOURLY, days: int = DAILY) -> list[datetime]:
    """Which copies need not be kept: all but the newest `hours` and the last one of each of `days` days."""
    newest_first = sorted(made, reverse=True)
    last_of_day = {at.date(): at for at in sorted(made)}
    keep = {*newest_first[:hours], *sorted(last_of_day.values(), reverse=True)[:days]}
    return [at for at in newest_first if at not in keep]


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
