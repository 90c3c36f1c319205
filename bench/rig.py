"""What all figures stand on: a throwaway home, bulk data, whole installations, and statistics."""

from __future__ import annotations

import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from publisher import schema
from publisher.application import create_app
from publisher.config import Config
from publisher.extensions import db
from publisher.people import service as people
from publisher.people import sessions
from publisher.people.models import User
from publisher.people.rules import Role

ROOT = Path(__file__).resolve().parent.parent


def progress(sentence: str) -> None:
    """Tell whoever waits; stdout is for the figures alone."""
    print(f"  {sentence}", file=sys.stderr, flush=True)


# ---- Statistics ----


def spread(milliseconds: Sequence[float]) -> dict[str, float]:
    """Median, 99th percentile (nearest rank) and greatest of some times."""
    ranked = sorted(milliseconds)
    nearest = ranked[max(0, -(-99 * len(ranked) // 100) - 1)]
    return {
        "p50_ms": round(statistics.median(ranked), 2),
        "p99_ms": round(nearest, 2),
        "max_ms": round(ranked[-1], 2),
    }


def timed(call: Callable[[], object]) -> float:
    """How many milliseconds `call` takes, once."""
    begun = time.perf_counter()
    call()
    return (time.perf_counter() - begun) * 1000


def median_ms(call: Callable[[], object], times: int) -> float:
    """The median of `times` calls, in milliseconds."""
    return round(statistics.median(timed(call) for _ in range(times)), 2)


# ---- A throwaway home ----


class Browser(FlaskClient):
    """A client whose requests get an app context, and so a database session, of their own."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        db.session.rollback()
        with self.application.app_context():
            return super().open(*args, **kwargs)


@dataclass
class House:
    """A fresh installation: its app with a pushed context, its environment, one author and one editor."""

    app: Flask
    home: Path
    environment: dict[str, str]
    author: User
    editor: User

    @property
    def config(self) -> Config:
        config: Config = self.app.extensions["settings"]
        return config


@contextmanager
def house(**settings: str) -> Iterator[House]:
    """A migrated SQLite installation in a temporary folder; `settings` are environment variables."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        home = Path(folder)
        environment = {
            **{name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ},
            "PUBLISHER_HOME": str(home / "home"),
            "PORT": str(free_port()),
            **settings,
        }
        app = create_app(Config.from_environment(environment))
        app.config["WTF_CSRF_ENABLED"] = False
        app.test_client_class = Browser
        with app.app_context():
            schema.upgrade()
            author = people.add(None, "ana@example.com", "Ana", Role.AUTHOR)
            editor = people.add(None, "rui@example.com", "Rui", Role.EDITOR)
            try:
                yield House(app, home / "home", environment, author, editor)
            finally:
                db.session.remove()
                db.engine.dispose()


# ---- Processes ----


def free_port() -> int:
    """A port nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def program(
    command: Sequence[str], environment: dict[str, str], log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """`command` for as long as the block runs; then stopped, and killed if it does not stop."""
    with log.open("ab") as out:
        process = subprocess.Popen(command, env=environment, stdout=out, stderr=out, cwd=ROOT)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def running(
    *command: str, environment: dict[str, str], log: Path
) -> AbstractContextManager[subprocess.Popen[bytes]]:
    """`python -m command` as a `program`."""
    return program([sys.executable, "-m", *command], environment, log)


@contextmanager
def installation(house: House, workers: int) -> Iterator[int]:
    """The house's `publisher up` as real processes: web, dispatcher, workers, private Valkey. Yields the
    supervisor's process id."""
    log = house.home / "up.log"
    with running("publisher", "up", environment=house.environment, log=log) as process:
        queue = f"unix://{house.home / 'valkey.sock'}"
        wait_for(lambda: process.poll() is not None or listening(queue) >= workers, 120, log)
        if process.poll() is not None:
            raise RuntimeError(log.read_text()[-2000:])
        yield process.pid


def listening(redis_url: str) -> int:
    """How many RQ workers listen at that Valkey; 0 while it does not answer."""
    from redis import Redis  # noqa: PLC0415 - only installations need them
    from redis.exceptions import RedisError  # noqa: PLC0415
    from rq import Worker  # noqa: PLC0415

    try:
        with Redis.from_url(redis_url) as redis:
            return Worker.count(connection=redis)
    except (RedisError, OSError):
        return 0


def wait_for(condition: Callable[[], bool], seconds: float, log: Path | None = None) -> float:
    """Look every 20 ms until `condition` holds; returns when (Unix time). Raises TimeoutError."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(log.read_text()[-2000:] if log else f"not within {seconds:g} s")
        time.sleep(0.02)
    return time.time()


class Platform:
    """A sandbox in a process of its own, spoken to over its control API."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.x_url = f"{url}/x"

    def control(self, name: str, body: dict[str, Any] | None = None) -> Any:
        """GET, or POST with a body, /control/NAME."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.url}/control/{name}", data, headers)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def add_x(self, number: int) -> dict[str, str]:
        """A new X account's credentials."""
        body = {"platform": "x", "user_id": str(number), "username": f"acme{number}"}
        found: dict[str, str] = self.control("accounts", body)
        return found

    def creates(self) -> list[dict[str, Any]]:
        """What the platform's ledger holds."""
        found: list[dict[str, Any]] = self.control("ledger")
        return found


@contextmanager
def platform(folder: Path, *, latency_s: float = 0.0) -> Iterator[Platform]:
    """The sandbox without rate limits, answering after `latency_s`."""
    port = free_port()
    environment = {"PATH": os.environ["PATH"]}
    with running(
        *("sandbox", "--port", str(port)), environment=environment, log=folder / "sandbox.log"
    ):
        found = Platform(f"http://127.0.0.1:{port}")
        wait_for(lambda: _answers(port), 20, folder / "sandbox.log")
        found.control("settings", {"rate_limits": False, "latency_seconds": latency_s})
        yield found


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


# ---- Pages ----


def signed_in(house: House, user: User) -> FlaskClient:
    """A browser of that person."""
    client = house.app.test_client()
    token = sessions.begin_session(user, "bench")
    with client.session_transaction() as cookie:
        cookie["token"] = token
    return client
