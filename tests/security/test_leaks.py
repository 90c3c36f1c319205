"""What must stay secret: in the database, in logs, in errors, in what other sites and shared caches see."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from channels.errors import ChannelError
from publisher.accounts import service as accounts
from publisher.config import Config
from publisher.extensions import db
from publisher.feeds import service as feeds
from publisher.people import service as people
from publisher.people import sessions, tokens
from publisher.people.rules import Scope
from publisher.storage import writing
from tests.plugins.app import Cast, running
from tests.security.conftest import X_KEYS, bearer
from workers import supervisor

PASSWORD = "four plain words here"

pytestmark = pytest.mark.usefixtures("quick_hashes")


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """Everything that any logger says, down to the least."""
    caplog.set_level(logging.DEBUG)
    yield caplog


def said(told: pytest.LogCaptureFixture) -> str:
    """The log as it would be written, with tracebacks and every extra value."""
    form = logging.Formatter()
    return "\n".join(f"{form.format(record)} {record.__dict__}" for record in told.records)


def secrets_of(cast: Cast) -> dict[str, str]:
    """One living secret of each kind."""
    people.add(None, "kim@example.com", "Kim", "author", password=PASSWORD)
    _token, api = tokens.create_token(cast.ana, cast.ana, "p", [Scope.READ])
    _feed, url = feeds.make(cast.ana, "Feed")
    return {
        "session": sessions.begin_session(cast.ana, ""),
        "link": people.make_link(None, cast.ana).rpartition("/")[2],
        "api token": api,
        "feed": url.split("/ical/")[1].split("/")[0],
        "password": PASSWORD,
        **X_KEYS,
    }


def bytes_of(config: Config) -> bytes:
    """Every byte of the database as it lies on the disk."""
    db.session.rollback()
    db.engine.dispose()
    connection = sqlite3.connect(config.home / "publisher.sqlite3")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return b"".join(
        path.read_bytes() for path in sorted(Path(config.home).glob("publisher.sqlite3*"))
    )


def test_who_steals_the_database_holds_no_key(app: Flask, config: Config, cast: Cast) -> None:
    accounts.connect(None, kind="twitter", slug="x", credentials=X_KEYS)
    kept = secrets_of(cast)
    stolen = bytes_of(config)
    assert b"kim@example.com" in stolen, "it was looked at"
    assert [kind for kind, secret in kept.items() if secret.encode() in stolen] == []


def test_a_kept_answer_holds_no_address_of_a_feed(app: Flask, config: Config, cast: Cast) -> None:
    """An answer is kept for a day under its Idempotency-Key, and a feed's address is a secret."""
    client, headers = app.test_client(), {**bearer(cast.ana), "Idempotency-Key": "once"}
    answers = [
        client.post("/api/v1/feeds", json={"name": "Feed"}, headers=headers) for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].get_json() == answers[1].get_json()
    secret = answers[0].get_json()["url"].split("/ical/")[1].split("/")[0]
    assert secret.encode() not in bytes_of(config)


def test_requests_leave_no_secret_in_any_log(
    app: Flask, cast: Cast, told: pytest.LogCaptureFixture
) -> None:
    kept = secrets_of(cast)
    client = app.test_client()
    client.post("/sign-in", data={"email": "kim@example.com", "password": PASSWORD})
    client.post("/sign-in", data={"email": "kim@example.com", "password": "another secret"})
    client.get(f"/link/{kept['link']}")
    client.post(f"/link/{kept['link']}")
    client.get(f"/ical/{kept['feed']}/calendar.ics")
    client.get("/api/v1/accounts", headers={"Authorization": f"Bearer {kept['api token']}"})
    client.get("/api/v1/accounts", headers={"Authorization": "Bearer pub_wrong-secret"})
    log = said(told)
    kept |= {"wrong password": "another secret", "wrong token": "pub_wrong-secret"}
    assert [kind for kind, secret in kept.items() if secret in log] == []


def test_a_bug_leaves_no_secret_in_the_log(
    config: Config, told: pytest.LogCaptureFixture, sign_in: Any
) -> None:
    """Its traceback shows our code and the statement, not the values that were sent along."""
    with running(replace(config, environment="production")) as app:
        kim = people.add(None, "kim@example.com", "Kim", "admin", password=PASSWORD)
        accounts.connect(None, kind="twitter", slug="x", credentials=X_KEYS)
        client = sign_in(app.test_client(), kim)
        with writing() as session:
            session.execute(text("DROP TABLE throttles"))
        form = {"email": "kim@example.com", "password": "another secret"}
        answer = client.post("/sign-in", data=form)
        assert answer.status_code == 500
        log = said(told)
        assert "throttles" in log, "the bug is there"
        for secret in ("another secret", "kim@example.com", *X_KEYS.values()):
            assert secret not in log
            assert secret not in answer.text
        assert "Traceback" not in answer.text


