"""Who writes next: SQLite has one writer at a time, and what is due at this very moment goes before the rest.

The writers of one process queue here, where the next one wakes at once and SQLite's own lock is no use to
look for. Between processes a lock on a file says that somebody urgent waits: the rest lets the moment pass.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

STEP_S = 0.001
ASIDE_S = 0.1
"""The urgent are quick; nobody stands aside for longer than this in one turn."""


class Turns:
    """The writers of one database. All its processes open the file `gate`; None for only one process."""

    def __init__(self, gate: Path | None) -> None:
        self._gate = gate
        lock = threading.Lock()
        self._urgent, self._rest = threading.Condition(lock), threading.Condition(lock)
        self._urgent_waiting = 0
        self._taken = False

    @contextmanager
    def take(self, at_most: float, *, urgent: bool = False) -> Iterator[None]:
        """Be this process's only writer, and one of the urgent of all. Who has waited for `at_most` seconds
        goes on without a turn, and learns from the database whether it is free."""
        until = time.monotonic() + at_most
        with self._told() if urgent else nullcontext():
            mine = self._enter_first(until) if urgent else self._enter_aside(until)
            try:
                yield
            finally:
                if mine:
                    self._leave()

    def _enter_first(self, until: float) -> bool:
        with self._urgent:
            self._urgent_waiting += 1
            free = self._urgent.wait_for(lambda: not self._taken, until - time.monotonic())
            self._urgent_waiting -= 1
            if free:
                self._taken = True
            else:
                self._rest.notify()
            return free

    def _enter_aside(self, until: float) -> bool:
        aside = time.monotonic() + ASIDE_S
        while True:
            with self._rest:
                if not self._rest.wait_for(self._is_free, until - time.monotonic()):
                    return False
                self._taken = True
            if time.monotonic() > aside or self._is_open():
                return True
            self._leave()
            time.sleep(STEP_S)

    def _is_free(self) -> bool:
        return not self._taken and not self._urgent_waiting

    def _leave(self) -> None:
        with self._rest:
            self._taken = False
            (self._urgent if self._urgent_waiting else self._rest).notify()

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Let other processes know that somebody urgent is here, until the file is closed or we die."""
        if self._gate is None:
            yield
            return
        gate = os.open(self._gate, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            fcntl.flock(gate, fcntl.LOCK_SH)
            yield
        finally:
            os.close(gate)

    def _is_open(self) -> bool:
        """Whether nobody urgent is here, in any process."""
        if self._gate is None:
            return True
        gate = os.open(self._gate, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            fcntl.flock(gate, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        finally:
            os.close(gate)
        return True
