"""What time it is: the one place that asks, so that tests can move it."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime


def _system() -> datetime:
    return datetime.now(UTC)


_source: Callable[[], datetime] = _system


def now() -> datetime:
    """The current instant, aware and in UTC."""
    return _source()


def set_source(source: Callable[[], datetime] | None) -> None:
    """Replace the clock (tests and simulations); None brings the system's back."""
    global _source  # noqa: PLW0603 - one process has one clock
    _source = source or _system


def wait_until(instant: datetime) -> None:
    """Block until `now()` has reached `instant`. Never returns early, not even by a rounding of sleep."""
    while (left := (instant - now()).total_seconds()) > 0:
        time.sleep(left)