def test_a_failed_statement_hides_its_values(app: Flask) -> None:
    with pytest.raises(SQLAlchemyError) as failed:
        db.session.execute(text("SELECT :value FROM nowhere"), {"value": "very secret"})
    assert "very secret" not in str(failed.value)
    assert "nowhere" in str(failed.value)


def test_settings_and_rows_show_no_secret(app: Flask, config: Config, cast: Cast) -> None:
    settings = replace(config, mail_url="smtps://user:mail-secret@mail.example.com")
    shown = repr(settings) + str(settings)
    for secret in (config.secret_key, *config.vault_keys, "mail-secret"):
        assert secret not in shown
    account = accounts.connect(None, kind="twitter", slug="x", credentials=X_KEYS)
    shown = repr(account) + repr(accounts.open_channel(account)) + repr(cast.ana)
    assert not [value for value in X_KEYS.values() if value in shown]


def test_a_platform_that_echoes_our_secrets_is_not_quoted(app: Flask) -> None:
    """Nobody listens at this address; the error names it without what we would have sent."""
    keys = {"page_id": "1", "page_token": "page-token-4711", "app_secret": "app-secret-4711"}
    account = accounts.connect(
        None, kind="facebook", slug="f", credentials=keys, api_url="http://127.0.0.1:9"
    )
    with pytest.raises(ChannelError) as failed:
        accounts.open_channel(account).identify()  # type: ignore[attr-defined]
    shown = f"{failed.value.message} {failed.value.detail} {failed.value!r}"
    assert "4711" not in shown


def test_no_page_shows_credentials_again(app: Flask, cast: Cast, sign_in: Any) -> None:
    accounts.connect(None, kind="twitter", slug="x", credentials=X_KEYS)
    client = sign_in(app.test_client(), cast.ada)
    pages = [client.get(path) for path in ("/accounts", "/accounts/x", "/admin/audit")]
    pages.append(client.post("/accounts/x/reconnect", data={"consumer_key": "only this"}))
    pages.append(client.post("/accounts/connect", data={"kind": "twitter", "slug": "!", **X_KEYS}))
    pages.append(client.get("/api/v1/accounts", headers=bearer(cast.ada)))
    secret = [value for name, value in X_KEYS.items() if "secret" in name]
    for page in pages[:4] + pages[5:]:
        assert not [value for value in X_KEYS.values() if value in page.text]
    assert not [value for value in secret if value in pages[4].text]


def test_the_web_server_keeps_no_list_of_addresses(config: Config) -> None:
    """One-time links and feeds' addresses are secrets; an access log would collect them."""
    command = " ".join(supervisor.web_command(config))
    assert "access" not in command


def test_pages_with_a_secret_tell_no_other_site_and_are_kept_nowhere(
    app: Flask, cast: Cast, sign_in: Any
) -> None:
    client = sign_in(app.test_client(), cast.ada)
    form = {"name": "Feed", "detail": "full", "language": "en"}
    made = client.post("/feeds", data=form)
    link = people.make_link(None, cast.ana).removeprefix("http://localhost")
    secret = [
        made,
        app.test_client().get(link),
        client.post(f"/people/{cast.ana.id}/link", data={"purpose": "sign_in"}),
    ]
    for page in secret:
        assert page.headers["Referrer-Policy"] == "no-referrer"
        assert page.headers["Cache-Control"] == "no-store"
    address = feeds.make(cast.ada, "Feed")[1].removeprefix("http://localhost")
    feed = app.test_client().get(address)
    assert feed.headers["Referrer-Policy"] == "no-referrer"
    assert "private" in feed.headers["Cache-Control"]
    assert "noindex" in feed.headers["X-Robots-Tag"]
    assert "Set-Cookie" not in feed.headers


def test_the_home_folder_is_for_its_owner_alone(tmp_path: Path) -> None:
    home = tmp_path / "home"
    Config.from_environment({"PUBLISHER_HOME": str(home)})
    assert home.stat().st_mode & 0o077 == 0
    assert (home / "secrets.json").stat().st_mode & 0o077 == 0
