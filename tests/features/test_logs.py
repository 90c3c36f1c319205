"""What the processes say: with the ids one searches for, and never a secret."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask

from publisher import logs
from publisher.accounts import service as accounts
from publisher.config import Config
from publisher.effects import service as effects
from publisher.people import tokens
from publisher.stories.rules import Draft
from tests.plugins.app import Cast
from tests.plugins.newsroom import Newsroom


@pytest.fixture
def said(config: Config) -> Iterator[io.StringIO]:
    """Everything that is logged, as JSON lines; the process's own logging is as before afterwards."""
    root = logging.getLogger()
    names = ("publisher", "channels", "workers")
    before = root.handlers[:], root.level, [logging.getLogger(name).level for name in names]
    logs.configure(replace(config, log="json"))
    out = io.StringIO()
    for handler in root.handlers:
        assert isinstance(handler, logging.StreamHandler)
        handler.setStream(out)
    yield out
    root.handlers, root.level = before[0], before[1]
    for name, level in zip(names, before[2], strict=True):
        logging.getLogger(name).setLevel(level)


def lines(said: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in said.getvalue().splitlines()]


def test_a_delivery_can_be_followed_by_its_id(newsroom: Newsroom, said: io.StringIO) -> None:
    story = newsroom.approve(newsroom.story("x", x=Draft(text="비밀 아닌 글")))
    newsroom.work()
    delivery = newsroom.delivery(story, "x")
    mine = [each for each in lines(said) if each.get("delivery_id") == delivery.id]
    assert [each["message"] for each in mine] == [
        "delivery.scheduled",
        "delivery.sending",
        "delivery.published",
    ]
    assert {each["account_id"] for each in mine} == {delivery.account_id}
    assert {each["level"] for each in mine} == {"info"}
    assert all(str(each["at"]).endswith("Z") for each in mine)
    assert "비밀 아닌 글" not in said.getvalue(), "posts are not the log's business"


def test_what_was_rolled_back_is_not_said(app: Flask, cast: Cast, said: io.StringIO) -> None:
    with pytest.raises(ZeroDivisionError), accounts.writing():
        accounts.hold(cast.rui, "잠깐")
        raise ZeroDivisionError
    assert "held" not in {each["message"] for each in lines(said)}


def test_no_secret_of_an_account_is_ever_logged(
    newsroom: Newsroom, config: Config, said: io.StringIO
) -> None:
    log = logging.getLogger("publisher.somewhere")
    secrets = [
        str(value)
        for slug in ("x", "page")
        for value in (newsroom.accounts[slug].credentials or {}).values()
        if not str(value).isdigit() and len(str(value)) >= logs.SHORTEST
    ]
    assert len(secrets) >= 4
    for secret in [*secrets, config.secret_key, *config.vault_keys]:
        log.error("the platform said %s", {"header": secret})
        log.error("kept", extra={"account_id": 1, "given": secret})
        try:
            raise ValueError(f"wrong: {secret!r}")
        except ValueError:
            log.exception("failed")
    for secret in [*secrets, config.secret_key, *config.vault_keys]:
        assert secret not in said.getvalue()
    assert len(lines(said)) >= 3 * len(secrets), "lines stay whole JSON"


def test_tokens_and_passwords_that_nobody_told_us_of_are_recognised(
    app: Flask, cast: Cast, said: io.StringIO
) -> None:
    _token, text = tokens.create_token(cast.ana, cast.ana, "a program", ["read"])
    log = logging.getLogger("workers.somewhere")
    log.warning("asked with %s", text)
    log.warning("Authorization: Bearer abcdefghijkl")
    log.warning("cannot reach postgresql://ana:sesame-open@db/publisher")
    log.warning("GET /oauth?access_token=EAAB123&x=1 client_secret=hush-hush")
    heard = said.getvalue()
    for secret in (text, "abcdefghijkl", "sesame", "EAAB123", "hush-hush"):
        assert secret not in heard
    assert heard.count("[hidden]") >= 5


def test_a_failing_effect_names_itself(app: Flask, said: io.StringIO) -> None:
    def fail(_desired: effects.Desired) -> None:
        raise OSError("no route")

    effects.register("fails", fail)
    effects.ask("fails", "fails:1", {})
    effects.work_off()
    (line,) = (each for each in lines(said) if each["message"] == "effect failed")
    assert line["effect_id"] == 1
    assert line["kind"] == "fails"
    assert "OSError: no route" in str(line["trace"])


def test_a_line_of_text_carries_the_same(config: Config) -> None:
    record = logging.makeLogRecord(
        {"name": "publisher.x", "levelname": "INFO", "msg": "sent", "delivery_id": 7}
    )
    assert logs.TextLine().format(record).endswith("Z INFO publisher.x: sent delivery_id=7")
