"""The database's manners: instants, one way to write, and SQLite that neither loses a commit nor starves.

Every verb runs in `with writing():`. Reading never takes SQLite's write lock.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from flask import Flask
from sqlalchemy import (
    BindParameter,
    DateTime,
    Dialect,
    Engine,
    ScalarSelect,
    Select,
    bindparam,
    event,
    func,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeDecorator

from publisher import clock
from publisher.config import Config
from publisher.extensions import Model, db
from publisher.turns import Turns

logger = logging.getLogger(__name__)

KEPT, SPARE = 8, 4
"""Connections to PostgreSQL that a process keeps open, and how many it has besides one for each sender."""
BUSY_S = 10.0
"""How long a writer waits for SQLite's write lock before it gives up."""
BUSY_STEP_S = 0.001
AGAIN_S = (0.1, 0.5, 2.0, 5.0)
"""Seconds between the tries of what must not be forgotten because the database was away for a moment."""


class Instant(TypeDecorator[datetime]):
    """An aware instant. Refuses naive values; always comes back in UTC, whatever the database keeps."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime cannot be stored: say which zone was meant")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def when_run(ago: timedelta = timedelta()) -> BindParameter[datetime]:
    """The instant so long before a statement runs, each time it does: for one that is put together once."""
    return bindparam(None, type_=Instant, callable_=lambda: clock.now() - ago)


@contextmanager
def writing(*, urgent: bool = False) -> Iterator[Session]:
    """One transaction that may write. Nests: the outermost begins it and commits; an error rolls all back.
    Who is `urgent` writes before others that wait.

    The outermost first ends the session's read transaction and then takes SQLite's write lock at once
    (BEGIN IMMEDIATE): a stale read that is upgraded later would fail immediately, whatever the timeout.
    Refuses a session with pending changes, since those were made outside of any verb.
    """
    session = db.session()
    if session.info.get("writing"):
        yield session
        return
    if session.new or session.dirty or session.deleted:
        raise RuntimeError("pending changes were made outside of `with writing()`")
    session.rollback()
    session.info["writing"] = True
    session.info["after_commit"] = []
    with _turn(session.get_bind(), urgent=urgent):
        try:
            session.connection(execution_options={"writing": True})
            yield session
            session.commit()
        except BaseException:
            session.rollback()
            raise
        finally:
            session.info["writing"] = False
    for call in session.info.pop("after_commit"):
        call()


_turns: WeakKeyDictionary[Engine | Connection, Turns] = WeakKeyDictionary()
os.register_at_fork(after_in_child=_turns.clear)


def _turn(engine: Engine | Connection, *, urgent: bool) -> AbstractContextManager[None]:
    """This process's turn to write, where only one can."""
    if engine.dialect.name != "sqlite":
        return nullcontext()
    turns = _turns.get(engine)
    if turns is None:
        file = engine.engine.url.database
        turns = _turns.setdefault(engine, Turns(Path(f"{file}-urgent") if file else None))
    return turns.take(BUSY_S, urgent=urgent)


def after_commit(call: Callable[[], Any]) -> None:
    """Run `call` once the surrounding `writing()` has committed; never when it rolls back."""
    calls: list[Callable[[], Any]] = db.session().info["after_commit"]
    if call not in calls:
        calls.append(call)


def persistently(verb: Callable[[], None]) -> None:
    """Run a verb that may be run twice, and again when the database dropped it: the connection was lost, or
    two waited for each other and it was the one to give way. Raises what the last try raised."""
    for wait in AGAIN_S:
        try:
            verb()
        except (OperationalError, InterfaceError):
            logger.warning("the database dropped a commit; again in %g s", wait, exc_info=True)
            db.session.rollback()
            time.sleep(wait)
        else:
            return
    verb()


def turn(story_id: int, *, wait: bool = True) -> bool:
    """Be the only one, until the commit, who writes to that story's posts and deliveries.

    Taken before any of their rows is locked, so that nobody waits in a circle; who holds another lock already
    must not `wait`, and False means not now. SQLite's one write lock does all this by itself.
    """
    session = db.session()
    if session.get_bind().dialect.name != "postgresql":
        return True
    if wait:
        session.execute(select(func.pg_advisory_xact_lock(story_id)))
        return True
    return bool(session.scalar(select(func.pg_try_advisory_xact_lock(story_id))))


def counted(query: Select[Any], most: int) -> ScalarSelect[int]:
    """How many rows `query` has, counted up to `most`: for a larger statement, or to ask for by itself."""
    return select(func.count()).select_from(query.limit(most).subquery()).scalar_subquery()


def upsert(model: type[Model]) -> postgresql.Insert | sqlite.Insert:
    """An INSERT that can say what to do where the row is there: `on_conflict_do_update`."""
    if db.session().get_bind().dialect.name == "postgresql":
        return postgresql.insert(model)
    return sqlite.insert(model)


def engine_options(config: Config) -> dict[str, Any]:
    """Pool sizes: a web process has up to 64 threads, a worker's drain `senders` of them and a few more. On
    PostgreSQL the web's take turns at `connections`; a sender never waits for one.

    A failed statement is logged without its values, which may be somebody's.
    """
    if config.database_url.startswith("sqlite"):
        return {
            "connect_args": {"check_same_thread": False},
            "pool_size": 16,
            "max_overflow": 64,
            "hide_parameters": True,
        }
    return {
        "hide_parameters": True,
        "pool_size": KEPT,
        "max_overflow": max(config.connections, config.senders + SPARE) - KEPT,
        "pool_pre_ping": True,
        "connect_args": {
            # A database host that vanished is noticed within half a minute, not after TCP's hours.
            "connect_timeout": 5,
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "options": "-c statement_timeout=10000 -c idle_in_transaction_session_timeout=30000",
        },
    }


def init_app(app: Flask) -> None:
    with app.app_context():
        engine = db.engine
        if engine.dialect.name == "sqlite":
            _tame_sqlite(engine)
        event.listen(db.session, "before_flush", _only_while_writing)


def _only_while_writing(session: Session, _context: object, _instances: object) -> None:
    if not session.info.get("writing"):
        raise RuntimeError("a change would be written outside of `with writing()`")


def _tame_sqlite(engine: Engine) -> None:
    """WAL for readers beside a writer; FULL, because a lost commit could mean a second post."""

    @event.listens_for(engine, "connect")
    def _connect(connection: DBAPIConnection, _record: object) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        cursor = connection.cursor()
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            f"busy_timeout={round(BUSY_S * 1000)}",
            "foreign_keys=ON",
            "journal_size_limit=67108864",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        if connection.get_execution_options().get("writing"):
            _take_write_lock(connection)
        else:
            connection.exec_driver_sql("BEGIN")


def _take_write_lock(connection: Connection) -> None:
    """BEGIN IMMEDIATE, tried each millisecond: SQLite's own busy handler sleeps in steps of up to 100 ms.
    The last try raises what it raises."""
    cursor = connection.connection.cursor()
    cursor.execute("PRAGMA busy_timeout=0")
    deadline = time.monotonic() + BUSY_S
    try:
        while time.monotonic() < deadline:
            try:
                cursor.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                    break
                time.sleep(BUSY_STEP_S)
            else:
                return
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    finally:
        cursor.execute(f"PRAGMA busy_timeout={round(BUSY_S * 1000)}")
