"""Who may do what, and what names, addresses and passwords may look like. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container, Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from ipaddress import IPv4Address, ip_address, ip_network
from itertools import count


class Role(StrEnum):
    """What a person is here, from the least to the most."""

    VIEWER = "viewer"
    AUTHOR = "author"
    EDITOR = "editor"
    ADMIN = "admin"


RANK = {role: rank for rank, role in enumerate(Role)}

ANYONE = "anyone"
"""Access level of pages that need no sign-in."""


def at_least(role: Role | str, needed: Role | str) -> bool:
    """Whether `role` is `needed` or more."""
    return RANK[Role(role)] >= RANK[Role(needed)]


class Scope(StrEnum):
    """What an API token may be used for; the person's role still applies on top."""

    READ = "read"
    WRITE = "write"
    REVIEW = "review"
    FEEDS = "feeds"


def may_see_story(
    role: Role | str, actor_id: int, owner_id: int, author_ids: Iterable[int]
) -> bool:
    """Editors see everything; authors their own and shared drafts. The calendar shows everyone a story's
    title and time, this is about opening it."""
    return at_least(role, Role.EDITOR) or actor_id == owner_id or actor_id in set(author_ids)


def may_edit_story(
    role: Role | str, actor_id: int, owner_id: int, author_ids: Iterable[int]
) -> bool:
    """Viewers edit nothing; authors what they own or share; editors everything."""
    return at_least(role, Role.AUTHOR) and may_see_story(role, actor_id, owner_id, author_ids)


def may_approve(
    role: Role | str, actor_id: int, writer_ids: Iterable[int], *, allow_self: bool
) -> bool:
    """Editors approve what they did not write; an installation may allow one's own."""
    return at_least(role, Role.EDITOR) and (allow_self or actor_id not in set(writer_ids))


class Purpose(StrEnum):
    """What a one-time link is for."""

    SIGN_IN = "sign_in"
    INVITATION = "invitation"
    RESET = "reset"


LINK_LIFETIME = {
    Purpose.SIGN_IN: timedelta(minutes=15),
    Purpose.INVITATION: timedelta(days=7),
    Purpose.RESET: timedelta(hours=2),
}

LANGUAGES = ("ko", "en")
THEMES = ("auto", "light", "dark")

PASSWORD_MIN = 10
PASSWORD_MAX = 200

_EMAIL = re.compile(r"[^\s@,;<>\"()]+@(localhost|[^\s@.,;<>\"()]+(\.[^\s@.,;<>\"()]+)+)")


def email_of(text: str) -> str:
    """The address as we keep it (trimmed, NFC, lower case); empty when `text` is none."""
    email = unicodedata.normalize("NFC", text).strip().lower()
    fits = len(email) <= 254 and email.isprintable() and _EMAIL.fullmatch(email)
    return email if fits else ""


def name_of(text: str) -> str:
    """A person's name as we keep it: NFC, single spaces, nothing invisible; empty when none is left."""
    shown = "".join(c if c.isprintable() else " " for c in unicodedata.normalize("NFC", text))
    return " ".join(shown.split())[:100]


def slug_of(name: str, taken: Container[str]) -> str:
    """The name as part of an address (Hangul stays), with a number where somebody else already has it."""
    words = re.sub(r"[\W_]+", "-", name.lower()).strip("-")[:70].rstrip("-") or "person"
    return next(
        slug for n in count(1) if (slug := words if n == 1 else f"{words}-{n}") not in taken
    )


def password_problem(password: str, *personal: str) -> str:
    """Why a password will not do: short, long, personal; empty when it will.

    Length is what counts (NIST SP 800-63B); an address or name alone is what is tried first.
    """
    if len(password) < PASSWORD_MIN:
        return "short"
    if len(password) > PASSWORD_MAX:
        return "long"
    plain = password.strip().lower()
    known = {part.lower() for text in personal for part in (text, text.split("@")[0])}
    return "personal" if plain in known or len(set(plain)) < 4 else ""


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `tries` within `window`."""

    tries: int
    window: timedelta


def place_of(address: str) -> str:
    """What counts as one place for an IP address: itself, or the /64 that one household or machine has."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if isinstance(found, IPv4Address):
        return str(found)
    return str(found.ipv4_mapped or ip_network((found, 64), strict=False))


SIGN_IN_PAIR = Limit(5, timedelta(minutes=10))
SIGN_IN_PLACE = Limit(30, timedelta(minutes=10))
LINK_PAIR = Limit(3, timedelta(minutes=15))
LINK_PLACE = Limit(12, timedelta(minutes=15))
