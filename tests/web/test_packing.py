"""Answers are packed for who can unpack them, and only where that helps."""

from __future__ import annotations

import gzip

import pytest
from flask import Flask
from flask.testing import FlaskClient

from publisher import assets

PACKED = {"Accept-Encoding": "gzip, deflate, br"}


def test_a_page_travels_packed_to_who_can_unpack_it(client: FlaskClient) -> None:
    plain, packed = client.get("/sign-in"), client.get("/sign-in", headers=PACKED)

    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert b"</html>" in gzip.decompress(packed.data)
    assert packed.content_length == len(packed.data) < len(plain.data) / 2
    assert all("Accept-Encoding" in answer.headers["Vary"] for answer in (plain, packed))


@pytest.mark.parametrize("wish", ["", "br", "gzip;q=0, identity"])
def test_who_cannot_unpack_gets_it_as_it_is(client: FlaskClient, wish: str) -> None:
    answer = client.get("/sign-in", headers={"Accept-Encoding": wish})

    assert "Content-Encoding" not in answer.headers
    assert b"</html>" in answer.data


def test_a_packed_page_does_not_tell_its_exact_length(client: FlaskClient) -> None:
    lengths = {len(client.get("/sign-in/link", headers=PACKED).data) for _ in range(12)}

    assert max(lengths) - min(lengths) > 5


@pytest.mark.parametrize("name", ["app.css", "app.js", "icons.svg"])
def test_built_files_are_packed_once_and_kept_for_ever(app: Flask, name: str) -> None:
    with app.test_request_context("/"):
        address = assets.asset(name)
    client = app.test_client()
    plain = client.get(address, buffered=True)
    packed = client.get(address, headers=PACKED, buffered=True)

    assert gzip.decompress(packed.data) == plain.data
    assert packed.mimetype == plain.mimetype
    assert packed.headers["Cache-Control"] == assets.FOREVER
    known = {**PACKED, "If-None-Match": packed.headers["ETag"]}
    assert client.get(address, headers=known, buffered=True).status_code == 304
    part = client.get(address, headers={**PACKED, "Range": "bytes=0-9"}, buffered=True)
    assert (part.status_code, part.data) == (206, plain.data[:10])


def test_what_programs_read_keeps_its_bytes(client: FlaskClient) -> None:
    for path in ("/blog/atom.xml", "/api/v1/openapi.json", "/livez"):
        answer = client.get(path, headers=PACKED)
        assert "Content-Encoding" not in answer.headers, path


def test_a_missing_file_is_a_page_like_any_other(client: FlaskClient) -> None:
    answer = client.get("/static/dist/../../secret.css", headers=PACKED)
    assert answer.status_code == 404
