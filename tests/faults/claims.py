"""`python -m tests.faults.claims --posts 100000`: many hosts quarrel about the same posts on PostgreSQL.

Two dispatchers and eight RQ workers, each with a home and a host name of its own, share one database and one
Valkey. Most posts are for hosted blogs, some are sent away. Everything is real but the platform, which only
counts what it is given, and the way the posts came about: all but a few are inserted as the verbs leave them.
"""

from __future__ import annotations

import argparse
import os
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from rq import Queue
from sqlalchemy import func, select

from bench import data, rig
from channels import REGISTRY
from publisher import clock
from publisher.accounts.models import Account
from publisher.deliveries import dispatch
from publisher.deliveries import service as deliveries
from publisher.deliveries.claim import Head
from publisher.deliveries.models import Beat
from publisher.extensions import db
from publisher.storage import writing
from publisher.stories import review
from publisher.stories import service as stories
from publisher.stories.models import Post
from publisher.stories.rules import Draft
from tests.faults import counting
from tests.faults.claims_tally import Tally, tally
from tests.plugins.databases import private_cluster
from workers import valkey

REGISTRY[counting.KIND] = "tests.faults.counting:Counting"
DISPATCHERS, WORKERS, SENDERS = 2, 8, 4
BLOGS, PLATFORMS = 40, 8
SENT_AWAY = 0.04
"""The share of posts that are sent to the platform, in three commits; the others take the blog's one."""
BY_HAND = 10
"""So many posts of each kind come about by the verbs."""
INSERTS_PER_S, STARTING_S = 800, 20
"""All posts are due once this pace would have inserted them and the hosts are up. On a slow machine they are
overdue by then, which makes the quarrel no smaller."""
HOST = "CLAIMS_HOST"
STUCK_S = 150.0


def quarrel(
    folder: Path,
    database_url: str,
    posts: int,
    *,
    workers: int = WORKERS,
    lasting_s: float = 0.0,
    say: Callable[[str], None] = lambda _: None,
) -> Tally:
    """Let two dispatchers and so many workers publish `posts` posts, and count. All are due at one instant,
    or one after the other over `lasting_s` seconds."""
    ledger, hosts = folder / "ledger", folder / "hosts"
    ledger.touch()
    hosts.mkdir()
    wire = round(posts * SENT_AWAY)
    with rig.house(DATABASE_URL=database_url) as house:
        due = clock.now() + timedelta(seconds=STARTING_S + posts / INSERTS_PER_S)
        dues = [due + timedelta(seconds=lasting_s * n / posts) for n in range(posts)]
        _fill(house, data.articles(posts - wire), data.tweets(wire), dues)
        with _hosts(folder, house, ledger, workers):
            say(f"{posts:,} posts, due in {(due - clock.now()).total_seconds():.0f} s")
            clock.wait_until(max(due, clock.now()))
            due = max(due, clock.now())
            _until_published(posts, say)
            seconds = (clock.now() - due).total_seconds()
        return tally(hosts, ledger, posts - wire, wire, seconds)


def _fill(
    house: rig.House, articles: list[Draft], tweets: list[Draft], dues: list[datetime]
) -> None:
    """Schedule them all. The first few come about by the verbs; the rest, in bulk, takes up the ids where
    those left them."""
    kinds = ((_blogs(), articles), (_platforms(), tweets))
    for owners, drafts in kinds:
        for owner, draft in zip(cycle(owners), drafts[:BY_HAND], strict=False):
            by_hand(house, owner, draft, dues[0])
    later = iter(dues)
    for owners, drafts in kinds:
        rest = drafts[BY_HAND:]
        data.schedule(house, owners, rest, list(islice(later, len(rest))))
    data.analyse()


def by_hand(house: rig.House, owner: Account, draft: Draft, due: datetime) -> Post:
    """One approved post of a story of its own, as people make it."""
    with writing():
        story = stories.create_story(house.author, title=draft.title or draft.text, language="ko")
        post = stories.add_post(house.author, story, owner, draft)
        review.submit(house.author, post)
        return deliveries.approve(house.editor, post, post.revision, due, "Asia/Seoul")


