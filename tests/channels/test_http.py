"""The door to HTTP: deadlines that hold, nothing sent twice, no secret in a log."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import SimpleNamespace

import pytest
from oauthlib.oauth1.rfc5849 import signature

from channels import http
from channels.errors import Unavailable, Unconfirmed
from channels.http import Deadlines, Wire

SHORT = Deadlines(connect_s=0.3, call_s=0.4)
Serve = Callable[[socket.socket], None]


@contextmanager
def listening(serve: Serve) -> Iterator[tuple[str, list[socket.socket]]]:
    """A raw server: `serve` gets each connection. Yields its address and the connections."""
    listener = socket.create_server(("127.0.0.1", 0))
    seen: list[socket.socket] = []

    def accept() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                seen.append(connection)
                with suppress(OSError):
                    serve(connection)

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", seen
    finally:
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for connection in seen:
            connection.close()
        thread.join(2)


def answer_with(payload: bytes) -> Serve:
    def serve(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(payload)
        connection.close()

    return serve


def trickle(connection: socket.socket) -> None:
    """Headers at once, then a byte now and then: no single read ever times out."""
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    for _ in range(100):
        connection.sendall(b"x")
        time.sleep(0.05)


def trickle_without_length(connection: socket.socket) -> None:
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    for _ in range(100):
        connection.sendall(b"x")
        time.sleep(0.05)


def hang(connection: socket.socket) -> None:
    connection.recv(65536)


def cut(connection: socket.socket) -> None:
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\n{")
    connection.close()


def gone(connection: socket.socket) -> None:
    connection.recv(10)
    connection.close()


def endless(connection: socket.socket) -> None:
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    for _ in range(1000):
        connection.sendall(b"x" * 65536)


@pytest.mark.parametrize("serve", [hang, trickle, trickle_without_length, cut, gone])
def test_a_create_without_a_complete_answer_is_unconfirmed_in_time(serve: Serve) -> None:
    wire = Wire("X", limits=SHORT)
    started = time.monotonic()
    with listening(serve) as (url, seen), pytest.raises(Unconfirmed):
        wire.create("POST", url, on_wire=lambda: None, json={"text": "hello"})
    assert time.monotonic() - started < 2.5
    assert len(seen) == 1


@pytest.mark.parametrize("serve", [hang, trickle, trickle_without_length, cut, gone])
def test_a_repeatable_call_without_a_complete_answer_is_only_unavailable(serve: Serve) -> None:
    with listening(serve) as (url, seen), pytest.raises(Unavailable):
        Wire("X", limits=SHORT).repeatable("GET", url)
    assert len(seen) == 1


def test_an_answer_that_never_ends_is_not_read_to_the_end() -> None:
    with listening(endless) as (url, _), pytest.raises(Unavailable):
        Wire("X", limits=Deadlines(1, 20)).repeatable("GET", url)


def test_on_wire_is_asked_after_the_connection_and_before_the_first_byte() -> None:
    order: list[str] = []

    def serve(connection: socket.socket) -> None:
        order.append("connected")
        assert connection.recv(65536)
        order.append("byte")
        connection.sendall(b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}")

    def on_wire() -> None:
        time.sleep(0.1)
        order.append("on wire")

    with listening(serve) as (url, _):
        answer = Wire("X").create("POST", url, on_wire=on_wire, json={"text": "hello"})
    assert (answer.status, answer.json) == (201, {})
    assert order == ["connected", "on wire", "byte"]


def test_what_on_wire_raises_passes_through_and_no_byte_leaves() -> None:
    received: list[bytes] = []

    def refuse() -> None:
        raise TimeoutError("the fence is down")

    with listening(lambda connection: received.append(connection.recv(65536))) as (url, _):
        with pytest.raises(TimeoutError, match="fence"):
            Wire("X").create("POST", url, on_wire=refuse, json={})
        time.sleep(0.1)
    assert not any(received)


def test_nobody_there_and_nobody_by_that_name_are_unavailable() -> None:
    for url in ("http://127.0.0.1:9/", "http://nobody.invalid/"):
        with pytest.raises(Unavailable):
            Wire("X", limits=SHORT).create("POST", url, on_wire=lambda: None, json={})


def test_a_failing_tls_handshake_is_unavailable() -> None:
    asked: list[None] = []
    with listening(answer_with(b"this is no TLS")) as (url, _), pytest.raises(Unavailable):
        wire = Wire("X", limits=SHORT)
        wire.create("POST", url.replace("http", "https"), on_wire=lambda: asked.append(None))
    assert asked == []


def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    moved = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n"
    with listening(answer_with(moved)) as (url, seen):
        assert Wire("X").repeatable("GET", url).status == 302
    assert len(seen) == 1


def test_deadlines_are_set_for_the_process_and_can_differ_for_one_wire() -> None:
    http.configure(Deadlines(0.1, 0.2))
    started = time.monotonic()
    with listening(hang) as (url, _), pytest.raises(Unavailable):
        Wire("X").repeatable("GET", url)
    assert time.monotonic() - started < 1.5
    assert http.deadlines() == Deadlines(0.1, 0.2)


def test_no_secret_reaches_a_detail() -> None:
    wire = Wire("Facebook", ["s3cr3t/with+signs", "another"], limits=SHORT)
    with pytest.raises(Unavailable) as caught:
        wire.repeatable(
            "GET",
            "http://127.0.0.1:9/?access_token=unknown",
            params={"a": "s3cr3t/with+signs", "b": "another", "appsecret_proof": "abcdef"},
        )
    detail = caught.value.detail
    assert "127.0.0.1" in detail
    assert not any(word in detail for word in ("s3cr3t", "another", "unknown", "abcdef"))


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("api.x.com", "Ls93hJiZbQ3akF3HF3x1Bz8/zU4="),
        ("api.twitter.com", "hCtSmYh+iHYCEqBWrE7C7hYmtUk="),
    ],
)
def test_the_published_signature_is_reproduced(host: str, expected: str) -> None:
    """docs.x.com, authentication/oauth-1-0a/creating-a-signature."""
    parameters = [
        ("status", "Hello Ladies + Gentlemen, a signed OAuth request!"),
        ("include_entities", "true"),
        ("oauth_consumer_key", "xvz1evFS4wEEPTGEFPHBog"),
        ("oauth_nonce", "kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg"),
        ("oauth_signature_method", "HMAC-SHA1"),
        ("oauth_timestamp", "1318622958"),
        ("oauth_token", "370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb"),
        ("oauth_version", "1.0"),
    ]
    encoded = [
        (signature.utils.escape(name), signature.utils.escape(value)) for name, value in parameters
    ]
    base = signature.signature_base_string(
        "POST",
        f"https://{host}/1.1/statuses/update.json",
        "&".join(f"{name}={value}" for name, value in sorted(encoded)),
    )
    keys = (
        "kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw",
        "LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE",
    )
    client = SimpleNamespace(client_secret=keys[0], resource_owner_secret=keys[1])
    assert signature.sign_hmac_sha1_with_client(base, client) == expected
