"""A whole installation as real processes, to be killed piece by piece."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

from publisher import clock, create_app, schema
from publisher.accounts import service as accounts
from publisher.config import Config
from publisher.deliveries import service as deliveries
from publisher.extensions import db
from publisher.people import service as people
from publisher.stories import review
from publisher.stories import service as stories
from publisher.stories.models import Post
from publisher.stories.rules import Draft
from sandbox.server import Sandbox

SCALE = "0.05"


def processes(parent: int) -> dict[int, str]:
    """All descendants of a process that live now: id → command line."""
    found: dict[int, str] = {}
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            line = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if fields[0] != "Z":
            children.setdefault(int(fields[1]), []).append(int(folder.name))
            found[int(folder.name)] = line.strip()
    tree, todo = {}, [parent]
    while todo:
        for child in children.get(todo.pop(), []):
            tree[child] = found[child]
            todo.append(child)
    return tree


@dataclass
class Installation:
    """A running `publisher up`, the app on the same database, and the platform it posts to."""

    app: Flask
    sandbox: Sandbox
    process: subprocess.Popen[bytes]
    home: Path
    posts: list[int] = field(default_factory=list)

    def post(self, *texts: str, in_s: float = 0.5) -> None:
        """Approve one tweet per text, each on an account of its own, due together."""
        due = clock.now() + timedelta(seconds=in_s)
        for number, text in enumerate(texts, len(self.posts) + 1):
            account = accounts.connect(
                None,
                kind="twitter",
                slug=f"x{number}",
                credentials=self.sandbox.add_x(str(5000 + number), f"acme{number}"),
                api_url=self.sandbox.x_url,
                spacing_s=0.0,
            )
            author = people.by_email("ana@example.com")
            story = stories.create_story(author, title=text, language="ko")
            post = stories.add_post(author, story, account, Draft(text=text))
            review.submit(author, post)
            deliveries.approve(people.by_email("rui@example.com"), post, post.revision, due)
            self.posts.append(post.id)

    def statuses(self) -> list[str]:
        db.session.rollback()
        return [db.session.get_one(Post, post_id).shown_status for post_id in self.posts]

    def ledger(self) -> list[str]:
        return sorted(each["text"] for each in self.sandbox.ledger())

    def ids(self, words: str) -> list[int]:
        """The processes whose command line has those words."""
        return [pid for pid, line in processes(self.process.pid).items() if words in line]

    def kill(self, words: str) -> int:
        """SIGKILL every process with those words in its command line; how many."""
        victims = self.ids(words)
        for pid in victims:
            os.kill(pid, signal.SIGKILL)
        return len(victims)

    def until(self, condition: Callable[[], bool], seconds: float = 40.0) -> None:
        """Wait for `condition`; when it does not come, show what the processes said."""
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                logs = [
                    f"== {log.name}\n{log.read_text()[-3000:]}"
                    for log in sorted((self.home / "logs").glob("*.log"))
                ]
                raise AssertionError(f"{self.statuses()} {self.ledger()}\n" + "\n".join(logs))
            time.sleep(0.05)

    def on_the_wire(self) -> bool:
        """Whether the platform has been asked to create something and has not answered yet."""
        query = "SELECT count(*) FROM deliveries WHERE status = 'sending' AND wire_at IS NOT NULL"
        db.session.rollback()
        return bool(db.session.execute(db.text(query)).scalar())


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    """`publisher up` on an empty home, with all waits at a twentieth."""
    environment = {
        **{name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ},
        "PUBLISHER_HOME": str(tmp_path / "home"),
        "PORT": str(free_port()),
        "PUBLISHER_TIME_SCALE": SCALE,
        "PUBLISHER_WORKERS": "2",
    }
    config = replace(Config.from_environment(environment), environment="test")
    app = create_app(config)
    with app.app_context(), Sandbox(timeline_lag_seconds=0) as sandbox:
        schema.upgrade()
        people.add(None, "ana@example.com", "Ana", "author")
        people.add(None, "rui@example.com", "Rui", "editor")
        with (tmp_path / "up.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "publisher", "up"],
                env=environment,
                stdout=log,
                stderr=log,
                cwd=Path(__file__).parents[2],
            )
        running = Installation(app, sandbox, process, config.home)
        try:
            running.until(lambda: len(running.ids("workers worker")) >= 2, 30)
            yield running
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
                try:
                    process.wait(30)
                except subprocess.TimeoutExpired:
                    process.kill()
            db.session.remove()
            db.engine.dispose()
