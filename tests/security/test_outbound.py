"""Requests to addresses that somebody typed: they go to public machines over https, or not at all."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from publisher.accounts import service as accounts
from publisher.config import Config
from publisher.errors import Invalid, NotFound
from tests.plugins.app import Cast, running
from tests.security.conftest import X_KEYS

REFUSED = (
    "http://api.example.com",
    "ftp://api.example.com",
    "file:///etc/passwd",
    "gopher://127.0.0.1:6379/_FLUSHALL",
    "https://127.0.0.1",
    "https://127.1",
    "https://2130706433",
    "https://0x7f.0.0.1",
    "https://[::1]",
    "https://[::ffff:127.0.0.1]",
    "https://0.0.0.0",
    "https://10.0.0.7",
    "https://172.16.0.1",
    "https://192.168.1.1",
    "https://169.254.169.254/latest/meta-data",
    "https://[fd00::1]",
    "https://[fe80::1]",
    "https://localhost",
    "https://inside.example.com",
    "https://name:secret@api.example.com",
    "https://api.example.com:6379",
    "https://api.example.com\r\nHost: elsewhere",
    "https://",
    "//api.example.com",
    "javascript:alert(1)",
)
KNOWN = {"inside.example.com": "10.1.2.3", "api.example.com": "93.184.215.14"}


@pytest.fixture
def app(config: Config, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    """An installation at work, and a name server that knows one name inside and one outside."""
    real = socket.getaddrinfo

    def look_up(host: str, port: int, *rest: Any, **more: Any) -> Any:
        return real(KNOWN.get(host, host), port, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    with running(replace(config, environment="production")) as app:
        yield app


def connect(actor: Any, url: str) -> Any:
    return accounts.connect(actor, kind="twitter", slug="x", credentials=X_KEYS, api_url=url)


@pytest.mark.parametrize("url", REFUSED)
def test_no_address_leads_into_our_own_network(app: Flask, cast: Cast, url: str) -> None:
    with pytest.raises(Invalid) as refused:
        connect(cast.ada, url)
    assert refused.value.code == "address_refused"
    with pytest.raises(NotFound):
        accounts.by_slug("x")


@pytest.mark.parametrize("url", ["", "https://api.example.com", "https://api.example.com:443/2"])
def test_a_public_address_is_taken(app: Flask, cast: Cast, url: str) -> None:
    assert connect(cast.ada, url).api_url == url


def test_the_page_says_so_and_connects_nothing(app: Flask, cast: Cast, sign_in: Any) -> None:
    form = {"kind": "twitter", "slug": "x", "label": "X", **X_KEYS, "api_url": "https://10.0.0.7"}
    page = sign_in(app.test_client(), cast.ada).post("/accounts/connect", data=form)
    assert page.status_code == 422
    assert "https:// and leads to a public machine" in page.text
    assert X_KEYS["consumer_secret"] not in page.text
    with pytest.raises(NotFound):
        accounts.by_slug("x")


def test_an_account_that_leads_inside_is_not_reconnected(app: Flask, cast: Cast) -> None:
    """What was connected on the command line, by somebody who is inside already, gives nobody a way in."""
    connect(None, "https://10.0.0.7")
    with pytest.raises(Invalid):
        connect(cast.ada, accounts.by_slug("x").api_url)
