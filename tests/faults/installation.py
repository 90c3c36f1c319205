"""A whole installation as real processes, to be killed piece by piece, and the platform it posts to.

`running(folder, Knobs(…))` gives an Installation: `publisher up` (web, dispatcher, RQ workers, Valkey) on
SQLite or PostgreSQL, an app of our own on the same database, and a sandbox whose ledger is the truth.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import redis
from flask import Flask
from sqlalchemy import func, select

from publisher import clock, schema
from publisher.accounts import service as accounts
from publisher.accounts.models import Account
from publisher.application import create_app
from publisher.config import Config
from publisher.deliveries import service as deliveries
from publisher.deliveries.models import Attempt, Delivery
from publisher.extensions import db
from publisher.people import service as people
from publisher.people.models import User
from publisher.storage import writing
from publisher.stories import review
from publisher.stories import service as stories
from publisher.stories.models import Post
from publisher.stories.rules import Draft
from sandbox.server import Sandbox
from tests.faults.oracle import Entry, Fate, judge
from tests.faults.processes import Running, free_port, kill, living
from workers import valkey

ROOT = Path(__file__).resolve().parents[2]
HOOKS = Path(__file__).resolve().parent / "hooks"


@dataclass(frozen=True, slots=True)
class Knobs:
    """How an installation is run. `scale` shrinks all waits together; below 0.1 a starved process could
    break deadline < settle < lease. Without `database_url` it lives on SQLite in its home."""

    workers: int = 2
    senders: int = 4
    scale: float = 0.1
    database_url: str = ""


@dataclass
class Installation:
    """The processes, and what tests say of them. Every look at the database begins afresh."""

    app: Flask
    sandbox: Sandbox
    home: Path
    environment: dict[str, str]
    knobs: Knobs
    crashes: Path
    process: subprocess.Popen[bytes] | None = None
    posts: list[int] = field(default_factory=list)

    # ---- Processes ----

    def start(self, seconds: float = 60.0) -> None:
        """Start `publisher up` and wait until its workers are there. As an init system would, it tries again
        when the one before still holds the port or the home."""
        deadline = time.monotonic() + seconds
        while self.supervisor() is None or len(self.workers()) < self.knobs.workers:
            self.tend()
            if time.monotonic() > deadline:
                raise AssertionError(f"it did not come up\n{self.logs()}")
            time.sleep(0.05)

    def tend(self) -> None:
        """Start the supervisor if it does not live; does not wait for anything."""
        if self.supervisor() is not None:
            return
        with (self.home.parent / "up.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "publisher", "up"],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=ROOT,
            )
        self._put("supervisor", str(self.process.pid))

    def stop(self, seconds: float = 90.0) -> None:
        """Ctrl-C, and wait until every process is gone; what does not go in time is killed."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(seconds)
        for left in self.family():
            with suppress(ProcessLookupError):
                os.kill(left.pid, signal.SIGKILL)

    def family(self) -> list[Running]:
        """All living processes of this home, orphans too: it is in their environment, or they live in it."""
        return list(living(self.home))

    def ids(self, words: str) -> list[int]:
        """The processes whose command line has those words."""
        return [each.pid for each in self.family() if words in each.line]

    def supervisor(self) -> int | None:
        """`publisher up` itself, while it lives."""
        return (
            self.process.pid if self.process is not None and self.process.poll() is None else None
        )

    def workers(self) -> list[int]:
        """RQ's workers under the supervisor that lives now: they fork a horse for each bell."""
        supervisor = self.supervisor()
        return [
            each.pid
            for each in self.family()
            if "workers worker" in each.line and each.leads and each.parent == supervisor
        ]

    def horses(self) -> list[int]:
        """The forked processes that do the sending, orphans too."""
        return [
            each.pid for each in self.family() if "workers worker" in each.line and not each.leads
        ]

    def dispatchers(self) -> list[int]:
        return self.ids("workers dispatch")

    def kill(self, words: str) -> int:
        """SIGKILL every process with those words in its command line; how many."""
        return kill(self.ids(words))

    def kill_workers(self) -> int:
        """RQ's workers with their horses, as when a machine's memory runs out."""
        return kill(self.ids("workers worker"))

    def kill_supervisor(self) -> int:
        """`publisher up` alone: the kernel then asks its children to stop."""
        pid = self.supervisor()
        if pid is None or self.process is None:
            return 0
        self.process.kill()
        self.process.wait()
        return 1

    def kill_valkey(self) -> int:
        return self.kill("valkey-server")

    def flush(self) -> None:
        """FLUSHALL: Redis forgets every bell and every worker."""
        with (
            suppress(redis.RedisError),
            redis.Redis.from_url(valkey.redis_url(self.home)) as client,
        ):
            client.flushall()

    def order(self, point: str, subject: int, who: str = "self") -> Path:
        """Let a process die when this delivery passes that crash point: itself, its RQ `parent`, or the
        `supervisor` that lives then. The file is gone once somebody has died."""
        if who != "supervisor":
            return self._put(f"{point}.{subject}", who)
        path = self.crashes / f"{point}.{subject}"
        path.symlink_to(self.crashes / "supervisor")
        return path

    def _put(self, name: str, text: str) -> Path:
        """A file that appears whole."""
        draft = self.crashes / f".{name}"  # no name that anybody looks for
        draft.write_text(text)
        return draft.rename(self.crashes / name)

    def logs(self) -> str:
        """The last words of every role."""
        files = [self.home.parent / "up.log", *sorted((self.home / "logs").glob("*.log"))]
        return "\n".join(
            f"== {log.name}\n{log.read_text(errors='replace')[-3000:]}"
            for log in files
            if log.exists()
        )

    # ---- Posts ----

    def x_account(self, number: int, *, api_url: str = "") -> Account:
        """Connect `x<number>`, without spacing."""
        return accounts.connect(
            None,
            kind="twitter",
            slug=f"x{number}",
            credentials=self.sandbox.add_x(str(500000 + number), f"acme{number}"),
            api_url=api_url or self.sandbox.x_url,
            spacing_s=0.0,
        )

    def page_account(self, number: int, *, api_url: str = "") -> Account:
        """Connect the Facebook Page `page<number>`, without spacing."""
        return accounts.connect(
            None,
            kind="facebook",
            slug=f"page{number}",
            credentials=self.sandbox.add_page(str(700000 + number), f"Acme {number}"),
            api_url=api_url or self.sandbox.facebook_url,
            spacing_s=0.0,
        )

    def approve(self, account: Account, text: str, due: datetime) -> Post:
        """One approved post of a story of its own, due then."""
        with writing():
            story = stories.create_story(self.author, title=text, language="ko")
            post = stories.add_post(self.author, story, account, Draft(text=text))
            review.submit(self.author, post)
            deliveries.approve(self.editor, post, post.revision, due)
        self.posts.append(post.id)
        return post

    @property
    def author(self) -> User:
        return self._person("ana@example.com")

    @property
    def editor(self) -> User:
        return self._person("rui@example.com")

    def _person(self, email: str) -> User:
        found = people.by_email(email)
        assert found is not None
        return found

    def post(self, *texts: str, in_s: float = 0.5) -> None:
        """Approve one tweet per text, each on an account of its own, due together."""
        due = clock.now() + timedelta(seconds=in_s)
        for number, text in enumerate(texts, len(self.posts) + 1):
            self.approve(self.x_account(number), text, due)

    def delivery(self, post_id: int) -> int:
        """The id of the newest delivery of a post."""
        query = select(Delivery.id).where(Delivery.post_id == post_id).order_by(Delivery.id.desc())
        return db.session.scalars(query).first() or 0

    def tried(self, outcome: str) -> set[int]:
        """The posts of which an attempt ended so."""
        db.session.rollback()
        query = select(Delivery.post_id).join(Attempt).where(Attempt.outcome == outcome)
        return set(db.session.scalars(query))

    def first_claims(self) -> dict[int, datetime]:
        """When somebody first took up each post that was taken up."""
        db.session.rollback()
        query = select(Delivery.post_id, func.min(Attempt.started_at)).join(Attempt)
        rows = db.session.execute(query.group_by(Delivery.post_id))
        return {row[0]: row[1] for row in rows}

    # ---- What is true, and what is shown ----

    def statuses(self) -> list[str]:
        """What the calendar shows for each of `posts`."""
        return [entry.shown for entry in self.shown(self.posts)]

    def shown(self, post_ids: Sequence[int]) -> list[Entry]:
        """What a person is told about these posts, in their order."""
        db.session.rollback()
        query = (
            select(Post, Delivery, Account)
            .join(Delivery, Delivery.post_id == Post.id)
            .join(Account, Account.id == Post.account_id)
            .where(Post.id.in_(post_ids))
            .order_by(Delivery.run, Delivery.part)
        )
        held = {key: hold.reason for key, hold in accounts.holds().items()}
        found = {
            post.id: Entry(
                post.id,
                post.shown_status,
                delivery.status,
                delivery.problem or delivery.problem_code,
                "" if account.status == "active" else account.problem or account.status,
                held.get(account.id, held.get(None, "")),
            )
            for post, delivery, account in db.session.execute(query)
        }
        return [found[post_id] for post_id in post_ids]

    def fates(self, post_ids: Sequence[int] = ()) -> dict[int, Fate]:
        """What became of each post (whose text is its own): the ledger's count beside what is shown."""
        wanted = post_ids or self.posts
        texts = {post_id: db.session.get_one(Post, post_id).head.text for post_id in wanted}
        posted = self.ledger()
        return {
            entry.post_id: judge(posted.count(texts[entry.post_id]), entry)
            for entry in self.shown(wanted)
        }

    def ledger(self) -> list[str]:
        """The texts that the platform really holds."""
        return sorted(each["text"] for each in self.sandbox.ledger())

    def on_the_wire(self) -> bool:
        """Whether the platform has been asked to create something and has not answered yet."""
        query = "SELECT count(*) FROM deliveries WHERE status = 'sending' AND wire_at IS NOT NULL"
        db.session.rollback()
        return bool(db.session.execute(db.text(query)).scalar())

    def until(self, condition: Callable[[], bool], seconds: float = 60.0) -> None:
        """Wait for `condition`; when it does not come, show what the processes said."""
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                raise AssertionError(f"{self.statuses()} {self.ledger()}\n{self.logs()}")
            time.sleep(0.05)


