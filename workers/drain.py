"""Draining: a look-out reads what is due; a few senders claim, send and settle, until nothing is due."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Collection, Hashable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial

from flask import Flask

from publisher import clock
from publisher.config import Config
from publisher.crashes import crash_point
from publisher.deliveries import dispatch, sweep
from publisher.deliveries.claim import Head
from publisher.effects import service as effects

logger = logging.getLogger(__name__)

SEEN_S = 0.1
"""For how long what was seen is handed out before it is looked at again."""
LOOK_S = 0.2
"""How often the look-out looks while senders are at work or about to be: something new may be due at once."""
REST_S = 0.02
"""A sender that found somebody faster rests, so that processes do not run after each other."""


def drain(
    app: Flask, *, senders: int | None = None, stopping: threading.Event | None = None
) -> None:
    """Run until nothing is due within `ahead`, for a minute, or until `stopping`; then another bell goes on.

    After a silence of all dispatchers it asks about crowds first: a bell may be older than the silence, and a
    page rings without a dispatcher.
    """
    config: Config = app.extensions["settings"]
    crash_point("bell-heard")
    with app.app_context():
        sweep.ask_after_silence()
    crew = _Crew(app, senders or config.senders, stopping or threading.Event())
    crew.run(config.timings.drain)


class _Crew:
    """One look-out and its senders. Senders that each looked for themselves would all wake for the same post
    and keep each other from it."""

    def __init__(self, app: Flask, senders: int, stopping: threading.Event) -> None:
        self.app = app
        self.senders = senders
        self.stopping = stopping
        self.ahead = timedelta(seconds=app.extensions["settings"].timings.ahead)
        self.in_hand: dict[Hashable, bool] = {}
        """What senders are at, and whether it is a post that goes out."""
        self.seen: list[Head] = []
        self.effect: datetime | None = None
        self.look_at = 0.0
        self.moved = threading.Event()

    def run(self, seconds: float) -> None:
        """Hand out what is due for so many seconds at most. What was begun is finished."""
        until = time.monotonic() + seconds
        with ThreadPoolExecutor(self.senders, "sender") as pool:
            while time.monotonic() < until and not self.stopping.is_set():
                self.moved.clear()
                try:
                    wait = self._round(pool)
                except Exception:
                    logger.exception("the look-out stumbled; another bell goes on")
                    return
                if wait is None:
                    return
                self.moved.wait(wait)

    def _round(self, pool: ThreadPoolExecutor) -> float | None:
        """Hand out what can be taken up, deliveries before effects. Seconds until the next look; None when
        there is nothing to wait for."""
        taken = dict(self.in_hand)
        now, free = clock.now(), self.senders - len(taken)
        due = [head for head in self.seen if head.at <= now]
        if len(due) < free or time.monotonic() >= self.look_at:
            self._look(taken)
            now = clock.now()
            due = [head for head in self.seen if head.at <= now]
        for head in due:
            if self._has_hand(post=head.is_post):
                self.seen.remove(head)
                self._hand_out(pool, head.key, partial(dispatch.work_on, head), post=head.is_post)
        effect, heads = self.effect, self.seen
        if effect is not None and effect <= now and self._has_hand(post=False):
            self.effect = None
            self._hand_out(pool, object(), effects.work_off, post=False)
        later = [head.at for head in heads if head.at > now]
        later += [effect] if effect is not None and effect > now else []
        return self._wait(min(later, default=None), idle=not (taken or self.in_hand))

    def _has_hand(self, *, post: bool) -> bool:
        """Whether a sender is free. Questions and side work, which last as long as a silent server lets them,
        leave one to the next post that becomes due."""
        besides = sum(not is_post for is_post in dict(self.in_hand).values())
        return len(self.in_hand) < self.senders and (post or besides < max(1, self.senders - 1))

    def _look(self, taken: Collection[Hashable]) -> None:
        with self.app.app_context():
            heads = dispatch.heads()
            self.effect = effects.next_instant()
        self.seen = sorted((head for head in heads if head.key not in taken), key=_own_order)
        self.look_at = time.monotonic() + SEEN_S

    def _wait(self, soon: datetime | None, *, idle: bool) -> float | None:
        now = clock.now()
        if idle and (soon is None or soon > now + self.ahead):
            return None
        left = LOOK_S if soon is None else min(LOOK_S, (soon - now).total_seconds())
        return max(0.001, left)

    def _hand_out(
        self, pool: ThreadPoolExecutor, key: Hashable, work: Callable[[], bool], *, post: bool
    ) -> None:
        self.in_hand[key] = post
        pool.submit(self._work, key, work)

    def _work(self, key: Hashable, work: Callable[[], bool]) -> None:
        try:
            with self.app.app_context():
                found = work()
            if not found:
                time.sleep(REST_S)
        except Exception:
            logger.exception("a sender stumbled; the sweep recovers what it held")
        finally:
            self.in_hand.pop(key, None)
            self.moved.set()


def _own_order(head: Head) -> tuple[bool, int, int]:
    """Posts before questions, the oldest first; what is due in the same second in an order of this process's
    own."""
    return not head.is_post, int(head.due.timestamp()), hash((os.getpid(), head.key))
