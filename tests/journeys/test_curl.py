"""The whole main job with nothing but curl, at an installation that really runs, on both databases."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from publisher import clock, demo
from publisher.application import create_app
from publisher.config import Config
from publisher.extensions import db
from publisher.paths import data_dir
from publisher.people.models import User
from publisher.people.tokens import create_token
from publisher.rehearsal import judged
from tests.faults.processes import free_port, living

CURL = ("curl", "--silent", "--noproxy", "*", "--max-time", "10")
STORY = {
    "title": "첫 이야기",
    "posts": [
        {"account": "blog", "title": "첫 이야기", "text": "본문입니다."},
        {"account": "x", "text": "소식 {blog}"},
        {"account": "facebook", "text": "소식\n{blog}"},
    ],
}


@dataclass
class Running:
    """An installation, and the API tokens of two who work there."""

    url: str
    sandbox: str
    author: str
    editor: str


def curl(url: str, token: str = "", body: Any = None) -> Any:
    """What curl prints, as JSON. It fails where the server refuses."""
    command = [*CURL, "--show-error", "--fail-with-body", url]
    if token:
        command += ["--header", f"Authorization: Bearer {token}"]
    if body is not None:
        command += ["--header", "Content-Type: application/json", "--data", json.dumps(body)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{url}: {done.stderr}{done.stdout}"
    return json.loads(done.stdout)


def until(condition: Callable[[], bool], log: Path, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, log.read_text(errors="replace")
        time.sleep(0.1)


@pytest.fixture
def installation(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Running]:
    """`publisher up --sandbox`, empty but for an author, an editor and three accounts of the sandbox."""
    port, sandbox_port = free_port(), free_port()
    home, log = tmp_path / "home", tmp_path / "up.log"
    monkeypatch.setenv("SANDBOX_PORT", str(sandbox_port))
    environment = {
        **{name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ},
        "PUBLISHER_HOME": str(home),
        "PUBLISHER_ENVIRONMENT": "demo",
        "PUBLISHER_WORKERS": "1",
        "PUBLISHER_BACKUPS": "off",
        "DATABASE_URL": database_url,
        "SANDBOX_PORT": str(sandbox_port),
        "PORT": str(port),
    }
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "publisher", "up", "--sandbox"],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            cwd=data_dir("templates").parent,
        )
    running = Running(f"http://127.0.0.1:{port}", f"http://127.0.0.1:{sandbox_port}", "", "")
    try:
        until(lambda: _answers(f"{running.url}/livez"), log)
        with create_app(Config.from_environment(environment)).app_context():
            author, editor, admin = demo.staff()
            demo.connect_accounts(admin)
            running.author, running.editor = (_token(each) for each in (author, editor))
            db.session.remove()
            db.engine.dispose()
        yield running
    finally:
        process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            process.wait(60)
        for left in living(home):
            with suppress(ProcessLookupError):
                os.kill(left.pid, signal.SIGKILL)


def _answers(url: str) -> bool:
    done = subprocess.run([*CURL, "--fail", url], capture_output=True, check=False)
    return done.returncode == 0


def _token(user: User) -> str:
    _record, secret = create_token(None, user, "curl", ["read", "write", "review"])
    return secret


def test_a_story_is_made_approved_and_published_with_curl_alone(
    installation: Running, tmp_path: Path
) -> None:
    api, author, editor = f"{installation.url}/api/v1", installation.author, installation.editor

    story = curl(f"{api}/stories", author, STORY)
    address = f"{api}/stories/{story['id']}"
    curl(f"{address}/submit", author, {})
    revisions = {str(post["id"]): post["revision"] for post in story["posts"]}
    due = (clock.now() + timedelta(seconds=1)).isoformat()
    curl(f"{address}/approve", editor, {"revisions": revisions, "due_at": due})

    def statuses() -> list[str]:
        return [post["delivery"]["status"] for post in curl(address, author)["posts"]]

    until(lambda: statuses() == ["published"] * 3, tmp_path / "up.log", 30)
    blog, x, page = curl(address, author)["posts"]
    entries = judged(curl(f"{installation.sandbox}/control/ledger"), blog["delivery"]["url"])
    assert entries["x"]["id"] in x["delivery"]["url"]
    assert entries["facebook"]["id"] in page["delivery"]["url"]
    assert min(post["delivery"]["late_ms"] for post in (blog, x, page)) >= 0
