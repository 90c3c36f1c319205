"""What time it is: the one place that asks, so that tests can move it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from datetime import UTC, datetime


def _system() -> datetime:
    return datetime.now(UTC)


_source: Callable[[], datetime] = _system
_sleep: Callable[[float], None] = time.sleep


def now() -> datetime:
    """The current instant, aware and in UTC."""
    return _source()


def set_source(
    source: Callable[[], datetime] | None, sleep: Callable[[float], None] | None = None
) -> None:
    """Replace the clock, and how its time passes (tests and simulations); None brings the system's back."""
    global _source, _sleep
    _source, _sleep = source or _system, sleep or time.sleep


def wait_until(instant: datetime, at_most: float = math.inf) -> bool:
    """Block until `now()` has reached `instant`: never shorter, not even by a rounding of sleep. False, and
    at once, where it is more than `at_most` seconds away; looks each second whether somebody put the clock
    back."""
    while (left := (instant - now()).total_seconds()) > 0:
        if left > at_most:
            return False
        _sleep(min(left, 1.0))
    return True
