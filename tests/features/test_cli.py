"""The command line, as somebody types it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from publisher import demo, schema, storage
from publisher.accounts import service as accounts
from publisher.application import create_app
from publisher.cli import main
from publisher.config import Config
from publisher.errors import Conflict
from publisher.extensions import db
from publisher.people import service as people

Run = Callable[..., Result]
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """`run("db", "upgrade")` on a home of its own."""
    monkeypatch.setenv("PUBLISHER_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PUBLISHER_URL", "https://publisher.example.com")
    for name in ("DATABASE_URL", "REDIS_URL"):
        monkeypatch.delenv(name, raising=False)

    def call(*arguments: str) -> Result:
        return CliRunner().invoke(main, list(arguments))

    return call


def test_from_nothing_to_a_person_a_token_and_an_account(run: Run, tmp_path: Path) -> None:
    assert run("db", "upgrade").output.split()[-1] > "0001"
    link = run("people", "add", "ada@example.com", "--role", "admin")
    assert link.output.startswith("https://publisher.example.com/")
    assert run("people", "link", "ada@example.com").output.startswith("https://")
    token = run("tokens", "create", "ada@example.com", "--scope", "read")
    assert token.output.startswith("pub_")

    keys = tmp_path / "page.json"
    keys.write_text(json.dumps({"page_id": "1", "page_token": "t"}))
    added = run("accounts", "add", "facebook", "page", "--credentials", str(keys))
    assert added.output == "page: connected\n"
    assert run("accounts", "add", "blog", "blog").exit_code == 0
    assert run("vault", "rotate").output.startswith("1 ")


def test_mistakes_get_a_sentence_and_no_traceback(run: Run, tmp_path: Path) -> None:
    run("db", "upgrade")
    nobody = run("people", "link", "nobody@example.com")
    assert (nobody.exit_code, nobody.output.count("\n")) == (1, 1)
    broken = tmp_path / "keys.json"
    broken.write_text("{")
    assert "not JSON" in run("accounts", "add", "twitter", "x", "--credentials", str(broken)).output
    assert "consumer_key" in run("accounts", "add", "twitter", "x").output
    assert "REDIS_URL" in run("worker").output


def test_a_demonstration_keeps_away_from_accounts_of_ones_own(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("db", "upgrade")
    keys = tmp_path / "page.json"
    keys.write_text(json.dumps({"page_id": "1", "page_token": "t"}))
    run("accounts", "add", "facebook", "page", "--credentials", str(keys))
    monkeypatch.setenv("SANDBOX_PORT", "1")
    monkeypatch.setenv("PUBLISHER_LANGUAGE", "en")
    with create_app().app_context():
        with pytest.raises(Conflict, match=r": page\."):
            next(demo.prepare())
        assert people.everyone() == []
        assert [account.slug for account in accounts.all_accounts()] == ["page"]


def test_a_wrong_setting_is_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PUBLISHER_TIMEZONE", "Seoul")
    assert "PUBLISHER_TIMEZONE" in run("db", "upgrade").output
    monkeypatch.setenv("PUBLISHER_TIMEZONE", "Asia/Seoul")
    monkeypatch.setenv("DATABASE_URL", "mysql://x")
    assert "DATABASE_URL" in run("db", "upgrade").output


def test_a_process_has_as_many_connections_as_it_is_given_and_one_for_each_sender(
    tmp_path: Path,
) -> None:
    def most(**settings: str) -> int:
        given = {f"PUBLISHER_{name}": value for name, value in settings.items()}
        given |= {"PUBLISHER_HOME": str(tmp_path), "DATABASE_URL": "postgresql:///publisher"}
        config = Config.from_environment(given)
        options = storage.engine_options(config)
        return options["pool_size"] + options["max_overflow"]

    assert (most(), most(CONNECTIONS="16"), most(SENDERS="40")) == (32, 16, 44)


def test_the_doctor_sees_an_old_schema_and_a_silent_dispatcher(run: Run) -> None:
    run("db", "upgrade")
    seen = run("doctor")
    assert seen.exit_code == 1
    assert "dispatcher" in seen.output
    assert "ok   database" in seen.output


def test_the_schema_goes_down_and_up_again(run: Run) -> None:
    run("db", "upgrade")
    assert "None" in run("db", "downgrade", "base").output
    assert run("db", "upgrade").exit_code == 0


def test_a_copy_is_put_back(run: Run, tmp_path: Path) -> None:
    """By a program of its own, as somebody else's open database is not replaced."""
    home, copy = tmp_path / "home", tmp_path / "copy"
    app = create_app(Config.from_environment({"PUBLISHER_HOME": str(home)}))
    with app.app_context():
        schema.upgrade()
        people.add(None, "ada@example.com", "Ada", "admin")
        made = run("db", "backup", "--to", str(copy))
        assert made.output == f"{copy}\n"
        people.add(None, "ben@example.com", "Ben", "author")
        assert "Stop web" in run("db", "restore", str(copy)).output
        db.session.remove()
        db.engine.dispose()

        done = subprocess.run(
            [sys.executable, "-m", "publisher", "db", "restore", str(copy)],
            env={**os.environ, "PUBLISHER_HOME": str(home)},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )

        assert done.returncode == 0, done.stderr
        assert "everything is held" in done.stdout
        assert people.by_email("ada@example.com") is not None
        assert people.by_email("ben@example.com") is None
        db.session.remove()
        db.engine.dispose()
