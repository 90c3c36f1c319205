"""How soon work goes on after `kill -9`, after the loss of a host and after a FLUSHALL, beside RQ alone."""

from __future__ import annotations

import os
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from redis import Redis
from rq import Queue, Worker
from rq.job import Job
from sqlalchemy import func, select

from bench import data, rig
from bench.rig import House, Platform
from bench.start_lag import rq_workers
from publisher import clock
from publisher.accounts.models import Account
from publisher.deliveries.models import Attempt, Delivery
from publisher.extensions import db
from workers import valkey
from workers.supervisor import STEADY_S

WORKERS = 2
AIM = "kill9 p99 <= 2000, lost_host_s < 130, flush max <= 1000"
ELSEWHERE = (
    "import socket, sys; socket.gethostname = lambda: 'elsewhere'; sys.argv = ['workers', 'worker'];"
    "from workers.__main__ import main; main()"
)
"""A worker that takes itself to be on another machine: nobody here can see that it is dead."""


def measure(quick: bool) -> dict[str, Any]:
    """From the death, or the flush, until the same delivery is claimed again, or a bell is rung again."""
    rounds, flushes, scale, patience = (2, 2, 0.1, 3.0) if quick else (20, 10, 1.0, 60.0)
    return {
        "kill9": _supervised(rounds),
        "lost_host": {"scale": scale, "lost_host_s": _lost_host(scale)},
        "flush": _flushed(flushes),
        "what": "death until the next claim of the same delivery, workers dying seconds apart; FLUSHALL"
        " until the next bell in Redis",
        "aim": AIM,
        "baseline": {"rq_kill9": _rq_killed(patience), "rq_flush": _rq_flushed(5.0)},
    }


# ---- kill -9 ----


@contextmanager
def _fragile(*, up: bool = True, **settings: str) -> Iterator[tuple[House, Account, Platform]]:
    """An installation whose processes die where a file says so, and an account of its own platform."""
    with tempfile.TemporaryDirectory(prefix="orders-") as orders, ExitStack() as stack:
        house = stack.enter_context(
            rig.house(
                PUBLISHER_WORKERS=str(WORKERS),
                PUBLISHER_ENVIRONMENT="test",
                PUBLISHER_CRASHES=orders,
                **settings,
            )
        )
        platform = stack.enter_context(rig.platform(house.home))
        (owner,) = data.x_accounts(platform, 1)
        if up:
            stack.enter_context(rig.installation(house, WORKERS))
        yield house, owner, platform


def _supervised(rounds: int) -> dict[str, Any]:
    """A horse dies, or a worker with its horse, or all workers at once; the supervisor lives."""
    found: dict[str, Any] = {}
    with _fragile() as (house, owner, _):
        together = [_killed(house, owner, {"after-intent": "self"}, everybody=True)]
        horses = [_killed(house, owner, {"after-intent": "self"}) for _ in range(rounds)]
        both = {"before-intent": "parent", "after-intent": "self"}
        workers = [_killed(house, owner, both) for _ in range(rounds) if _steady(house)]
    found["n"] = 2 * rounds
    found.update(rig.spread([*horses, *workers]))
    found["horse"], found["worker_and_horse"] = rig.spread(horses), rig.spread(workers)
    found["all_workers_at_once_ms"] = round(together[0], 1)
    return found


def _killed(
    house: House, owner: Account, orders: dict[str, str], *, everybody: bool = False
) -> float:
    """Milliseconds between the claim that died and the next one of the same post."""
    number = _arm(house, orders)
    data.schedule(house, [owner], data.tweets(number)[-1:], [clock.now() + timedelta(seconds=2)])
    if everybody:
        rig.wait_for(lambda: not any(_orders(house).iterdir()), 60)
        for pid in _roles(house, "workers worker"):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    rig.wait_for(lambda: data.published() == number, 90, house.home / "up.log")
    first, second = _claims(number)
    return (second - first).total_seconds() * 1000


def _steady(house: House) -> bool:
    """Waits until all workers listen and have lived for a while: who dies again at once is a crash loop, and
    the supervisor gives it growing pauses."""
    url = valkey.redis_url(house.home)
    rig.wait_for(lambda: len(_roles(house, "workers worker")) >= WORKERS, 60)
    rig.wait_for(lambda: rig.listening(url) >= WORKERS, 60)
    time.sleep(STEADY_S)
    return True


def _orders(house: House) -> Path:
    return Path(house.environment["PUBLISHER_CRASHES"])


def _arm(house: House, orders: dict[str, str]) -> int:
    """Say who dies where in the next delivery; its number."""
    db.session.rollback()
    number = (db.session.scalar(select(func.max(Delivery.id))) or 0) + 1
    for point, who in orders.items():
        (_orders(house) / f"{point}.{number}").write_text(who)
    return number


def _claims(number: int) -> Sequence[datetime]:
    db.session.rollback()
    query = select(Attempt.started_at).where(Attempt.delivery_id == number).order_by(Attempt.fence)
    return db.session.scalars(query).all()


def _roles(house: House, words: str) -> list[int]:
    """The processes of this home with those words in their command line."""
    mark = f"PUBLISHER_HOME={house.home}".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            line = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            if words in line and mark in (folder / "environ").read_bytes().split(b"\0"):
                found.append(int(folder.name))
    return found


# ---- A lost host ----