def _blogs() -> list[Account]:
    """Many at once: an installation has one, but only their number makes claims collide."""
    now = clock.now()
    with writing() as session:
        made = [
            Account(kind="blog", slug=f"b{n}", label=f"B{n}", created_at=now) for n in range(BLOGS)
        ]
        session.add_all(made)
    return made


def _platforms() -> list[Account]:
    """Accounts of the counting platform, without spacing."""
    now = clock.now()
    with writing() as session:
        made = [
            Account(kind=counting.KIND, slug=f"c{n}", label=f"C{n}", created_at=now)
            for n in range(PLATFORMS)
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
        "PUBLISHER_BACKUPS": "off",
        counting.LEDGER: str(ledger),
    }
    roles = [("dispatch", n) for n in range(DISPATCHERS)] + [("worker", n) for n in range(workers)]
    with ExitStack() as stack:
        log = folder / "log"
        stack.enter_context(rig.program(valkey.command(folder), {"PATH": os.environ["PATH"]}, log))
        rig.wait_for(valkey.socket_path(folder).exists, 30, log)
        for role, number in roles:
            home = folder / "hosts" / f"{role}-{number}"
            own = {**shared, HOST: home.name, "PUBLISHER_HOME": str(home)}
            command = ("tests.faults.claims", "--role", role)
            stack.enter_context(rig.running(*command, environment=own, log=log))
        rig.wait_for(lambda: rig.listening(shared["REDIS_URL"]) >= workers, 180, log)
        rig.wait_for(lambda: _dispatching() >= DISPATCHERS, 180, log)
        yield


def _dispatching() -> int:
    """How many dispatchers have given a sign of life."""
    db.session.rollback()
    query = select(func.count()).select_from(Beat).where(Beat.role.like("dispatcher%"))
    return db.session.scalar(query) or 0


def _until_published(posts: int, say: Callable[[str], None]) -> None:
    """Wait for all, or until nothing has moved for longer than a lease; the tally tells what is missing."""
    count, moved = 0, time.monotonic()
    told = moved
    while count < posts and time.monotonic() - moved < STUCK_S:
        time.sleep(0.3)
        if (now := data.published()) != count:
            count, moved = now, time.monotonic()
        if time.monotonic() - told > 20:
            told = time.monotonic()
            say(f"{count:,} published")


def _be(role: str) -> None:
    """One process of a host: the product's own, that takes itself to be on another machine and leaves marks
    of the bells it rings and of the claims it loses."""
    socket.gethostname = lambda: os.environ[HOST]
    _mark_bells()
    _mark_the_beaten()
    from workers import __main__ as roles

    sys.argv = ["workers", role]
    roles.main()


def _mark_bells() -> None:
    enqueue = Queue.enqueue

    def marked(queue: Queue, *args: Any, **kwargs: Any) -> Any:
        job = enqueue(queue, *args, **kwargs)
        counting.mark(counting.BELLS)
        return job

    Queue.enqueue = marked  # type: ignore[assignment, method-assign]


def _mark_the_beaten() -> None:
    work_on = dispatch.work_on

    def marked(head: Head) -> bool:
        found = work_on(head)
        if not found:
            counting.mark(counting.BEATEN)
        return found

    dispatch.work_on = marked


def main() -> int:
    """Quarrel and print the tally. 1 when anything was claimed, told or out twice, or is not out."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.claims", description=__doc__)
    parser.add_argument("--posts", type=int, default=100_000)
    parser.add_argument("--role", choices=["dispatch", "worker"], help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.role:
        _be(given.role)
        return 0
    with private_cluster() as cluster, tempfile.TemporaryDirectory(prefix="claims-") as folder:
        url = cluster.url(cluster.create())
        found = quarrel(Path(folder), url, given.posts, say=rig.progress)
        if not found.kept:
            rig.progress((Path(folder) / "log").read_text(errors="replace")[-3000:])
    sys.stdout.write(f"{found}\n")
    return 0 if found.kept else 1


if __name__ == "__main__":
    sys.exit(main())
