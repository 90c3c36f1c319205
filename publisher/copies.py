"""Copying a whole database, and putting a copy in its place: by SQLite's backup, by PostgreSQL's programs."""

from __future__ import annotations

import gzip
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy import URL, make_url

LEVEL = 1
"""gzip's quickest: pictures do not get smaller, and rows do anyway."""


class CopyError(Exception):
    """A copy could not be made or put back. The message says what to do."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A copy that can be looked at under `url`. `swap_in(name)` makes it the database, keeps what was the
    database before under that name, and says where."""

    url: str
    swap_in: Callable[[str], str]


def suffix(url: str) -> str:
    return "sqlite3.gz" if _is_sqlite(url) else "dump"


def make(url: str, to: Path) -> None:
    """Copy the database to the file `to`, which appears when it is whole. Raises CopyError."""
    draft = to.with_name(f".{to.name}.{os.getpid()}")
    try:
        if _is_sqlite(url):
            _copy_sqlite(_path(url), draft)
        else:
            _dump(url, draft)
        with draft.open("rb") as file:
            os.fsync(file.fileno())
        draft.replace(to)
    except OSError as error:
        raise CopyError(f"{to} cannot be written: {error.strerror or error}") from error
    finally:
        draft.unlink(missing_ok=True)


@contextmanager
def opened(url: str, copy: Path) -> Iterator[Opened]:
    """The copy beside the database, or for PostgreSQL in its place and the database aside until the end: what
    fails inside leaves everything as it was. Raises CopyError, also when somebody uses the database."""
    if not copy.is_file():
        raise CopyError(f"There is no file {copy}.")
    with (_opened_sqlite if _is_sqlite(url) else _opened_dump)(url, copy) as each:
        yield each


