"""The sandbox itself: sockets, faults on the wire, the journal, and `Sandbox` for tests."""

from __future__ import annotations

import contextlib
import io
import re
import socket
import sqlite3
import struct
import threading
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self, cast
from urllib.parse import urlsplit

from sandbox import control, faults, wire
from sandbox.clock import Clock
from sandbox.facebook import Facebook
from sandbox.wire import Request, Response
from sandbox.world import World
from sandbox.x import X

IDLE_SECONDS = 60.0
_PAGES = re.compile(r"/x/[A-Za-z0-9_]+/status/\d+|/facebook/posts/[\d_]+")
_SECRET = re.compile(r"((?:access_token|appsecret_proof|input_token|client_secret)=)[^&]*")
_SECRET_HEADERS = ("authorization", "cookie")


class Sandbox:
    """A local X and Facebook on a loopback port, run by background threads.

    `with Sandbox() as sb:` starts and stops it. `sb.x_url` and `sb.facebook_url` are the adapters' `api_url`.
    """

    def __init__(
        self, host: str = "127.0.0.1", port: int = 0, home: Path | None = None, **settings: object
    ) -> None:
        self.world = World(home)
        self.world.begin_with(settings)
        self._apps: dict[str, X | Facebook] = {"x": X(self.world), "facebook": Facebook(self.world)}
        self._stopping = threading.Event()
        self._connections: set[socket.socket] = set()
        self._lock = threading.Lock()
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listener = socket.create_server((host, port), family=family, backlog=512)
        self.host, self.port = host, self._listener.getsockname()[1]
        reachable = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)  # noqa: S104
        self.url = f"http://{f'[{reachable}]' if reachable == '::1' else reachable}:{self.port}"
        self.world.url = self.url
        self.x_url, self.facebook_url = f"{self.url}/x", f"{self.url}/facebook"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def clock(self) -> Clock:
        """`advance(seconds)`, `set(instant)`, `freeze()`, `reset()`."""
        return self.world.clock

    def start(self) -> None:
        threading.Thread(target=self._accept, name="sandbox", daemon=True).start()

    def stop(self) -> None:
        """Close every connection, hung ones too, and the ledger's file."""
        if self._stopping.is_set():
            return
        self._stopping.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            for connection in self._connections:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        self.world.store.close()

    def ledger(self) -> list[dict[str, Any]]:
        """Every post really created, oldest first, deleted ones marked."""
        return self.world.entries()

    def requests(self) -> list[dict[str, Any]]:
        """The journal: what arrived and what was decided, without secrets."""
        return self.world.journalled()

    def fault(
        self,
        kind: str,
        match: Mapping[str, str] | None = None,
        times: int | None = 1,
        probability: float = 1.0,
        seed: int | None = None,
        **args: Any,
    ) -> int:
        """Switch a fault on for `times` requests that match (None: until cleared). Returns its id.

        `match` has platform, path (without prefix and version; * allowed), method, account, text.
        """
        wanted = dict(match) if match else None
        return self.world.faults.add(kind, wanted, times, probability, seed, **args).id

    def clear_faults(self) -> None:
        self.world.faults.clear()

    def settings(self, **changes: object) -> dict[str, object]:
        """Change settings by name (see sandbox.settings) and return all of them."""
        self.world.settings.update(changes)
        return self.world.settings.as_dict()

    def reset(self) -> None:
        """Forget posts, faults, journal, settings and clock; accounts stay."""
        self.world.reset()

    def add_x(self, user_id: str, username: str, **more: Any) -> dict[str, str]:
        """Register (or change) an X account and return its credentials."""
        return self.world.accounts.add(
            {"platform": "x", "user_id": user_id, "username": username, **more}
        )

    def add_page(self, page_id: str, name: str, **more: Any) -> dict[str, str]:
        """Register (or change) a Facebook Page and return its credentials."""
        return self.world.accounts.add(
            {"platform": "facebook", "page_id": page_id, "name": name, **more}
        )

    def _accept(self) -> None:
        while not self._stopping.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                self._stopping.wait(0.05)  # out of descriptors, or stopping
                continue
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with self._lock:
            self._connections.add(connection)
        try:
            connection.settimeout(IDLE_SECONDS)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            # not makefile(): it would keep the socket open after a fault closed it
            reader = io.BufferedReader(socket.SocketIO(connection, "r"), 65_536)
            stream = cast(BinaryIO, reader)
            while not self._stopping.is_set() and self._exchange(connection, stream):
                pass
        except OSError:
            pass  # the client went away
        except (ValueError, sqlite3.ProgrammingError):
            if not self._stopping.is_set():  # else: the socket or the ledger was closed under us
                raise
        finally:
            with self._lock:
                self._connections.discard(connection)
            with contextlib.suppress(OSError):
                connection.close()

    def _exchange(self, connection: socket.socket, stream: BinaryIO) -> bool:
        """One request and its answer. False when the connection is to be closed."""
        try:
            request = wire.read_head(stream)
            if request is None:
                return False
            platform = _platform(request.path)
            facts = self._facts(request, platform)
            for rule in self.world.faults.draw(facts, before=True) if platform else ():
                self._note(request, facts, 0, f"fault {rule.kind}: not read")
                _reset(connection)
                return False
            if request.headers.get("expect", "").lower() == "100-continue":
                connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
            request.body = wire.read_body(stream, request)
        except wire.Malformed as error:
            answer = wire.reply(400, {"error": str(error)})
            answer.header("Connection", "close")
            connection.sendall(answer.head() + answer.body)
            return False
        keep = request.headers.get("connection", "").lower() != "close"
        if not platform:
            answer = control.answer(self.world, request)
            connection.sendall(answer.head() + (b"" if request.method == "HEAD" else answer.body))
            return keep
        return self._answer(connection, request, platform, facts) and keep

    def _answer(
        self, connection: socket.socket, request: Request, platform: str, facts: dict[str, str]
    ) -> bool:
        facts["text"] = request.body.decode("utf-8", "replace") if self.world.faults.list() else ""
        rules = self.world.faults.draw(facts, before=False)
        delay = self.world.settings.latency_seconds
        delay += sum(rule.seconds(1.0) for rule in rules if rule.kind in faults.DELAYS)
        if delay:
            self._stopping.wait(delay)
        rule = next((rule for rule in rules if rule.kind not in faults.DELAYS), None)
        now = self.world.clock.time()
        if rule is None or rule.acts():
            answer = self._apps[platform].answer(request)
        else:
            answer = faults.instead(rule, platform, now)
        named = ", ".join(f"fault {rule.kind}" for rule in rules)
        decision = "; ".join(filter(None, (named, answer.decision)))
        facts["account"] = answer.account or facts["account"]
        if rule is not None and rule.acts() and rule.kind in (*faults.EITHER, "accept_then_5xx"):
            answer = faults.instead(rule, platform, now)
        self._note(request, facts, answer.status, decision)
        return self._send(connection, answer, rule)

    def _send(self, connection: socket.socket, answer: Response, rule: faults.Rule | None) -> bool:
        """Put `answer` on the wire, spoilt as `rule` wants. False closes the connection."""
        kind = rule.kind if rule else ""
        if rule is not None and kind == "accept_then_hang":
            self._stopping.wait(rule.seconds(60.0))
            return False
        if kind == "accept_then_reset":
            _reset(connection)
            return False
        if kind == "cut_body":
            half = answer.body[: len(answer.body) // 2]
            connection.sendall(answer.head(len(answer.body)) + half)
            return False
        if rule is not None and kind == "slow":
            return self._trickle(connection, answer, rule)
        if kind == "bad_json":
            answer.body = answer.body[: max(1, len(answer.body) - 2)] + b"<"
        if kind == "missing_content_type":
            answer.headers = [h for h in answer.headers if h[0].lower() != "content-type"]
        if kind == "text_javascript":
            answer.header("Content-Type", "text/javascript; charset=UTF-8")
        connection.sendall(answer.head() + answer.body)
        return True

    def _trickle(self, connection: socket.socket, answer: Response, rule: faults.Rule) -> bool:
        """The first byte late, then the rest in `chunks` pieces over the same time again."""
        data = answer.head() + answer.body
        pieces = max(1, int(rule.args.get("chunks", 10)))
        size = -(-len(data) // pieces)
        self._stopping.wait(rule.seconds(1.0))
        for at in range(0, len(data), size):
            connection.sendall(data[at : at + size])
            self._stopping.wait(rule.seconds(1.0) / pieces)
        return True

    def _facts(self, request: Request, platform: str) -> dict[str, str]:
        if not platform:
            return {}
        path = request.path.removeprefix(f"/{platform}")
        path = re.sub(r"^/v\d+\.\d+", "", path) if platform == "facebook" else path
        account = self._apps[platform].account_of(request)
        return {
            "platform": platform, "method": request.method, "path": path, "account": account, "text": "",
        }  # fmt: skip

    def _note(self, request: Request, facts: dict[str, str], status: int, decision: str) -> None:
        headers = {k: v for k, v in request.headers.items() if k not in _SECRET_HEADERS}
        split = urlsplit(request.target)
        query = _SECRET.sub(r"\1…", split.query)
        self.world.journal(
            {
                "at": self.world.clock.now().isoformat(),
                "platform": facts["platform"],
                "account": facts["account"],
                "method": request.method,
                "path": split.path + (f"?{query}" if query else ""),
                "headers": headers,
                "body_sha256": request.body_hash,
                "status": status,
                "decision": decision,
            }
        )


def _platform(path: str) -> str:
    """Whose API `path` belongs to; empty for pages and control."""
    first = path.split("/", 2)[1] if path.startswith("/") else ""
    if first not in ("x", "facebook") or _PAGES.fullmatch(path):
        return ""
    return first


def _reset(connection: socket.socket) -> None:
    """Close with RST: the client sees a reset, not an end."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()
