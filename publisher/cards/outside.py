"""Reading a page of strangers: from public machines alone, within seconds, and never more than is needed."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from channels.errors import Unavailable
from channels.http import Answer, Deadlines, Reading, Wire
from publisher.accounts import addresses
from publisher.cards import rules
from publisher.cards.rules import Said
from publisher.media import pictures
from publisher.media.pictures import Size

HOPS = 4
"""Addresses that are asked for one page: itself and three redirects."""
CONNECT_S, CALL_S, WHOLE_S = 3.0, 5.0, 12.0
"""Seconds to reach a machine, for one call, and for a page with its picture: nobody waits for it, but senders
take turns with this work."""
PAGE_BYTES, PICTURE_BYTES = 512 * 1024, 3 * 1024 * 1024
EDGE = 800

PAGE = Reading(addresses.is_public, frozenset({"text/html", "application/xhtml+xml"}), PAGE_BYTES)
PICTURE = Reading(
    addresses.is_public,
    frozenset({"image/jpeg", "image/png", "image/webp", "image/gif"}),
    PICTURE_BYTES,
)


@dataclass(frozen=True, slots=True)
class Looked:
    """What a page says, and its picture if it has one that we can read."""

    said: Said
    picture: Size | None = None


def look(url: str) -> Looked | None:
    """The page at `url`; None when it may not be asked, does not answer in time, or is no HTML."""
    until = time.monotonic() + WHOLE_S
    found = _follow(url, PAGE, until)
    if found is None:
        return None
    where, answer = found
    said = rules.read(rules.decoded(answer.body, answer.headers.get("content-type", "")))
    return Looked(said, _picture(_joined(where, said.image), until) if said.image else None)


def _picture(url: str, until: float) -> Size | None:
    found = _follow(url, PICTURE, until)
    if found is not None and len(found[1].body) < PICTURE_BYTES:
        with suppress(pictures.Unreadable, pictures.TooLarge):
            return pictures.small(found[1].body, EDGE)
    return None


def _follow(url: str, reading: Reading, until: float) -> tuple[str, Answer] | None:
    """The answer behind `url` and where it stood. Every hop is looked at as the first one was."""
    for _hop in range(HOPS):
        left = until - time.monotonic()
        if left <= 0 or not addresses.is_web(url):
            return None
        wire = Wire("page", limits=Deadlines(min(CONNECT_S, left), min(CALL_S, left)))
        try:
            answer = wire.read(url, reading)
        except Unavailable:
            return None
        if answer.status == 200:
            return (url, answer) if answer.body else None
        if answer.status not in {301, 302, 303, 307, 308}:
            return None
        url = _joined(url, answer.headers.get("location", ""))
    return None


def _joined(base: str, address: str) -> str:
    """`address` as seen from `base`, without its fragment; empty when it is none."""
    with suppress(ValueError):
        return urlsplit(urljoin(base, address))._replace(fragment="").geturl()
    return ""
