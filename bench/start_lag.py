"""How late posts go out: 200 posts due over 30 s on real processes, beside RQ's own `enqueue_at`."""

from __future__ import annotations

import os
import random
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from redis import Redis
from rq import Queue
from sqlalchemy import select

from bench import data, rig
from bench.rig import House, Platform
from bench.rq_job import note_start
from publisher import clock
from publisher.deliveries.models import Delivery
from publisher.extensions import db
from workers import valkey

WORKERS = 2
ACCOUNTS = 20
AIM = "p50 <= 10, p99 <= 50, early 0"


def measure(quick: bool) -> dict[str, Any]:
    """Lag from `due_at` to the platform's own clock at the create, after its latency of 0."""
    posts, seconds, future = (12, 1.5, 500) if quick else (200, 30.0, 50_000)
    dice = random.Random(2026)
    offsets = sorted(dice.uniform(0, seconds) for _ in range(posts))
    with rig.house(PUBLISHER_WORKERS=str(WORKERS)) as house, rig.platform(house.home) as platform:
        found = _ours(house, platform, offsets, future)
    return {
        "n": posts,
        "over_s": seconds,
        "future_rows": future,
        "what": "platform's clock at the create minus due_at, milliseconds",
        **found,
        "aim": AIM,
        "baseline": {"rq_enqueue_at": _rq(offsets)},
    }


def _ours(
    house: House, platform: Platform, offsets: Sequence[float], future: int
) -> dict[str, Any]:
    owners = data.x_accounts(platform, ACCOUNTS)
    later = [clock.now() + timedelta(days=1, minutes=n) for n in range(future)]
    data.schedule(house, owners, data.tweets(future), later)
    with rig.installation(house, WORKERS):
        begin = clock.now() + timedelta(seconds=3)
        dues = [begin + timedelta(seconds=offset) for offset in offsets]
        texts = data.tweets(future + len(dues))[future:]
        data.schedule(house, owners, texts, dues)
        patience = offsets[-1] + 60
        rig.wait_for(lambda: data.published() == len(dues), patience, house.home / "up.log")
        due_of = {draft.text: due for draft, due in zip(texts, dues, strict=True)}
        created = [
            (datetime.fromisoformat(each["created_at"]) - due_of[each["text"]])
            for each in platform.creates()
        ]
        db.session.rollback()
        query = select(Delivery.wire_at, Delivery.due_at).where(Delivery.status == "published")
        wired = [wire - due for wire, due in db.session.execute(query) if wire]
    if len(created) != len(dues):
        raise RuntimeError(f"{len(created)} posts appeared instead of {len(dues)}")
    return {**_lags(created), "commit_2": _lags(wired)}


def _lags(found: Sequence[timedelta]) -> dict[str, Any]:
    milliseconds = [each.total_seconds() * 1000 for each in found]
    early = sum(each < 0 for each in milliseconds)
    return {**rig.spread(milliseconds), "min_ms": round(min(milliseconds), 2), "early": early}


# ---- RQ alone ----


def _rq(offsets: Sequence[float]) -> dict[str, Any]:
    """The same instants by `enqueue_at`, two forking workers, RQ's scheduler; the job only notes the time."""
    with (
        tempfile.TemporaryDirectory(prefix="bench-rq-") as folder,
        rq_workers(Path(folder), WORKERS) as url,
    ):
        noted = Path(folder) / "noted"
        noted.touch()
        with Redis.from_url(url) as redis:
            queue = Queue("baseline", connection=redis)
            begin = datetime.now(UTC) + timedelta(seconds=3)
            for offset in offsets:
                due = begin + timedelta(seconds=offset)
                queue.enqueue_at(due, note_start, due.timestamp(), str(noted), result_ttl=0)

        def all_noted() -> bool:
            return len(noted.read_text().splitlines()) >= len(offsets)

        rig.wait_for(all_noted, offsets[-1] + 60, Path(folder) / "log")
        lags = [timedelta(seconds=float(line)) for line in noted.read_text().splitlines()]
    return _lags(lags)


@contextmanager
def rq_workers(folder: Path, count: int) -> Iterator[str]:
    """A private Valkey and `count` of RQ's own workers on the queue `baseline`. Yields its address."""
    url = valkey.redis_url(folder)
    environment = {"PATH": os.environ["PATH"]}
    log = folder / "log"
    with ExitStack() as stack:
        stack.enter_context(rig.program(valkey.command(folder), environment, log))
        rig.wait_for(valkey.socket_path(folder).exists, 10, log)
        for _ in range(count):
            command = ("rq.cli", "worker", "baseline", "--url", url, "--with-scheduler", "--quiet")
            stack.enter_context(rig.running(*command, environment=environment, log=log))
        rig.wait_for(lambda: rig.listening(url) >= count, 30, log)
        yield url
