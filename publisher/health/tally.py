"""Counters for Prometheus: how attempts ended, by channel, and how late posts went out.

As any program's counters they begin at nought with the process, which is how Prometheus takes them. Each look
reads by their ids the attempts that were added since the last one, and those that had not ended then.
"""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from flask import current_app
from sqlalchemy import func, select

from publisher.accounts.models import Account
from publisher.deliveries.models import Attempt, Delivery
from publisher.extensions import db

BUCKETS = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600)
"""Seconds."""
AT_ONCE = 5_000
"""How many new attempts one look counts; the next look goes on from there."""
OPEN = 500
"""How many attempts without an end are remembered."""
BACK = 200
"""So far back an attempt may appear after one with a higher id did: transactions end in any order."""
PUBLISHED = "published"

Line = tuple[str, dict[str, str], float]
"""What is added to the name, the labels, and the value."""


@dataclass
class Tally:
    """What this process has counted so far: attempts after `first`, up to `last`. Of the newest it remembers
    which are `done`."""

    first: int | None = None
    last: int = 0
    done: set[int] = field(default_factory=set)
    open: set[int] = field(default_factory=set)
    ended: Counter[tuple[str, str]] = field(default_factory=Counter)
    late: Counter[tuple[str, float]] = field(default_factory=Counter)
    late_s: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    lock: threading.Lock = field(default_factory=threading.Lock)

    def look(self) -> None:
        """Count what has ended since the last look; the first one only says where to begin."""
        if self.first is None:
            self.first = self.last = db.session.scalar(select(func.max(Attempt.id))) or 0
        query = (
            select(Attempt.id, Attempt.outcome, Account.kind, Delivery.late_ms)
            .join(Delivery, Delivery.id == Attempt.delivery_id)
            .join(Account, Account.id == Delivery.account_id)
        )
        since = max(self.first, self.last - BACK)
        added = query.where(Attempt.id > since).order_by(Attempt.id).limit(AT_ONCE)
        rows = {row.id: row for row in db.session.execute(added)}
        if self.open:
            older = db.session.execute(query.where(Attempt.id.in_(self.open)))
            rows |= {row.id: row for row in older}
        self.open = set(sorted(each for each, row in rows.items() if not row.outcome)[-OPEN:])
        self.last = max([self.last, *rows])
        for each in rows.keys() - self.done - self.open:
            if rows[each].outcome:
                self._count(rows[each].kind, rows[each].outcome, rows[each].late_ms)
        ended = (rows.keys() | self.done) - self.open
        self.done = {each for each in ended if each > self.last - BACK}

    def _count(self, channel: str, outcome: str, late_ms: int | None) -> None:
        self.ended[channel, outcome] += 1
        if outcome == PUBLISHED and late_ms is not None:
            seconds = late_ms / 1000
            self.late_s[channel] += seconds
            bucket = next((each for each in BUCKETS if seconds <= each), float("inf"))
            self.late[channel, bucket] += 1

    def attempts(self) -> Iterator[Line]:
        for (channel, outcome), count in sorted(self.ended.items()):
            yield "", {"channel": channel, "outcome": outcome}, count

    def lateness(self) -> Iterator[Line]:
        """A histogram's lines: each bucket holds those below it, too."""
        for channel in sorted(self.late_s):
            so_far = 0
            for bucket in (*BUCKETS, float("inf")):
                so_far += self.late[channel, bucket]
                shown = "+Inf" if bucket == float("inf") else f"{bucket:g}"
                yield "_bucket", {"channel": channel, "le": shown}, so_far
            yield "_sum", {"channel": channel}, self.late_s[channel]
            yield "_count", {"channel": channel}, so_far


def counted() -> Iterator[tuple[str, str, str, list[Line]]]:
    """(metric, its type, its meaning, its lines), as of now."""
    tally: Tally = current_app.extensions.setdefault("tally", Tally())
    with tally.lock:
        tally.look()
        attempts, lateness = [*tally.attempts()], [*tally.lateness()]
    meaning = "Attempts that ended since this process began, by channel and outcome"
    yield "attempts_total", "counter", meaning, attempts
    meaning = "How long after its time each post was begun that went out since this process began"
    yield "lateness_seconds", "histogram", meaning, lateness
