"""Requests that come again under the same Idempotency-Key."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from io import BytesIO
from typing import Any

import pytest
from cryptography.fernet import Fernet
from flask import Flask
from PIL import Image

from publisher import logs, vault
from publisher.accounts import service as accounts
from publisher.api.operations import reseal_answers
from publisher.extensions import db
from publisher.people import tokens
from publisher.people.rules import Scope
from tests.features.racing import in_thread
from tests.plugins.newsroom import Newsroom
from tests.plugins.pictures import picture

EMPTY = {"title": "가", "posts": []}


@pytest.fixture
def headers(newsroom: Newsroom) -> dict[str, str]:
    every = [str(scope) for scope in Scope]
    secret = tokens.create_token(None, newsroom.author, "t", every)[1]
    return {"Authorization": f"Bearer {secret}", "Idempotency-Key": "k1"}


def test_a_key_may_be_used_again_after_its_day(
    app: Flask, headers: dict[str, str], travel: Callable[[timedelta], None]
) -> None:
    client = app.test_client()
    first = client.post("/api/v1/stories", json=EMPTY, headers=headers)
    travel(timedelta(hours=25))
    another = {"title": "나", "posts": [{"account": "x", "text": "가"}]}
    again = client.post("/api/v1/stories", json=another, headers=headers)
    assert (first.status_code, again.status_code) == (201, 201)


def test_a_repeated_upload_gets_the_kept_answer(app: Flask, headers: dict[str, str]) -> None:
    def upload(name: str = "a.png", data: bytes = picture(), alt: str = "빨강") -> tuple[int, Any]:
        """As programs send it: with another boundary between the parts for each try."""
        form = {"file": (BytesIO(data), name), "alt": alt}
        answer = app.test_client().post("/api/v1/media", data=form, headers=headers)
        return answer.status_code, answer.get_json()

    first = upload()
    assert first[0] == 201
    assert upload() == first
    assert upload(name="b.png")[0] == 409
    assert upload(alt="파랑")[0] == 409
    assert upload(data=picture(size=(30, 20)))[0] == 409


def test_a_kept_answer_is_written_anew_with_the_newest_key(
    app: Flask, headers: dict[str, str]
) -> None:
    post = partial(app.test_client().post, "/api/v1/stories", json=EMPTY, headers=headers)
    first = post()
    old, new = app.extensions["settings"].vault_keys[0], Fernet.generate_key().decode()
    vault.init_app(app, (new, old))
    assert reseal_answers() == 1
    vault.init_app(app, (new,))
    assert (post().status_code, post().get_json()) == (201, first.get_json())

    vault.init_app(app, (Fernet.generate_key().decode(),))
    assert (post().status_code, post().get_json()["code"]) == (409, "answer_lost")


def test_the_words_of_a_kept_answer_are_no_secrets(app: Flask, headers: dict[str, str]) -> None:
    client, story = app.test_client(), {"title": "Perfectly public", "posts": []}
    for _ in range(2):
        assert client.post("/api/v1/stories", json=story, headers=headers).status_code == 201
    assert logs.clean("Perfectly public") == "Perfectly public"


def test_nobody_waits_for_a_picture_to_be_decoded(
    app: Flask, newsroom: Newsroom, headers: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody else writes while Pillow is at work."""
    account_id, written = newsroom.accounts["x"].id, []
    look = Image.open

    def opened(*args: Any, **kwargs: Any) -> Any:
        def write() -> bool:
            accounts.pace(None, accounts.get(account_id), 3.0)
            return True

        thread, said = in_thread(app, write)
        thread.join(timeout=1)
        written.append(said == [True])
        return look(*args, **kwargs)

    db.session.rollback()
    monkeypatch.setattr(Image, "open", opened)
    form = {"file": (BytesIO(picture()), "a.png")}
    answer = app.test_client().post("/api/v1/media", data=form, headers=headers)
    assert answer.status_code == 201
    assert written and all(written)


@pytest.mark.usefixtures("database_url")
def test_two_equal_requests_at_once_get_the_same_answer(
    app: Flask, headers: dict[str, str]
) -> None:
    db.session.rollback()
    barrier = threading.Barrier(2)

    def post() -> tuple[int, Any]:
        barrier.wait(5)
        answer = app.test_client().post("/api/v1/stories", json=EMPTY, headers=headers)
        return answer.status_code, answer.get_json()

    racers = [in_thread(app, post) for _ in range(2)]
    for racer, _said in racers:
        racer.join()

    assert racers[0][1] == racers[1][1]
    assert racers[0][1][0][0] == 201
