"""A mail server may take its time: no transaction is open meanwhile."""

from __future__ import annotations

import smtplib
from dataclasses import replace
from email.message import EmailMessage
from typing import Self

import pytest

from publisher.config import Config
from publisher.effects import service as effects
from publisher.extensions import db
from publisher.notices import service as notices
from tests.plugins.app import Cast


class Server:
    """As much of smtplib's as is used, which looks at the session when a mail arrives."""

    open_while: list[bool] = []  # noqa: RUF012 - each test has its own

    def __init__(self, *_address: object, **_more: object) -> None: ...

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None: ...

    def ehlo(self) -> None: ...

    def has_extn(self, _name: str) -> bool:
        return False

    def send_message(self, _message: EmailMessage) -> None:
        self.open_while.append(db.session().in_transaction())


@pytest.fixture
def config(config: Config) -> Config:
    return replace(config, mail_url="smtp://127.0.0.1:25", mail_from="publisher@example.com")


def test_no_transaction_is_open_while_a_mail_is_handed_over(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Server, "open_while", [])
    monkeypatch.setattr(smtplib, "SMTP", Server)
    values = {"by": "Rui", "title": "봄 소식", "account": "X"}
    notices.notify(cast.ana, "approved", values, "/stories/1")
    effects.ask("mail", "mail:link", {"link": "reset", "email": "rui@example.com"})
    while effects.work_off():
        pass
    assert Server.open_while == [False, False]
