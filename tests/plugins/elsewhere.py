"""The world outside: names that a name server knows, and pages that a machine out there serves."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

OUTSIDE = "93.184.215.14"
"""A public address. In tests the machine behind it is this one, at a port of the test's own."""

Serve = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class Elsewhere:
    """`names` maps a name to the machines it means, one list for each look-up, the last for all further ones.
    `asked` are the machines that were connected to, `requests` the headers that arrived there, by path."""

    names: dict[str, list[list[str]]]
    pages: dict[str, Serve] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    looked_up: list[str] = field(default_factory=list)
    requests: dict[str, dict[str, str]] = field(default_factory=dict)

    def page(
        self,
        path: str,
        body: str | bytes = b"",
        *,
        kind: str = "text/html",
        status: int = 200,
        **headers: str,
    ) -> str:
        """Serve `body` there; answers the address."""
        sent = body.encode() if isinstance(body, str) else body

        def serve(call: BaseHTTPRequestHandler) -> None:
            call.send_response(status)
            call.send_header("Content-Type", kind)
            call.send_header("Content-Length", str(len(sent)))
            for name, value in headers.items():
                call.send_header(name.replace("_", "-"), value)
            call.end_headers()
            call.wfile.write(sent)

        return self.serve(path, serve)

    def serve(self, path: str, serve: Serve) -> str:
        self.pages[path] = serve
        return f"http://out.example.com{path}"


def _handler(world: Elsewhere) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            world.requests[self.path] = dict(self.headers.items())
            with suppress(OSError):
                if serve := world.pages.get(self.path):
                    serve(self)
                else:
                    self.send_error(404)

        def log_message(self, *_args: Any) -> None:
            """Tests say what they need to say."""

    return Handler


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[Elsewhere]:
    """`out.example.com` is a machine outside; no packet leaves this one."""
    world = Elsewhere({"out.example.com": [[OUTSIDE]]})
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(world))
    server.daemon_threads = True
    thread = threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
    )
    thread.start()
    look_up, connect = socket.getaddrinfo, socket.socket.connect

    def looked_up(host: str, port: int, *rest: Any, **more: Any) -> Any:
        machines = [host]
        if host in world.names:
            world.looked_up.append(host)
            machines = world.names[host][0]
            if len(world.names[host]) > 1:
                world.names[host].pop(0)
        return [found for each in machines for found in look_up(each, port, *rest, **more)]

    def connected(sock: socket.socket, address: Any) -> None:
        if address[0] != "127.0.0.1" or address[1] < 1024:
            world.asked.append(address[0])
        outside = address[0] == OUTSIDE
        connect(sock, ("127.0.0.1", server.server_port) if outside else address)

    monkeypatch.setattr(socket, "getaddrinfo", looked_up)
    monkeypatch.setattr(socket.socket, "connect", connected)
    yield world
    server.shutdown()
    server.server_close()
    thread.join(5)
