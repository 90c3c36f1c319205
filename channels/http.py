"""The one door to HTTP: our own deadlines, no retries, a fresh connection per call, four errors out."""

from __future__ import annotations

import json
import re
import socket
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import quote, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError

from channels.errors import Unavailable, Unconfirmed

MAX_BODY_BYTES = 4 * 1024 * 1024
DETAIL_LENGTH = 600
HIDDEN = "[hidden]"
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Seconds: to reach the platform, and for a whole call from look-up to the last byte of the answer."""

    connect_s: float = 5.0
    call_s: float = 45.0


class _InForce:
    deadlines = Deadlines()


def configure(deadlines: Deadlines) -> None:
    """Set the deadlines of every later call in this process."""
    _InForce.deadlines = deadlines


def deadlines() -> Deadlines:
    """The deadlines in force."""
    return _InForce.deadlines


@dataclass(frozen=True)
class Answer:
    """A complete answer. Header names are lower-case."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    @cached_property
    def json(self) -> dict[str, Any]:
        """The body as a JSON object; empty when it is anything else. The content type is not believed."""
        try:
            value = json.loads(self.body)
        except ValueError:
            return {}
        return value if isinstance(value, dict) else {}

    @property
    def excerpt(self) -> str:
        """The beginning of the body, for a log. Redact it first."""
        return f"HTTP {self.status} {self.body[:DETAIL_LENGTH].decode('utf-8', 'replace')}"


@dataclass(frozen=True, slots=True)
class Reading:
    """How a page of strangers is read: from machines whose IP address `allows` lets pass, only when it is of
    one of `types` (content types in lower case), and only its first `most` bytes."""

    allows: Callable[[str], bool]
    types: frozenset[str]
    most: int


class _Held(Exception):
    """`on_wire` raised: carries its exception past the library's own handlers."""

    def __init__(self, cause: BaseException) -> None:
        super().__init__()
        self.cause = cause


class _Call:
    """One call in progress: its watchdog, its socket, and whether a byte has left."""

    def __init__(
        self,
        limits: Deadlines,
        on_wire: Callable[[], None] | None,
        reading: Reading | None = None,
    ) -> None:
        self.limits = limits
        self.on_wire = on_wire
        self.reading = reading
        self.wrote = False
        self.expired = False
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []

    def hold(self, sock: socket.socket) -> None:
        """Keep a second handle of the connection: shutting it ends the call, TLS or not."""
        handle = sock.dup()
        with self._lock:
            self._sockets.append(handle)
            if self.expired:
                _shut(handle)

    def expire(self) -> None:
        with self._lock:
            self.expired = True
            for handle in self._sockets:
                _shut(handle)

    def before_byte(self) -> None:
        """Called before each write; the first one asks `on_wire`."""
        if self.wrote:
            return
        if self.expired:
            raise TimeoutError("the call's time is over")
        if self.on_wire is not None:
            try:
                self.on_wire()
            except BaseException as error:
                raise _Held(error) from error
        self.wrote = True

    def close(self) -> None:
        with self._lock:
            for handle in self._sockets:
                handle.close()
            self._sockets.clear()


def _shut(sock: socket.socket) -> None:
    with suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)


_current: ContextVar[_Call | None] = ContextVar("call", default=None)


