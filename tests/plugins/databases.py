"""PostgreSQL and SQLite for tests: a private cluster without network, a fresh database for each test."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.exc import OperationalError

from tests.plugins.programs import Server, ServerFailed

ROLE = "publisher"


@dataclass(frozen=True)
class Cluster:
    """A running PostgreSQL of this test process."""

    server: Server
    names: Iterator[int]

    def connect(self) -> psycopg.Connection:
        return psycopg.connect(
            host=str(self.server.folder), user=ROLE, dbname="postgres", autocommit=True
        )

    def create(self) -> str:
        """A new empty database; its name."""
        name = f"test_{next(self.names)}"
        with self.connect() as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        return name

    def drop(self, name: str) -> None:
        with self.connect() as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def url(self, name: str) -> str:
        return f"postgresql+psycopg://{ROLE}@/{name}?host={self.server.folder}"


def programs() -> Path:
    """The folder with initdb and postgres; Debian keeps them out of PATH. The newest wins."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    folders = Path("/usr/lib/postgresql").glob("*/bin")
    versions = {
        int(folder.parent.name): folder for folder in folders if (folder / "initdb").exists()
    }
    if not versions:
        raise ServerFailed("PostgreSQL is missing: run `python scripts/system_packages.py`")
    return versions[max(versions)]


def unprivileged_user() -> str | None:
    """Whom to run PostgreSQL as: it refuses root. None: as ourselves."""
    if os.geteuid() != 0:
        return None
    with suppress(KeyError):
        return pwd.getpwnam("postgres").pw_name
    return "nobody"


@contextmanager
def private_cluster() -> Iterator[Cluster]:
    """A cluster for this process, without fsync: it need not outlive a power cut. Where a connection breaks,
    the end of its log is told: it goes with its folder."""
    bin_folder = programs()
    server = Server("pg", user=unprivileged_user())
    data = server.folder / "data"
    try:
        server.run(
            *(bin_folder / "initdb", "-D", data, "-U", ROLE, "--auth=trust", "--encoding=UTF8"),
            *("--locale=C.UTF-8", "--no-sync"),
        )
        cluster = Cluster(server, count(1))

        def answers() -> bool:
            with suppress(psycopg.OperationalError):
                cluster.connect().close()
                return True
            return False

        settings = {
            "listen_addresses": "",
            "unix_socket_directories": server.folder,
            "fsync": "off",
            "full_page_writes": "off",
            "synchronous_commit": "off",
            "max_connections": 200,
            "shared_buffers": "32MB",
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        server.start([bin_folder / "postgres", "-D", data, *options], answers)
        yield cluster
    except (psycopg.OperationalError, OperationalError):
        sys.stderr.write(server.said())
        raise
    finally:
        server.close(signal.SIGINT)  # "fast" shutdown: open connections are ended


@pytest.fixture(scope="session")
def postgres_cluster() -> Iterator[Cluster]:
    """The cluster of this test process."""
    with private_cluster() as cluster:
        yield cluster


@pytest.fixture
def postgres_url(postgres_cluster: Cluster) -> Iterator[str]:
    """The address of a fresh PostgreSQL database, dropped after the test."""
    name = postgres_cluster.create()
    yield postgres_cluster.url(name)
    postgres_cluster.drop(name)


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The address of a fresh SQLite file."""
    return f"sqlite:///{tmp_path / 'publisher.sqlite3'}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A fresh database; a test that asks for this runs once on SQLite and once on PostgreSQL."""
    name = {"sqlite": "sqlite_url", "postgresql": "postgres_url"}[request.param]
    url: str = request.getfixturevalue(name)
    return url
