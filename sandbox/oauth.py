"""OAuth 1.0a as X checks it: the signature is recomputed, the time is fresh, the nonce is new (RFC 5849)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import threading
import time
from collections import deque
from urllib.parse import unquote

from oauthlib.oauth1.rfc5849.signature import (
    base_string_uri,
    collect_parameters,
    normalize_parameters,
)
from oauthlib.oauth1.rfc5849.utils import escape

from sandbox.wire import Request

SKEW = 300
"""Seconds by which a client's clock may be wrong."""


class Refused(Exception):
    """Not signed as it must be; the reason goes to the journal only, as X does not tell it."""


def authorization(request: Request) -> dict[str, str]:
    """The oauth_* parameters of the Authorization header, unescaped; empty when there are none."""
    scheme, _, rest = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "oauth":
        return {}
    pairs = (item.strip().partition("=") for item in rest.split(","))
    return {unquote(k): unquote(v.strip('"')) for k, _, v in pairs if k}


class Verifier:
    """Remembers nonces for as long as their timestamps are fresh. Used by many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: set[tuple[str, str]] = set()
        self._order: deque[tuple[float, tuple[str, str]]] = deque()

    def verify(
        self, request: Request, oauth: dict[str, str], secrets: tuple[str, str], skew: float = 0.0
    ) -> None:
        """Raise Refused unless `request` is signed with `secrets` (consumer's, token's).

        `skew` is how far, in seconds, our clock pretends to be ahead of the client's.
        """
        if oauth.get("oauth_signature_method") != "HMAC-SHA1":
            raise Refused("signature method")
        if oauth.get("oauth_version", "1.0") != "1.0":
            raise Refused("version")
        stamp = oauth.get("oauth_timestamp", "")
        now = time.time() + skew
        if not stamp.isdigit() or abs(int(stamp) - now) > SKEW:
            raise Refused("timestamp out of bounds")
        expected = signature(request, *secrets)
        if not hmac.compare_digest(expected, oauth.get("oauth_signature", "").encode()):
            raise Refused("signature")
        self._use(oauth.get("oauth_token", ""), oauth.get("oauth_nonce", ""), now)

    def _use(self, token: str, nonce: str, now: float) -> None:
        if not nonce:
            raise Refused("no nonce")
        with self._lock:
            while self._order and self._order[0][0] < now - 2 * SKEW:
                self._seen.discard(self._order.popleft()[1])
            if (token, nonce) in self._seen:
                raise Refused("nonce used before")
            self._seen.add((token, nonce))
            self._order.append((now, (token, nonce)))


def signature(request: Request, consumer_secret: str, token_secret: str) -> bytes:
    """HMAC-SHA1 over method, address, query, oauth_* and, only if it is a form, the body."""
    form = request.content_type == "application/x-www-form-urlencoded"
    try:
        collected = collect_parameters(
            uri_query=request.raw_query,
            body=request.body.decode() if form else "",
            headers={"Authorization": request.headers["authorization"]},
        )
        uri = base_string_uri(f"http://{request.host}{request.target.partition('?')[0]}")
    except ValueError as error:
        raise Refused("unreadable parameters") from error
    parameters = normalize_parameters(collected)  # type: ignore[arg-type]  # its stub says dict
    base = "&".join(map(escape, (request.method, uri, parameters)))
    key = f"{escape(consumer_secret)}&{escape(token_secret)}"
    return base64.b64encode(hmac.new(key.encode(), base.encode(), hashlib.sha1).digest())
