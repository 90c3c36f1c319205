"""Counting windows of the platforms: so many calls per user and quarter of an hour, or per page and day."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from sandbox.clock import Clock


@dataclass(frozen=True, slots=True)
class Count:
    """Where a window stands after this call; `over` when the call was one too many."""

    limit: int
    used: int
    reset: int

    @property
    def over(self) -> bool:
        return self.used > self.limit

    @property
    def remaining(self) -> int:
        return max(0, self.limit - self.used)


class Meter:
    """Fixed windows by key, each begun by its first call."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._windows: dict[tuple[str, str], tuple[float, int]] = {}

    def count(self, account: str, what: str, limit: int, seconds: int) -> Count:
        now = self._clock.time()
        with self._lock:
            begun, used = self._windows.get((account, what), (now, 0))
            if not begun <= now < begun + seconds:
                begun, used = now, 0
            self._windows[(account, what)] = (begun, used + 1)
        return Count(limit, used + 1, int(begun + seconds) + 1)

    def clear(self) -> None:
        with self._lock:
            self._windows.clear()


class Purse:
    """What X has charged so far, in US$, and how many posts this month."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.spent_usd = 0.0
        self.posts = 0

    def charge(self, usd: float, credits: float | None) -> bool:
        """Take `usd`; False, and nothing taken, when `credits` are used up."""
        with self._lock:
            if credits is not None and self.spent_usd >= credits:
                return False
            self.spent_usd += usd
            return True

    def clear(self) -> None:
        with self._lock:
            self.spent_usd, self.posts = 0.0, 0
