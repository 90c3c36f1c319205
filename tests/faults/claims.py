"""`python -m tests.faults.claims --posts 100000`: many hosts quarrel about the same posts on PostgreSQL.

Two dispatchers and eight RQ workers, each with a home and a host name of its own, share one database and one
Valkey. Everything is real but the platform, which only counts what it is given.
"""

from __future__ import annotations

import argparse
import os
import socket
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, select

from bench import data, rig
from channels import REGISTRY
from publisher import clock
from publisher.accounts.models import Account
from publisher.deliveries.models import Attempt, Delivery
from publisher.extensions import db
from publisher.storage import writing
from tests.faults import counting
from tests.plugins.databases import private_cluster
from workers import valkey

REGISTRY[counting.KIND] = "tests.faults.counting:Counting"
DISPATCHERS, WORKERS, SENDERS = 2, 8, 4
ACCOUNTS = 32
HOST = "CLAIMS_HOST"


@dataclass(frozen=True)
class Tally:
    """What was counted, at the platform and in the database."""

    posts: int
    received: int
    twice: int
    attempts: int
    claimed_again: int
    published: int
    by_host: Counter[str]
    seconds: float

    @property
    def double(self) -> int:
        """Posts that two claimed: received twice, or tried a second time though nobody had died."""
        return self.twice + self.claimed_again

    @property
    def kept(self) -> bool:
        return not self.double and self.posts == self.received == self.attempts == self.published

    def __str__(self) -> str:
        shares = ", ".join(f"{host} {count}" for host, count in sorted(self.by_host.items()))
        return (
            f"  posts             {self.posts}\n"
            f"  received          {self.received}, twice {self.twice}\n"
            f"  claims            {self.attempts}, again {self.claimed_again}\n"
            f"  shown published   {self.published}\n"
            f"  double claims     {self.double}\n"
            f"  by host           {shares}\n"
            f"  took              {self.seconds:.0f} s, {self.posts / self.seconds:.0f} posts/s"
        )


def quarrel(
    folder: Path,
    database_url: str,
    posts: int,
    *,
    workers: int = WORKERS,
    say: Callable[[str], None] = lambda _: None,
) -> Tally:
    """Let two dispatchers and so many workers publish `posts` posts that are all due, and count."""
    ledger = folder / "ledger"
    ledger.touch()
    with rig.house(DATABASE_URL=database_url) as house:
        owners = _accounts()
        data.schedule(house, owners, data.tweets(posts), [clock.now()] * posts)
        with _hosts(folder, house, ledger, workers):
            begun = time.monotonic()
            _until(lambda: ledger.read_bytes().count(b"\n") >= posts, posts, say)
            _until(lambda: data.published() >= posts, 0, say)
            seconds = time.monotonic() - begun
        return _tally(posts, ledger, seconds)


def _accounts() -> list[Account]:
    """Accounts of the counting platform, without spacing."""
    now = clock.now()
    with writing() as session:
        made = [
            Account(kind=counting.KIND, slug=f"c{n}", label=f"C{n}", created_at=now)
            for n in range(ACCOUNTS)
        ]
        session.add_all(made)
    return made


@contextmanager
def _hosts(folder: Path, house: rig.House, ledger: Path, workers: int) -> Iterator[None]:
    """Dispatchers and workers, each on what it takes for a machine of its own, and the Valkey they share."""
    shared = {
        **house.environment,
        "REDIS_URL": valkey.redis_url(folder),
        "PUBLISHER_SENDERS": str(SENDERS),
        counting.LEDGER: str(ledger),
    }
    roles = [("dispatch", n) for n in range(DISPATCHERS)] + [("worker", n) for n in range(workers)]
    with ExitStack() as stack:
        log = folder / "log"
        stack.enter_context(rig.program(valkey.command(folder), {"PATH": os.environ["PATH"]}, log))
        rig.wait_for(valkey.socket_path(folder).exists, 30, log)
        for role, number in roles:
            host = f"{role}-{number}"
            own = {**shared, HOST: host, "PUBLISHER_HOME": str(folder / host)}
            command = ("tests.faults.claims", "--role", role)
            stack.enter_context(rig.running(*command, environment=own, log=log))
        rig.wait_for(lambda: rig.listening(shared["REDIS_URL"]) >= workers, 180, log)
        yield


def _until(condition: Callable[[], bool], posts: int, say: Callable[[str], None]) -> None:
    deadline = time.monotonic() + 120 + posts / 5
    told = time.monotonic()
    while not condition():
        if time.monotonic() > deadline:
            return  # what is missing then is told by the tally
        if time.monotonic() - told > 20:
            told = time.monotonic()
            say(f"{data.published()} published")
        time.sleep(0.1)


def _tally(posts: int, ledger: Path, seconds: float) -> Tally:
    lines = [line.split(" ", 1) for line in ledger.read_text().splitlines()]
    received = Counter(marker for marker, _ in lines)
    db.session.rollback()
    attempts = db.session.scalar(select(func.count()).select_from(Attempt)) or 0
    again = db.session.scalar(select(func.count()).select_from(Delivery).where(Delivery.fence > 1))
    return Tally(
        posts=posts,
        received=len(received),
        twice=sum(count > 1 for count in received.values()),
        attempts=attempts,
        claimed_again=again or 0,
        published=data.published(),
        by_host=Counter(Path(home).name for _, home in lines),
        seconds=seconds,
    )


def _be(role: str) -> None:
    """One process of a host: the product's own, that only takes itself to be on another machine."""
    socket.gethostname = lambda: os.environ[HOST]
    from workers import __main__ as roles

    sys.argv = ["workers", role]
    roles.main()


def main() -> int:
    """Quarrel and print the tally. 1 when anything was claimed or received twice."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.claims", description=__doc__)
    parser.add_argument("--posts", type=int, default=100_000)
    parser.add_argument("--role", choices=["dispatch", "worker"], help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.role:
        _be(given.role)
        return 0
    with private_cluster() as cluster, tempfile.TemporaryDirectory(prefix="claims-") as folder:
        url = cluster.url(cluster.create())
        tally = quarrel(Path(folder), url, given.posts, say=rig.progress)
    sys.stdout.write(f"{tally}\n")
    return 0 if tally.kept else 1


if __name__ == "__main__":
    sys.exit(main())
