"""The weather in a storm: what happens to the machine, blow by blow."""

from __future__ import annotations

import os
import signal
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from typing import Any

import psycopg
from sqlalchemy.exc import OperationalError

from publisher.accounts import service as accounts
from publisher.errors import DomainError
from publisher.extensions import db
from tests.faults.installation import Installation, kill
from tests.faults.storm.plan import Blow, Plan

NAME = "storm"
"""How our own database connections are called, so that we do not end them."""
FREEZE_S = 1.0
PATIENCE_S = 300.0
"""How long a busy machine may take to start everything again."""
LOCKED_S = 1.0
LAGS_S = (0.0, 0.5, 2.0)
"""How long timelines hide what is new: always less than the time to settle."""


class Weather(threading.Thread):
    """Strikes at the planned times, until the last blow."""

    def __init__(self, installation: Installation, plan: Plan) -> None:
        super().__init__(name="weather", daemon=True)
        self.installation = installation
        self.plan = plan
        self.struck: Counter[str] = Counter()
        self.failed: BaseException | None = None

    def run(self) -> None:
        begun = time.monotonic()
        try:
            with self.installation.app.app_context():
                for blow in self.plan.blows:
                    time.sleep(max(0.0, begun + blow.at - time.monotonic()))
                    self.strike(blow)
        except BaseException as error:
            self.failed = error

    def strike(self, blow: Blow) -> None:
        """One blow; what finds nobody, or a database that is too busy to be struck, does not count."""
        act: Callable[[Blow], int] = getattr(self, f"_{blow.kind}")
        try:
            self.struck[blow.kind] += bool(act(blow))
        except (sqlite3.OperationalError, psycopg.OperationalError, OperationalError):
            db.session.rollback()

    def calm(self) -> None:
        """Let the last things end: everybody is up again, timelines show everything."""
        self.installation.sandbox.clear_faults()
        self.installation.sandbox.settings(timeline_lag_seconds=0)
        self.installation.start(PATIENCE_S)

    def _worker(self, blow: Blow) -> int:
        """An RQ worker and its horse."""
        pid = _one(self.installation.workers(), blow)
        if not pid:
            return 0
        return kill(
            [each.pid for each in self.installation.family() if pid in (each.pid, each.parent)]
        )

    def _parent(self, blow: Blow) -> int:
        """An RQ worker alone: its horse goes on as an orphan."""
        pid = _one(self.installation.workers(), blow)
        return kill([pid]) if pid else 0

    def _horse(self, blow: Blow) -> int:
        pid = _one(self.installation.horses(), blow)
        return kill([pid]) if pid else 0

    def _frozen(self, blow: Blow) -> int:
        """A sender stands still, as in a long pause of the machine, but less than the time to settle."""
        pid = _one(self.installation.horses(), blow)
        if not pid:
            return 0
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGSTOP)
            time.sleep(FREEZE_S)
            os.kill(pid, signal.SIGCONT)
        return 1

    def _dispatcher(self, _blow: Blow) -> int:
        return self.installation.kill("workers dispatch")

    def _web(self, _blow: Blow) -> int:
        return self.installation.kill("gunicorn")

    def _supervisor(self, _blow: Blow) -> int:
        """`publisher up` alone, and somebody starts it again."""
        killed = self.installation.kill_supervisor()
        self.installation.start(PATIENCE_S)
        return killed

    def _valkey(self, _blow: Blow) -> int:
        return self.installation.kill_valkey()

    def _flush(self, _blow: Blow) -> int:
        self.installation.flush()
        return 1

    def _database(self, _blow: Blow) -> int:
        """PostgreSQL drops every connection; SQLite's write lock is taken for a second."""
        url = self.installation.app.extensions["settings"].database_url
        if url.startswith("sqlite"):
            return _lock_sqlite(url.removeprefix("sqlite:///"))
        return _drop_connections(url.replace("+psycopg", ""))

    def _lag(self, blow: Blow) -> int:
        lag = LAGS_S[int(blow.dice * len(LAGS_S))]
        self.installation.sandbox.settings(timeline_lag_seconds=lag)
        return 1

    def _hold(self, _blow: Blow) -> int:
        """An editor holds everything, and lets go a moment later."""
        accounts.hold(None, "폭풍")
        time.sleep(0.5)
        with suppress(DomainError):
            accounts.release(None)
        return 1


def _one(pids: Sequence[int], blow: Blow) -> int:
    return sorted(pids)[int(blow.dice * len(pids))] if pids else 0


def _lock_sqlite(path: str) -> int:
    with closing(sqlite3.connect(path, timeout=10, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        time.sleep(LOCKED_S)
        connection.execute("ROLLBACK")
    return 1


def _drop_connections(url: str) -> int:
    query = (
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
        " WHERE datname = current_database() AND application_name <> %s"
    )
    with psycopg.connect(url, application_name=NAME) as connection:
        row: Any = connection.execute(query, [NAME]).fetchone()
    return int(row[0])
