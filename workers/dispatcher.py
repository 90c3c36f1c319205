"""The dispatcher: sweeps, and rings two seconds before something is due. Any number of them may run."""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from types import FrameType

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from publisher import backup, clock, queue, retention
from publisher.accounts import expiry, timekeeping
from publisher.config import Config
from publisher.deliveries import dispatch, quarantine, sweep
from publisher.stories import deadlines
from workers import loaded
from workers.drain import drain

logger = logging.getLogger(__name__)

TICK_S = 0.5
BEAT_S = 2.0
SWEEP_S = 5.0
"""How often everything is swept, also when nothing is on its way."""
CALM = timedelta(minutes=1)
"""Who has just started has more urgent things to do than a backup."""
INLINE_AFTER_S = 5.0
"""For how long nobody may hear the bells before the dispatcher drains by itself."""


class Dispatcher:
    """Looks at most every half second; asleep in between. Claims nothing while RQ's bells are heard."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.config: Config = app.extensions["settings"]
        self.name = f"dispatcher@{socket.gethostname()}:{os.getpid()}"
        self.stopping = threading.Event()
        self.silent_since: float | None = None
        self.beat_at = 0.0
        self.sweep_at = 0.0
        self.ticked_at: datetime | None = None
        self.hour: int | None = None
        self.backup_at = clock.now() + CALM
        self.besides: dict[str, threading.Thread] = {}

    def run(self) -> None:
        """Until told to stop; what it sends by itself is then finished. A database that is away for a moment
        is logged and tried again."""
        while not self.stopping.is_set():
            try:
                with self.app.app_context():
                    wait = self.tick()
            except SQLAlchemyError:
                logger.exception("the database did not answer")
                wait = TICK_S
            self.stopping.wait(wait)
        self.finish()

    def finish(self) -> None:
        """Wait for what it sends by itself."""
        if (draining := self.besides.get("drain")) is not None:
            draining.join()

    def tick(self) -> float:
        """One round: a sign of life, the bells, the sweep. Returns how many seconds to sleep.

        The first round, and the one after this machine was suspended or the database away, asks about crowds.
        """
        if self.ticked_at is None:
            timekeeping.begin()
        timekeeping.watch()
        if self.ticked_at is None:
            quarantine.look_back()
        self._ask_for_upkeep()
        if self.ticked_at is None or clock.now() - self.ticked_at > sweep.SILENCE:
            sweep.ask_after_silence()
        if time.monotonic() - self.beat_at >= BEAT_S:
            self.beat_at = time.monotonic()
            sweep.beat(self.name, "dispatcher-inline" if self.inline else "dispatcher")
        ahead = timedelta(seconds=self.config.timings.ahead)
        pulse = dispatch.pulse()
        first, until = pulse.delivery, clock.now() + ahead
        if not pulse.quiet(until):
            heads = dispatch.heads()
            first = heads[0].at if heads else None
            if due := dispatch.due_count(heads, pulse.effect, until):
                self._ring(due)
        self._sweep(pulse)
        self.ticked_at = clock.now()
        return self._sleep(first, pulse.effect, ahead)

    def _sweep(self, pulse: dispatch.Pulse) -> None:
        """What a dead process held is taken up at once; what became late can wait for seconds."""
        if time.monotonic() >= self.sweep_at:
            self.sweep_at = time.monotonic() + max(TICK_S, SWEEP_S * self.config.timings.pace)
            sweep.sweep()
        elif pulse.on_its_way:
            sweep.abandoned()

    def _ask_for_upkeep(self) -> None:
        """Each hour a backup, and once a day forgetting what is old, and reminders never asked for."""
        if (now := clock.now()) >= self.backup_at:
            self.backup_at = now + backup.AGAIN
            self._beside("backup", self._back_up)
        if (hour := now.hour) != self.hour:
            retention.ask_daily()
            expiry.ask_daily()
            deadlines.ask_daily()
            self.hour = hour

    def _ring(self, due: int) -> None:
        if queue.ring(due):
            self.silent_since = None
            return
        self.silent_since = self.silent_since or time.monotonic()
        if self.inline:
            self._beside("drain", partial(drain, self.app, stopping=self.stopping))

    def _beside(self, name: str, work: Callable[[], None]) -> None:
        """Have it done while the ticks go on, unless it is being done already."""
        doing = self.besides.get(name)
        if doing is None or not doing.is_alive():
            self.besides[name] = threading.Thread(target=work, name=name, daemon=True)
            self.besides[name].start()

    def _back_up(self) -> None:
        try:
            with self.app.app_context():
                backup.hourly()
        except Exception:
            logger.exception("no copy of the database could be made; another try follows")

    @property
    def inline(self) -> bool:
        """Whether nobody hears: no Redis was given, or for five seconds it was away or without workers."""
        if not self.config.redis_url:
            return True
        silent = self.silent_since
        return silent is not None and time.monotonic() - silent > INLINE_AFTER_S

    def _sleep(self, delivery: datetime | None, effect: datetime | None, ahead: timedelta) -> float:
        """Until it is time to ring for the next instant, at most half a second, and never nothing."""
        instants = [instant for instant in (delivery, effect) if instant is not None]
        if not instants:
            return TICK_S
        left = (min(instants) - ahead - clock.now()).total_seconds()
        return min(TICK_S, max(0.02, left)) if left > 0 else TICK_S / 5


def main() -> None:
    """Run one dispatcher until SIGTERM or SIGINT."""
    dispatcher = Dispatcher(loaded.app())
    loaded.keep()

    def stop(_number: int, _frame: FrameType | None) -> None:
        dispatcher.stopping.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    dispatcher.run()