def _copy_sqlite(source: Path, draft: Path) -> None:
    """In one step, which in WAL mode sees one instant and keeps nobody from writing."""
    plain = draft.with_name(draft.name + ".plain")
    try:
        if shutil.disk_usage(draft.parent).free < 2 * source.stat().st_size:
            raise CopyError(f"There is too little room in {draft.parent} for a copy.")
        os.close(os.open(plain, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        live = sqlite3.connect(f"file:{source}?mode=ro", uri=True)
        with closing(live), closing(sqlite3.connect(plain)) as target:
            live.backup(target)
            target.execute("PRAGMA journal_mode=DELETE")
        _pack(plain, draft)
    except sqlite3.Error as error:
        raise CopyError(f"SQLite cannot copy {source}: {error}") from error
    finally:
        plain.unlink(missing_ok=True)


def _pack(plain: Path, to: Path) -> None:
    file = os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with (
        plain.open("rb") as raw,
        os.fdopen(file, "wb") as out,
        gzip.GzipFile("", "wb", LEVEL, out) as packed,
    ):
        shutil.copyfileobj(raw, packed, 1 << 20)


@contextmanager
def _opened_sqlite(url: str, copy: Path) -> Iterator[Opened]:
    present = _path(url)
    _require_unused(present)
    aside = present.with_name(f"{present.name}.restoring-{os.getpid()}")

    def swap_in(name: str) -> str:
        _require_unused(aside)  # and so without a log of its own beside it
        kept = present.with_name(f"{present.name}.before-{name}")
        if present.exists():
            _require_unused(present)
            os.link(present, kept)
        aside.replace(present)
        return str(kept) if kept.exists() else ""

    try:
        _unpack(copy, aside)
        yield Opened(f"sqlite:///{aside}", swap_in)
    finally:
        for ending in ("", "-wal", "-shm"):
            aside.with_name(aside.name + ending).unlink(missing_ok=True)


def _unpack(copy: Path, to: Path) -> None:
    """Packed or plain; the bytes are checked by SQLite before anybody relies on them."""
    with copy.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    file_out = os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(file_out, "wb") as out:
            with gzip.open(copy, "rb") if packed else copy.open("rb") as raw:
                shutil.copyfileobj(raw, out, 1 << 20)
            out.flush()
            os.fsync(out.fileno())
        with closing(sqlite3.connect(to)) as check:
            sound = check.execute("PRAGMA integrity_check(1)").fetchone()[0] == "ok"
    except (OSError, EOFError, sqlite3.Error) as error:
        raise CopyError(f"{copy} is damaged: {error}") from error
    if not sound:
        raise CopyError(f"{copy} is damaged: SQLite's own check fails.")


def _require_unused(path: Path) -> None:
    """Leaving WAL mode needs to be alone with the file; then nothing of it lies in a log beside it."""
    if not path.exists():
        return
    with closing(sqlite3.connect(path, timeout=0.5)) as alone:
        try:
            alone.execute("PRAGMA journal_mode=DELETE")
        except sqlite3.OperationalError:
            raise CopyError(
                f"Something still uses {path}. Stop web, dispatcher and workers first."
            ) from None
        except sqlite3.DatabaseError:
            return  # damaged: that is why somebody restores


def _dump(url: str, draft: Path) -> None:
    os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    _run(url, "pg_dump", "--format=custom", "--schema=public", f"--file={draft}")


@contextmanager
def _opened_dump(url: str, copy: Path) -> Iterator[Opened]:
    kept = f"before_restore_{os.getpid()}"
    names: list[str] = []

    def swap_in(name: str) -> str:
        names.append(f"before_{name.lower()}")
        _execute(url, "ALTER SCHEMA {} RENAME TO {}", kept, names[0])
        return f"schema {names[0]}"

    _require_alone(url)
    _execute(url, "ALTER SCHEMA {} RENAME TO {}", "public", kept)
    try:
        _execute(url, "CREATE SCHEMA {}", "public")
        one = ("--single-transaction", "--exit-on-error", "--schema=public")
        _run(url, "pg_restore", "--no-owner", "--no-privileges", *one, str(copy))
        yield Opened(url, swap_in)
    finally:
        if not names:
            _execute(url, "DROP SCHEMA IF EXISTS {} CASCADE", "public")
            _execute(url, "ALTER SCHEMA {} RENAME TO {}", kept, "public")


def _require_alone(url: str) -> None:
    query = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        " AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
    )
    with _connected(url) as connection:
        row = connection.execute(query).fetchone()
    if row and row[0]:
        raise CopyError(
            f"{row[0]} others are connected to the database. Stop web, dispatchers and workers first,"
            " on every machine."
        )


def _execute(url: str, statement: str, *names: str) -> None:
    with _connected(url) as connection:
        try:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))
        except psycopg.errors.InsufficientPrivilege as error:
            raise CopyError(
                f"PostgreSQL says: {error.diag.message_primary}. The schema public must belong to the role"
                " that restores: ALTER SCHEMA public OWNER TO that role."
            ) from error


@contextmanager
def _connected(url: str) -> Iterator[psycopg.Connection]:
    try:
        connection = psycopg.connect(_uri(url, secret=True), autocommit=True)
    except psycopg.OperationalError as error:
        raise CopyError(f"PostgreSQL does not answer: {error}") from error
    with closing(connection):
        yield connection


def _run(url: str, program: str, *options: str) -> None:
    """One of PostgreSQL's programs. The password goes by its environment, where no other user reads it."""
    found = shutil.which(program)
    if found is None:
        raise CopyError(
            f"{program} is missing: install PostgreSQL's client programs, at least of the server's version."
        )
    password = make_url(url).password
    done = subprocess.run(
        [found, "--no-password", f"--dbname={_uri(url)}", *options],
        env={**os.environ, **({"PGPASSWORD": str(password)} if password else {})},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        said = " ".join(done.stderr.split())[:500]
        raise CopyError(f"{program} failed: {said}")


def _uri(url: str, *, secret: bool = False) -> str:
    parts: URL = make_url(url).set(drivername="postgresql")
    if not secret:
        parts = URL.create(
            "postgresql", parts.username, None, parts.host, parts.port, parts.database, parts.query
        )
    return parts.render_as_string(hide_password=False)


def _is_sqlite(url: str) -> bool:
    return url.startswith("sqlite")


def _path(url: str) -> Path:
    return Path(make_url(url).database or "")