def _lost_host(scale: float) -> float:
    """Seconds until another host claims what a lost one had claimed: its lease has to run out."""
    with _fragile(up=False, PUBLISHER_TIME_SCALE=str(scale)) as (house, owner, _):
        environment = {**house.environment, "REDIS_URL": valkey.redis_url(house.home)}
        log = house.home / "roles.log"
        with ExitStack() as stack:
            stack.enter_context(rig.program(valkey.command(house.home), environment, log))
            rig.wait_for(valkey.socket_path(house.home).exists, 30, log)
            stack.enter_context(
                rig.running("workers", "dispatch", environment=environment, log=log)
            )
            number = _arm(house, {"before-intent": "parent", "after-intent": "self"})
            with rig.program(_elsewhere(), environment, log):
                rig.wait_for(lambda: rig.listening(environment["REDIS_URL"]) >= 1, 60, log)
                due = clock.now() + timedelta(seconds=2)
                data.schedule(house, [owner], data.tweets(1), [due])
                rig.wait_for(lambda: len(_claims(number)) == 1, 60, log)
            stack.enter_context(rig.running("workers", "worker", environment=environment, log=log))
            rig.wait_for(lambda: data.published() == 1, 150 * scale + 60, log)
        first, second = _claims(number)
    return round((second - first).total_seconds(), 2)


def _elsewhere() -> list[str]:
    return [sys.executable, "-c", ELSEWHERE]


# ---- FLUSHALL ----


def _flushed(flushes: int) -> dict[str, Any]:
    """Redis forgets everything, and at that instant a post is due for which nobody has rung yet."""
    with ExitStack() as stack:
        house, owner, _ = stack.enter_context(_fragile())
        redis = stack.enter_context(Redis.from_url(valkey.redis_url(house.home)))
        watch = stack.enter_context(_monitor(valkey.socket_path(house.home)))
        rung: list[float] = []
        threading.Thread(target=_listen, args=(watch, rung), daemon=True).start()
        drafts = data.tweets(flushes)
        since = []
        for n in range(flushes):
            time.sleep(2)  # no sender is at work any more
            redis.flushall()
            since.append(time.time())
            data.schedule(house, [owner], [drafts[n]], [clock.now()])
            rig.wait_for(lambda done=n + 1: data.published() == done, 60, house.home / "up.log")
        again = [min(at for at in rung if at > flushed) - flushed for flushed in since]
        late = db.session.scalars(select(Delivery.late_ms)).all()
    return {
        "n": flushes,
        **rig.spread([1000 * each for each in again]),
        "latest_post_ms": max(each for each in late if each is not None),
    }


def _monitor(path: Path) -> socket.socket:
    """A connection on which Valkey tells every command that it carries out."""
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(str(path))
    connection.sendall(b"MONITOR\r\n")
    return connection


def _listen(connection: socket.socket, rung: list[float]) -> None:
    """Note when each bell is put into Redis, by Redis' own clock, until the connection ends."""
    with suppress(OSError, ValueError):
        for line in connection.makefile("rb"):
            if b'PUSH" "rq:queue:publish"' in line:
                rung.append(float(line[1:].split(b" ", 1)[0]))


# ---- RQ alone ----


def _rq_killed(patience: float) -> dict[str, Any]:
    """A worker dies with its horse in the middle of a job; a second worker has nothing else to do."""
    with (
        tempfile.TemporaryDirectory(prefix="bench-rq-") as folder,
        rq_workers(Path(folder), WORKERS) as url,
        Redis.from_url(url) as redis,
    ):
        job = Queue("baseline", connection=redis).enqueue(time.sleep, 600, job_timeout=900)
        rig.wait_for(lambda: bool(_holder(job)), 30)
        holder = _holder(job)
        worker = next(each for each in Worker.all(connection=redis) if each.name == holder)
        begun = time.monotonic()
        _kill_with_children(int(worker.pid or 0))
        again = _within(patience, lambda: _holder(job) not in {"", holder}, begun)
    return {"run_again_s": again, "waited_s": patience}


def _holder(job: Job) -> str:
    job.refresh()
    return (job.worker_name or "") if job.get_status() == "started" else ""


def _kill_with_children(pid: int) -> None:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    for each in [pid, *map(int, children)]:
        with suppress(ProcessLookupError):
            os.kill(each, signal.SIGKILL)


def _rq_flushed(patience: float) -> dict[str, Any]:
    """Ten jobs are due in two seconds; Redis forgets them before."""
    with (
        tempfile.TemporaryDirectory(prefix="bench-rq-") as folder,
        rq_workers(Path(folder), WORKERS) as url,
        Redis.from_url(url) as redis,
    ):
        noted = Path(folder) / "noted"
        noted.touch()
        queue = Queue("baseline", connection=redis)
        for _ in range(10):
            due = clock.now() + timedelta(seconds=2)
            queue.enqueue_at(due, "bench.rq_job.note_start", due.timestamp(), str(noted))
        redis.flushall()
        begun = time.monotonic()
        _within(2 + patience, lambda: bool(noted.read_text()), begun)
        ran = len(noted.read_text().splitlines())
    return {"jobs": 10, "run": ran, "lost": 10 - ran, "waited_s": patience}


def _within(seconds: float, condition: Callable[[], bool], begun: float) -> float | None:
    """When it came true, in seconds since `begun`; None: not in that time."""
    try:
        rig.wait_for(condition, seconds)
    except TimeoutError:
        return None
    return round(time.monotonic() - begun, 2)