def environment_of(folder: Path, knobs: Knobs) -> dict[str, str]:
    """What the processes are started with."""
    return {
        **{name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ},
        "PYTHONPATH": str(HOOKS),
        "PUBLISHER_HOME": str(folder / "home"),
        "PUBLISHER_ENVIRONMENT": "test",
        "PUBLISHER_CRASHES": str(folder / "crashes"),
        "PUBLISHER_TIME_SCALE": str(knobs.scale),
        "PUBLISHER_WORKERS": str(knobs.workers),
        "PUBLISHER_SENDERS": str(knobs.senders),
        "PORT": str(free_port()),
        **({"DATABASE_URL": knobs.database_url} if knobs.database_url else {}),
    }


@contextmanager
def running(folder: Path, knobs: Knobs, platform: Sandbox | None = None) -> Iterator[Installation]:
    """A fresh installation in `folder`, up and listening, with Ana who writes and Rui who approves.

    It posts to `platform`, which is started and stopped here, or to a sandbox without lag."""
    (folder / "crashes").mkdir(parents=True)
    environment = environment_of(folder, knobs)
    config = replace(Config.from_environment(environment), crashes=None)
    app = create_app(config)
    with app.app_context(), platform or Sandbox(timeline_lag_seconds=0) as sandbox:
        schema.upgrade()
        people.add(None, "ana@example.com", "Ana", "author")
        people.add(None, "rui@example.com", "Rui", "editor")
        crashes = folder / "crashes"
        installation = Installation(app, sandbox, config.home, environment, knobs, crashes)
        try:
            installation.start()
            yield installation
        finally:
            installation.stop()
            db.session.remove()
            db.engine.dispose()