class _Connection(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        with _led(self):
            return _held(super()._new_conn())

    def send(self, data: Any) -> None:
        _before_send(self)
        super().send(data)


class _SecureConnection(HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        with _led(self):
            return _held(super()._new_conn())

    def send(self, data: Any) -> None:
        _before_send(self)
        super().send(data)


def _held(sock: socket.socket) -> socket.socket:
    if (call := _current.get()) is not None:
        call.hold(sock)
    return sock


@contextmanager
def _led(connection: HTTPConnection) -> Iterator[None]:
    """Connect to the very machine that was allowed: its name is looked up once, so that one which means
    another machine a moment later leads nowhere. TLS still asks for the name."""
    call = _current.get()
    if call is None or call.reading is None:
        yield
        return
    name = connection._dns_host
    try:
        found = socket.getaddrinfo(name, connection.port, type=socket.SOCK_STREAM)
    except UnicodeError as error:
        raise OSError("the address names no machine") from error
    machines = [str(each[4][0]) for each in found]
    if not machines or not all(map(call.reading.allows, machines)):
        raise OSError("the address leads to a machine that may not be asked")
    connection._dns_host = machines[0]
    try:
        yield
    finally:
        connection._dns_host = name


def _before_send(connection: HTTPConnection) -> None:
    if connection.sock is None:
        connection.connect()
    if (call := _current.get()) is not None:
        call.before_byte()


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


class _Adapter(HTTPAdapter):
    """Never retries, never keeps a connection, and builds connections that know their call."""

    def __init__(self) -> None:
        super().__init__(max_retries=0, pool_connections=1, pool_maxsize=1)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}
        return manager


@contextmanager
def _watched(
    limits: Deadlines, on_wire: Callable[[], None] | None, reading: Reading | None = None
) -> Iterator[_Call]:
    call = _Call(limits, on_wire, reading)
    watchdog = threading.Timer(limits.call_s, call.expire)
    watchdog.daemon = True
    watchdog.start()
    token = _current.set(call)
    try:
        yield call
    finally:
        watchdog.cancel()
        _current.reset(token)
        call.close()


class Wire:
    """HTTP for one account. `label` names the platform in messages, `secrets` never reach a `detail`."""

    def __init__(
        self, label: str, secrets: Iterable[str] = (), *, limits: Deadlines | None = None
    ) -> None:
        self.label = label
        self.secrets = _forms(secrets)
        self.limits = limits

    def create(
        self, method: str, url: str, *, on_wire: Callable[[], None], **arguments: Any
    ) -> Answer:
        """The call that creates. Once a byte was written, no complete answer means Unconfirmed."""
        return self._send(method, url, on_wire, True, arguments)

    def repeatable(self, method: str, url: str, **arguments: Any) -> Answer:
        """A call that may be made again without harm: no complete answer means Unavailable."""
        return self._send(method, url, None, False, arguments)

    def read(self, url: str, reading: Reading) -> Answer:
        """What strangers put at `url`: without proxy and credentials, no redirect is followed, nothing is
        unpacked, and the body is empty unless it is of a wanted type. Raises Unavailable, also for a machine
        that is not allowed."""
        headers = {"Accept": ", ".join(sorted(reading.types)), "Accept-Encoding": "identity"}
        headers["User-Agent"] = "Mozilla/5.0 (compatible; publisher link preview)"
        return self._send("GET", url, None, False, {"headers": headers}, reading)

    def redact(self, text: str) -> str:
        """`text` without this account's secrets, at most DETAIL_LENGTH long."""
        return redact(text, self.secrets)[:DETAIL_LENGTH]

    def _send(
        self,
        method: str,
        url: str,
        on_wire: Callable[[], None] | None,
        creates: bool,
        arguments: Mapping[str, Any],
        reading: Reading | None = None,
    ) -> Answer:
        with _watched(self.limits or _InForce.deadlines, on_wire, reading) as call:
            try:
                answer = _exchange(call, method, url, arguments)
                if call.expired:
                    raise TimeoutError("the call's time is over")
                return answer
            except _Held as held:
                raise held.cause from None
            except (requests.RequestException, HTTPError, OSError) as error:
                detail = self.redact(f"{method} {url}: {type(error).__name__}: {error}")
                if creates and call.wrote:
                    message = f"{self.label} did not confirm the post."
                    raise Unconfirmed(message, detail=detail) from None
                raise Unavailable(f"{self.label} could not be reached.", detail=detail) from None


def _exchange(call: _Call, method: str, url: str, arguments: Mapping[str, Any]) -> Answer:
    with requests.Session() as session:
        session.trust_env = call.reading is None and urlsplit(url).hostname not in _LOOPBACK
        session.mount("https://", _Adapter())
        session.mount("http://", _Adapter())
        timeout = (call.limits.connect_s, call.limits.call_s)
        with session.request(
            method, url, timeout=timeout, allow_redirects=False, stream=True, **arguments
        ) as response:
            headers = {name.lower(): value for name, value in response.headers.items()}
            body = _beginning(response, headers, call.reading) if call.reading else _whole(response)
            return Answer(response.status_code, headers, body)


def _whole(response: requests.Response) -> bytes:
    body = b""
    for piece in response.iter_content(65536):
        body += piece
        if len(body) > MAX_BODY_BYTES:
            raise OSError("the answer is longer than any we expect")
    return body


def _beginning(response: requests.Response, headers: Mapping[str, str], reading: Reading) -> bytes:
    """The first bytes of a body that is wanted. One that is packed although we asked for none is not."""
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    packed = headers.get("content-encoding", "identity").strip().lower() != "identity"
    if response.status_code != 200 or packed or kind not in reading.types:
        return b""
    body = b""
    for piece in response.iter_content(16384):
        body += piece
        if len(body) >= reading.most:
            break
    return body[: reading.most]


_SECRET_FIELDS = re.compile(
    r"(?i)((?:access_token|input_token|appsecret_proof|client_secret|fb_exchange_token|oauth_\w+)"
    r"[\"']?\s*[=:]\s*[\"']?)[^&\s\"',]+"
)


def _forms(secrets: Iterable[str]) -> tuple[str, ...]:
    """Each secret as it is and as it stands in an address, the longest first."""
    forms = {form for secret in secrets if len(secret) > 3 for form in (secret, quote(secret, ""))}
    return tuple(sorted(forms, key=len, reverse=True))


def redact(text: str, secrets: Iterable[str]) -> str:
    """`text` with every secret and every field that is known to carry one hidden."""
    for secret in secrets:
        text = text.replace(secret, HIDDEN)
    return _SECRET_FIELDS.sub(rf"\1{HIDDEN}", text)
