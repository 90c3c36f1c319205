"""Requests that come again under the same Idempotency-Key."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

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
    body = (
        b'--XX\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n'
        b"Content-Type: image/png\r\n\r\n" + picture() + b"\r\n--XX--\r\n"
    )

    def upload(body: bytes) -> tuple[int, Any]:
        kind = "multipart/form-data; boundary=XX"
        answer = app.test_client().post(
            "/api/v1/media", data=body, content_type=kind, headers=headers
        )
        return answer.status_code, answer.get_json()

    first = upload(body)
    assert first[0] == 201
    assert upload(body) == first
    assert upload(body.replace(b"a.png", b"b.png"))[0] == 409


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
