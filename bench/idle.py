"""What an installation costs while nothing is due, beside RQ's own workers and scheduler doing nothing."""

from __future__ import annotations

import os
import tempfile
import threading
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import event

from bench import data, processes, rig
from bench.rig import House
from bench.start_lag import rq_workers
from publisher import clock
from publisher.extensions import db
from workers.dispatcher import Dispatcher

WORKERS = 2
FUTURE = 10_000


def measure(quick: bool) -> dict[str, Any]:
    """CPU and memory of the whole `publisher up` with posts planned and none due; queries of its dispatcher,
    counted on one in this process, as it is the only one that asks while nothing happens."""
    seconds, future = (1.0, 100) if quick else (60.0, FUTURE)
    with rig.house(PUBLISHER_WORKERS=str(WORKERS)) as house:
        later = [clock.now() + timedelta(days=1, minutes=n) for n in range(future)]
        data.schedule(house, [data.blog()], data.tweets(future), later)
        with rig.installation(house, WORKERS) as root:
            ours = _watched([root], seconds)
        queries = _queries(house, seconds)
    return {
        "planned_posts": future,
        "over_s": seconds,
        **ours,
        "queries_per_s": queries,
        "what": "web, dispatcher, two workers, Valkey and their supervisor",
        "aim": "cpu_percent < 1, queries_per_s < 5",
        "baseline": {"rq_two_workers_with_scheduler": _rq(seconds)},
    }


def _watched(roots: Sequence[int], seconds: float) -> dict[str, float]:
    """CPU in percent of one core, and memory at the end; after a moment of rest."""
    time.sleep(min(2.0, seconds))
    pids = [pid for root in roots for pid in processes.family(root)]
    before, begun = processes.cpu_s(pids), time.monotonic()
    time.sleep(seconds)
    used, took = processes.cpu_s(pids) - before, time.monotonic() - begun
    return {
        "cpu_percent": round(100 * used / took, 2),
        "memory_mb": round(processes.memory_mb(pids), 1),
    }


def _queries(house: House, seconds: float) -> float:
    """Statements per second of one dispatcher, begins and commits not counted."""
    seen: list[str] = []

    def count(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.split(None, 1)[0] not in {"BEGIN", "PRAGMA"}:
            seen.append(statement)

    dispatcher = Dispatcher(house.app)
    thread = threading.Thread(target=dispatcher.run)
    thread.start()
    time.sleep(min(2.0, seconds))
    event.listen(db.engine, "before_cursor_execute", count)
    time.sleep(seconds)
    event.remove(db.engine, "before_cursor_execute", count)
    dispatcher.stopping.set()
    thread.join()
    return round(len(seen) / seconds, 2)


def _rq(seconds: float) -> dict[str, float]:
    with tempfile.TemporaryDirectory(prefix="bench-rq-") as folder:
        before = set(processes.family(os.getpid()))
        with rq_workers(Path(folder), WORKERS):
            started = sorted(set(processes.family(os.getpid())) - before)
            return _watched(started, seconds)
