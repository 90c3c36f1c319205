"""Senders that can be stopped anywhere, for a while or for good. One runs at a time: runs repeat exactly."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Any

from flask import Flask

from publisher.extensions import db

WITHIN = frozenset({"before-intent", "before-wire", "before-outcome"})
"""Points inside a transaction: who is frozen there would hold SQLite's lock, so there they only die."""


class Death(BaseException):
    """This process is gone: nobody catches it, nothing is tidied up but what the database does by itself."""


class Process:
    """One sender in a thread of its own that runs only while the simulation waits for it.

    `stop` names the point at which it freezes, or dies if `dies`. On a `far` host nobody sees that it is
    dead. `wire_at` is when its commit 2 happened, `approved` the version that was approved then, and
    `lease_until` how long its claim holds.
    """

    def __init__(self, number: int, app: Flask, work: Callable[[], Any], *, far: bool) -> None:
        self.number, self.far = number, far
        self.stop, self.dies = "", False
        self.plan: Any = None
        self.alive = True
        self.fence, self.delivery_id, self.account_id, self.post_id = 0, 0, 0, 0
        self.wire_at: datetime | None = None
        self.approved: int | None = None
        self.lease_until: datetime | None = None
        self.failure: BaseException | None = None
        self._app, self._work = app, work
        self._mine, self._theirs = threading.Semaphore(0), threading.Semaphore(0)
        self._thread = threading.Thread(target=self._live, daemon=True)
        self._thread.process = self  # type: ignore[attr-defined]
        self._thread.start()

    @staticmethod
    def current() -> Process | None:
        """The process that runs now; None in the simulation's own thread."""
        return getattr(threading.current_thread(), "process", None)

    @property
    def owner(self) -> str:
        host = "far-away" if self.far else socket.gethostname()
        return f"{host}:{self.number}:{self.number}"

    def run(self, stop: str = "", *, dies: bool = False) -> None:
        """Let it run on until `stop`, or to its end. A bug in it is raised here."""
        self.stop, self.dies = stop, dies
        self._mine.release()
        self._theirs.acquire()
        if self.failure is not None:
            raise self.failure

    def kill(self) -> None:
        """SIGKILL, wherever it is."""
        if self.alive:
            self.stop, self.dies = "*", True
            self._mine.release()
            self._theirs.acquire()

    def passes(self, point: str) -> None:
        """It has come to a named point: go on, freeze or die."""
        if point != self.stop or (point in WITHIN and not self.dies):
            return
        self.stop = ""
        if self.dies:
            raise Death
        self.freeze()

    def freeze(self) -> None:
        """Nothing moves until somebody says `run` or `kill`. No transaction may be open."""
        assert not db.session.registry.has() or not db.session().in_transaction()
        self._theirs.release()
        self._mine.acquire()
        if self.stop == "*":
            raise Death

    def _live(self) -> None:
        self._mine.acquire()
        with suppress(Death), self._app.app_context():
            try:
                if self.stop != "*":
                    self._work()
            except Exception as error:
                self.failure = error
        self.alive = False
        self._theirs.release()
