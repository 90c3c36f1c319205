"""The app on a fresh database, a cast of people, and a browser-like client for each.

Texts are English here (`language="en"`), so that tests read as the source does.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from cryptography.fernet import Fernet
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import make_url
from werkzeug.test import TestResponse

from publisher import clock
from publisher.config import Config
from publisher.extensions import db
from publisher.people import secrets, sessions
from publisher.people import service as people
from publisher.people.models import User
from publisher.people.rules import Role
from tests.plugins import kept


class AppClient(FlaskClient):
    """A client whose requests get an app context, and so a session and a `g`, of their own, as on a server.

    The test's own session lets go of what it has read before and after, so that both see the same truth.
    """

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        db.session.rollback()
        with self.application.app_context():
            response = super().open(*args, **kwargs)
        db.session.rollback()
        return response


@dataclass(frozen=True)
class Cast:
    """Who plays: two authors, an editor, an administrator, a viewer, and one who left."""

    ana: User
    ben: User
    rui: User
    ada: User
    vic: User
    eve: User


@pytest.fixture
def config(tmp_path: Path, request: pytest.FixtureRequest) -> Config:
    """The settings of a test's installation; override this fixture to change one (`dataclasses.replace`).

    On SQLite; on both databases where a test asks for `database_url`.
    """
    database_url = f"sqlite:///{tmp_path / 'publisher.sqlite3'}"
    if "database_url" in request.fixturenames:
        database_url = request.getfixturevalue("database_url")
    return Config(
        home=tmp_path,
        database_url=database_url,
        secret_key="a key for tests only",
        vault_keys=(Fernet.generate_key().decode(),),
        public_url="http://localhost",
        language="en",
        environment="test",
    )


_tables: list[bytes] = []
"""An SQLite file with all tables, once this process has made one."""


def _make_tables(url: str) -> None:
    """All tables. On SQLite a copy of those made before: making them takes longer than many a test."""
    file = make_url(url).database
    if not url.startswith("sqlite") or not file or Path(file).exists():
        return db.create_all()
    if _tables:
        Path(file).write_bytes(_tables[0])
        return None
    db.create_all()
    with closing(sqlite3.connect(file)) as made:
        _tables.append(made.serialize())
    return None


@contextmanager
def running(config: Config) -> Iterator[Flask]:
    """An application with all its tables, in a pushed app context, and no connection left behind."""
    app = kept.take(config)
    app.config["WTF_CSRF_ENABLED"] = False
    app.test_client_class = AppClient
    try:
        with app.app_context():
            _make_tables(config.database_url)
            yield app
    finally:
        kept.give_back(app)


@pytest.fixture
def app(config: Config) -> Iterator[Flask]:
    """The application of a test. Its CSRF protection is off; tests/web/test_safety.py has it on."""
    with running(config) as app:
        yield app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser that has not signed in."""
    return app.test_client()


@pytest.fixture
def cast(app: Flask) -> Cast:
    """The people of the tests; `cast.eve` has been deactivated."""
    people_ = {
        name.lower(): people.add(None, f"{name.lower()}@example.com", name, role)
        for name, role in {
            "Ana": Role.AUTHOR,
            "Ben": Role.AUTHOR,
            "Rui": Role.EDITOR,
            "Ada": Role.ADMIN,
            "Vic": Role.VIEWER,
            "Eve": Role.EDITOR,
        }.items()
    }
    people.deactivate(None, people_["eve"])
    return Cast(**people_)


@pytest.fixture
def travel() -> Iterator[Callable[[timedelta], None]]:
    """`travel(timedelta(minutes=20))`: that much time passes for the app."""
    gone = timedelta()

    def go(by: timedelta) -> None:
        nonlocal gone
        gone += by
        clock.set_source(lambda: datetime.now(UTC) + gone)

    yield go
    clock.set_source(None)


@pytest.fixture
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Passwords hashed cheaply, for tests about anything but hashing."""
    cheap = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    monkeypatch.setattr(secrets, "_hasher", cheap)
    secrets._nobody.cache_clear()
    yield
    secrets._nobody.cache_clear()


@pytest.fixture
def sign_in() -> Callable[[FlaskClient, User], FlaskClient]:
    """`sign_in(client, user)`: that client's cookie now holds a living session of `user`."""

    def go(client: FlaskClient, user: User) -> FlaskClient:
        token = sessions.begin_session(user, "a test's browser")
        with client.session_transaction() as cookie:
            cookie.clear()
            cookie["token"] = token
        return client

    return go
