"""The tests' own ground: the servers are real, and the guards against the outside world bite."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest
from playwright.sync_api import BrowserContext, Page
from pytest_socket import SocketConnectBlockedError
from sqlalchemy import create_engine, text

from tests.plugins.chromium import BrowserGuard
from tests.plugins.valkey import Valkey


class Pages(BaseHTTPRequestHandler):
    """Pages under a strict policy, each with one fault of its own."""

    pages: ClassVar = {
        "/good": "<h1>안녕하세요</h1>",
        "/inline": "<script>document.title = 'ran'</script>",
        "/error": "<script src='/script.js'></script>",
        "/outside": "<form id=f action='http://example.com/'></form><script src='/submit.js'></script>",
        "/script.js": "throw new Error('a bug')",
        "/submit.js": "document.getElementById('f').submit()",
    }

    def do_GET(self) -> None:
        found = self.pages.get(self.path)
        kind = "text/javascript" if self.path.endswith(".js") else "text/html"
        body = (found or "").encode()
        self.send_response(200 if found else 404)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Security-Policy", "default-src 'self'")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Silent."""


@pytest.fixture(scope="module")
def pages() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Pages) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_no_socket_leaves_this_machine() -> None:
    with pytest.raises(SocketConnectBlockedError):
        socket.create_connection(("192.0.2.1", 80), timeout=1)


def test_a_database_of_each_kind_keeps_hangul(database_url: str) -> None:
    engine = create_engine(database_url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE words (word text)"))
        connection.execute(text("INSERT INTO words VALUES ('안녕')"))
    with engine.connect() as connection:
        assert connection.execute(text("SELECT word FROM words")).scalar_one() == "안녕"
    engine.dispose()


def test_each_test_gets_an_empty_database(database_url: str) -> None:
    engine = create_engine(database_url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE words (word text)"))
    engine.dispose()


@pytest.mark.parametrize("turn", [1, 2])
def test_each_test_gets_an_empty_valkey(redis_url: str, valkey: Valkey, turn: int) -> None:
    assert redis_url == valkey.url
    with valkey.client() as client:
        assert client.dbsize() == 0
        client.set("left", turn)


def test_a_durable_valkey_survives_a_kill(new_valkey: Callable[[], Valkey]) -> None:
    server = new_valkey()
    with server.client() as client:
        client.set("kept", "yes")
        before = server.pid
        deadline = time.monotonic() + 10
        while client.info("persistence")["aof_pending_bio_fsync"] and time.monotonic() < deadline:
            time.sleep(0.05)
    server.kill()
    server.begin()
    with server.client() as client:
        assert client.get("kept") == b"yes"
    assert server.pid != before


def test_a_stopped_server_leaves_neither_process_nor_folder() -> None:
    server = Valkey()
    server.begin()
    pid, folder = server.pid, server.folder
    server.close()
    assert not folder.exists()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


@pytest.mark.browser
def test_the_browser_reads_korean_in_seoul_without_animation(page: Page, pages: str) -> None:
    page.goto(f"{pages}/good")
    assert page.get_by_role("heading", name="안녕하세요").is_visible()
    assert page.evaluate("navigator.language") == "ko-KR"
    assert page.evaluate("Intl.DateTimeFormat().resolvedOptions().timeZone") == "Asia/Seoul"
    assert page.evaluate("matchMedia('(prefers-reduced-motion: reduce)').matches")


@pytest.mark.browser
@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("/inline", "CSP violation: script-src-elem inline"),
        ("/error", "page error: a bug"),
        ("/outside", "request to another host: http://example.com/"),
    ],
)
def test_the_guard_sees(
    new_context: Callable[..., BrowserContext],
    browser_guard: BrowserGuard,
    pages: str,
    path: str,
    problem: str,
) -> None:
    context = new_context()
    page = context.new_page()
    page.goto(pages + path)
    deadline = time.monotonic() + 5
    while not browser_guard.problems and time.monotonic() < deadline:
        page.wait_for_timeout(20)
    page.close()  # Chromium asks again, a second later, for a page that did not come
    context.cookies()
    browser_guard.expect(problem)
