"""The sandbox's own time, which tests move so that windows of a day pass at once."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta


class Clock:
    """The computer's clock plus an offset. Signatures are checked against the computer's clock itself."""

    def __init__(self) -> None:
        self._offset = 0.0
        self._frozen: float | None = None

    def time(self) -> float:
        """Seconds since 1970."""
        return self._frozen if self._frozen is not None else time.time() + self._offset

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.time(), UTC)

    def advance(self, seconds: float | timedelta) -> None:
        step = seconds.total_seconds() if isinstance(seconds, timedelta) else float(seconds)
        if self._frozen is None:
            self._offset += step
        else:
            self._frozen += step

    def set(self, instant: datetime) -> None:
        """Make it `instant` (aware) now; time goes on from there."""
        self._frozen = None
        self._offset = instant.timestamp() - time.time()

    def freeze(self, instant: datetime | None = None) -> None:
        self._frozen = instant.timestamp() if instant else self.time()

    def reset(self) -> None:
        self._offset, self._frozen = 0.0, None
