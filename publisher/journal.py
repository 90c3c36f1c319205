"""The wire journal: what was about to be created on a platform, written down outside of the database.

A database that was restored from a copy does not know what went out after it was copied. These lines do:
one for each create, appended after commit 2 and before the first byte, so that what is out is also here.
The hosted blog lives in the database itself and needs none.
"""

from __future__ import annotations

import errno
import fcntl
import json
import logging
import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from flask import current_app

logger = logging.getLogger(__name__)

NAME, IDENTITY = "wire.log", "wire.id"
MOST_BYTES = 8 * 1024 * 1024
TAIL_BYTES = 256 * 1024
KEPT = 4
"""How many full files are kept beside the growing one: some hundred thousand posts."""


@dataclass(frozen=True, slots=True)
class Sent:
    """One create. `text` and `link` are exactly what went out, to be found again on the timeline."""

    at: datetime
    marker: str
    delivery_id: int
    post_id: int
    part: int
    account_id: int
    text: str
    link: str
    host: str = ""


def write(sent: Sent) -> bool:
    """Append one line. Never raises: a post is not kept back for it; False, and a loud log, when it failed.

    The line survives this process at once, and a power cut after the system's next write-back. One write to a
    file opened for appending is whole, whichever processes write beside us.
    """
    path = folder() / NAME
    line = json.dumps(
        {**asdict(sent), "at": sent.at.isoformat(), "host": socket.gethostname()},
        ensure_ascii=False,
    )
    try:
        file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            whole = (_new_line(file) + line + "\n").encode()
            if os.write(file, whole) < len(whole):
                raise OSError(errno.ENOSPC, "only a part of the line was written")
            full = os.fstat(file).st_size > MOST_BYTES
        finally:
            os.close(file)
        if full:
            _rotate(path)
    except OSError:
        logger.exception(
            "the wire journal cannot be written", extra={"delivery_id": sent.delivery_id}
        )
        return False
    return True


def _new_line(file: int) -> str:
    """Ends a line that a full disk or a power cut has torn, so that it takes no other with it."""
    size = os.fstat(file).st_size
    return "\n" if size and os.pread(file, 1, size - 1) != b"\n" else ""


def read(*more: Path, after: datetime | None = None) -> Iterator[Sent]:
    """What was sent later than `after`, oldest first; with journals of other machines, if their files are
    given. A line that is torn or damaged is passed over with a word in the log."""
    found = [sent for path in more for sent in _lines(path)]
    for path in _files(folder() / NAME):
        lines = list(_lines(path))
        found += lines
        if lines and after is not None and lines[0].at <= after:
            break  # what is older lies before this file
    late = (sent for sent in found if after is None or sent.at > after)
    yield from sorted(late, key=lambda sent: sent.at)


def newest() -> datetime | None:
    """When the last line was written, from the end of the file alone."""
    path = folder() / NAME
    for file in (path, path.with_name(f"{NAME}.1")):
        if file.is_file():
            with file.open("rb") as raw:
                raw.seek(max(0, file.stat().st_size - TAIL_BYTES))
                lines = raw.read().splitlines()
            for line in reversed(lines):
                with suppress(ValueError, KeyError, TypeError):
                    return datetime.fromisoformat(json.loads(line)["at"])
    return None


def identity() -> str:
    """A name for this journal that stays with its file, whatever the machines that write to it are called.
    Empty when none can be kept there."""
    path = folder() / IDENTITY
    with suppress(OSError):
        if not path.exists():
            fresh = path.with_name(f"{IDENTITY}.{secrets.token_hex(8)}")
            fresh.write_text(secrets.token_hex(8))
            with suppress(FileExistsError):
                os.link(fresh, path)  # of several that begin at once one names it, and whole
            fresh.unlink()
        return path.read_text().strip()
    return ""


def writable() -> bool:
    """Whether the next line can be written, as far as that can be known without writing one."""
    path = folder() / NAME
    return os.access(path if path.exists() else path.parent, os.W_OK) and not path.is_dir()


def folder() -> Path:
    home: Path = current_app.extensions["settings"].home
    return home


def _files(path: Path) -> list[Path]:
    """The growing file, then the full ones, newest first."""
    numbered = [path.with_name(f"{NAME}.{number}") for number in range(1, KEPT + 1)]
    return [file for file in (path, *numbered) if file.exists()]


def _lines(path: Path) -> Iterator[Sent]:
    with path.open(encoding="utf-8", errors="replace") as file:
        for number, line in enumerate(file, 1):
            try:
                values = json.loads(line)
                yield Sent(**{**values, "at": datetime.fromisoformat(values["at"])})
            except (ValueError, TypeError, KeyError):
                logger.warning("line %d of %s cannot be read", number, path)


def _rotate(path: Path) -> None:
    """Begin a new file. Of several processes that find it full, one does this."""
    with path.with_name("wire.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if path.stat().st_size <= MOST_BYTES:
            return
        for number in range(KEPT, 0, -1):
            older = path.with_name(f"{NAME}.{number}")
            newer = path.with_name(f"{NAME}.{number - 1}") if number > 1 else path
            if newer.exists():
                newer.replace(older)
