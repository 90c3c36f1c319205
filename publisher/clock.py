"""What time it is: the one place that asks, so that tests can move it."""

from __future__ import annotations

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


def wait_until(instant: datetime) -> None:
    """Block until `now()` has reached `instant`. Never returns early, not even by a rounding of sleep, and
    looks at the clock each second: one that is put back, and mended, is not slept for."""
    while (left := (instant - now()).total_seconds()) > 0:
        _sleep(min(left, 1.0))
