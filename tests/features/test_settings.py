"""Settings: one page that leads to what each may set, and says what the environment decides."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient

from publisher import backup
from publisher.people.models import User
from publisher.settings import rules
from tests.plugins.app import Cast

SignIn = Callable[[FlaskClient, User], FlaskClient]


@pytest.mark.parametrize(
    ("who", "sees", "sees_not"),
    [
        ("vic", ["/me/tokens", "/me/notices", "/feeds"], ["/accounts", "/stories/templates"]),
        ("ana", ["/stories/templates"], ["/categories", "/calendar/times", "PUBLISHER_"]),
        (
            "rui",
            ["/categories", "/calendar/times", "/accounts"],
            ["/people", "/approval-rules", "PUBLISHER_"],
        ),
        ("ada", ["/people", "/approval-rules", "/admin/audit", "PUBLISHER_APPROVAL_DAYS"], []),
    ],
)
def test_everybody_is_led_to_what_they_may_set(
    app: Flask, cast: Cast, sign_in: SignIn, who: str, sees: list[str], sees_not: list[str]
) -> None:
    client = sign_in(app.test_client(), getattr(cast, who))
    main = client.get("/settings").text.partition('<main id="main"')[2]
    for address in sees:
        assert address in main
        assert not address.startswith("/") or client.get(address).status_code == 200
    assert [each for each in sees_not if each in main] == []


def test_administrators_read_what_the_environment_decides_and_when_the_last_copy_was_made(
    app: Flask, cast: Cast, sign_in: SignIn
) -> None:
    client = sign_in(app.test_client(), cast.ada)
    page = client.get("/settings").text
    assert "90 days" in page and str(backup._config().backup_folder) in page and "none yet" in page
    backup.take()
    assert "the last one:" in client.get("/settings").text


def test_no_secret_is_among_what_is_shown(app: Flask) -> None:
    config = replace(
        app.extensions["settings"], mail_url="smtp://me:hush@mail.example", secret_key="hush"
    )
    shown = {each.variable: each.value for each in rules.of(config)}
    assert shown["PUBLISHER_MAIL_URL"] is True
    assert not any("hush" in str(value) for value in shown.values())
    assert rules.of(replace(config, backups="off"))[-1].value is False
