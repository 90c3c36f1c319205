"""HTTP at the socket: read a request, write an answer. Small, so that faults can break it on purpose."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, BinaryIO
from urllib.parse import parse_qsl, unquote, urlsplit

MAX_LINE = 65_536
MAX_HEADERS = 100
MAX_BODY = 64 * 1024 * 1024


class Malformed(Exception):
    """The bytes are not a request that we can read."""


@dataclass(slots=True)
class Part:
    """One part of a multipart body."""

    name: str
    filename: str
    content: bytes


@dataclass(slots=True)
class Request:
    method: str
    target: str
    headers: dict[str, str]
    path: str = ""
    raw_query: str = ""
    body: bytes = b""

    def __post_init__(self) -> None:
        split = urlsplit(self.target)
        self.path = unquote(split.path) or "/"
        self.raw_query = split.query

    @property
    def host(self) -> str:
        return self.headers.get("host", "")

    @property
    def content_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(self.raw_query, keep_blank_values=True))

    @property
    def body_hash(self) -> str:
        return hashlib.sha256(self.body).hexdigest()[:16] if self.body else ""

    def form(self) -> dict[str, str]:
        """Fields of an urlencoded body. Raises Malformed when it is not UTF-8."""
        try:
            text = self.body.decode()
        except UnicodeDecodeError as error:
            raise Malformed("the form is not UTF-8") from error
        return dict(parse_qsl(text, keep_blank_values=True))

    def json(self) -> Any:
        """The parsed JSON body. Raises Malformed."""
        try:
            parsed = json.loads(self.body)
            if b"\\u" in self.body:
                json.dumps(parsed, ensure_ascii=False).encode()  # half a surrogate pair is no text
            return parsed
        except (ValueError, RecursionError) as error:
            raise Malformed("the body is not JSON") from error

    def parts(self) -> list[Part]:
        """The parts of a multipart/form-data body. Raises Malformed."""
        for item in self.headers.get("content-type", "").split(";")[1:]:
            key, _, value = item.strip().partition("=")
            if key.lower() == "boundary" and value:
                return _split_parts(self.body, value.strip('"').encode())
        raise Malformed("multipart without a boundary")


@dataclass(slots=True)
class Response:
    """`decision` says in the journal what was done; `account` whom it concerned."""

    status: int
    body: bytes = b""
    headers: list[tuple[str, str]] = field(default_factory=list)
    decision: str = ""
    account: str = ""

    def header(self, name: str, value: str) -> None:
        """Set `name`, replacing what was there."""
        self.headers = [h for h in self.headers if h[0].lower() != name.lower()]
        self.headers.append((name, value))

    def head(self, length: int | None = None) -> bytes:
        """Status line and headers. `length` overrides the honest Content-Length."""
        phrase = HTTPStatus(self.status).phrase if self.status in _KNOWN else "Unknown"
        lines = [f"HTTP/1.1 {self.status} {phrase}"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        lines.append(f"Content-Length: {len(self.body) if length is None else length}")
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")


_KNOWN = {int(s) for s in HTTPStatus}


def reply(
    status: int,
    payload: object,
    *,
    decision: str = "",
    kind: str = "application/json; charset=utf-8",
) -> Response:
    """An answer in JSON."""
    body = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
    return Response(status, body, [("Content-Type", kind)], decision)


def read_head(stream: BinaryIO) -> Request | None:
    """The request line and headers, or None when the client hung up. Raises Malformed."""
    line = stream.readline(MAX_LINE)
    if not line:
        return None
    words = line.split()
    if len(words) != 3 or not words[2].startswith(b"HTTP/1."):
        raise Malformed("no request line")
    headers: dict[str, str] = {}
    for _ in range(MAX_HEADERS):
        line = stream.readline(MAX_LINE).strip(b"\r\n")
        if not line:
            break
        name, colon, value = line.decode("latin-1").partition(":")
        if not colon:
            raise Malformed("a header without a colon")
        headers[name.strip().lower()] = value.strip()
    else:
        raise Malformed("too many headers")
    try:
        return Request(words[0].decode("ascii").upper(), words[1].decode("latin-1"), headers)
    except ValueError as error:
        raise Malformed("no readable target") from error


def read_body(stream: BinaryIO, request: Request) -> bytes:
    """The body by Content-Length or chunked. Raises Malformed when it is cut short or too large."""
    if request.headers.get("transfer-encoding", "").lower() == "chunked":
        return b"".join(_chunks(stream))
    try:
        length = int(request.headers.get("content-length", "0"))
    except ValueError as error:
        raise Malformed("Content-Length is no number") from error
    if not 0 <= length <= MAX_BODY:
        raise Malformed("Content-Length out of bounds")
    body = stream.read(length) if length else b""
    if len(body) < length:
        raise Malformed("the body ended early")
    return body


def _chunks(stream: BinaryIO) -> Iterable[bytes]:
    total = 0
    while True:
        try:
            size = int(stream.readline(MAX_LINE).partition(b";")[0], 16)
        except ValueError as error:
            raise Malformed("a chunk without a size") from error
        total += size
        if size < 0 or total > MAX_BODY:
            raise Malformed("the body is too large")
        data = stream.read(size)
        stream.readline(MAX_LINE)
        if len(data) < size:
            raise Malformed("a chunk ended early")
        if size == 0:
            return
        yield data


def _split_parts(body: bytes, boundary: bytes) -> list[Part]:
    pieces = (b"\r\n" + body).split(b"\r\n--" + boundary)
    if len(pieces) < 2 or not pieces[-1].startswith(b"--"):
        raise Malformed("the multipart body is not closed")
    parts = []
    for piece in pieces[1:-1]:
        head, gap, content = piece.partition(b"\r\n\r\n")
        if not gap:
            raise Malformed("a part without headers")
        names = _disposition(head.decode("utf-8", "replace"))
        parts.append(Part(names.get("name", ""), names.get("filename", ""), content))
    return parts


def _disposition(head: str) -> dict[str, str]:
    for line in head.split("\r\n"):
        if line.lower().startswith("content-disposition:"):
            items = (item.strip().partition("=") for item in line.split(";")[1:])
            return {key.lower(): value.strip('"') for key, _, value in items}
    return {}
