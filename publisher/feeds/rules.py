"""What a subscriber's calendar is told: levels of detail, states, the window of time, validators. Pure."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum


class Detail(StrEnum):
    """How much of a post a feed tells."""

    FULL = "full"
    TITLES = "titles"
    BUSY = "busy"


PAST = timedelta(days=90)
FUTURE = timedelta(days=365)
CANCELLED_STAYS = timedelta(days=14)
MAX_EVENTS = 10_000
NOTED_EVERY = timedelta(minutes=1)
UNWANTED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")

TENTATIVE = frozenset({"idea", "draft", "in_review", "changes_requested"})
CANCELLED = frozenset({"cancelled", "taken_down"})


@dataclass(frozen=True, slots=True)
class Window:
    """The time a feed covers; the same for a whole UTC day, so that its validators are too."""

    day: datetime
    start: datetime
    end: datetime
    cancelled_since: datetime


def window(now: datetime) -> Window:
    """The window of the day that `now` lies in."""
    day = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return Window(day, day - PAST, day + FUTURE, day - CANCELLED_STAYS)


def state(status: str) -> str:
    """The one of iCalendar's three states that a shown status is."""
    if status in CANCELLED:
        return "CANCELLED"
    return "TENTATIVE" if status in TENTATIVE else "CONFIRMED"


def level(detail: str, *, opens: bool) -> Detail:
    """What one event tells: who may not open a story learns its title, never its text."""
    return Detail.TITLES if detail == Detail.FULL and not opens else Detail(detail)


def clean(text: str) -> str:
    """`text` in NFC with LF line ends, without control characters and lone surrogates."""
    unified = text.replace("\r\n", "\n").replace("\r", "\n")
    return unicodedata.normalize("NFC", UNWANTED.sub("", unified))


def one_line(text: str) -> str:
    """`text` cleaned, in one line."""
    return " ".join(clean(text).split())


def tag(*parts: object) -> str:
    """A validator for what these parts decide."""
    return hashlib.sha256("\x1f".join(map(str, parts)).encode()).hexdigest()[:32]


CLIENTS: Sequence[tuple[str, str]] = (
    ("google-calendar", "Google Calendar"),
    ("googlebot", "Google"),
    ("outlook", "Outlook"),
    ("microsoft", "Outlook"),
    ("exchange", "Outlook"),
    ("thunderbird", "Thunderbird"),
    ("dataaccessd", "Apple Calendar"),
    ("calendaragent", "Apple Calendar"),
    ("accountsd", "Apple Calendar"),
    ("evolution", "GNOME Calendar"),
    ("vdirsyncer", "vdirsyncer"),
    ("nextcloud", "Nextcloud"),
    ("home-assistant", "Home Assistant"),
    ("homeassistant", "Home Assistant"),
    ("icsx5", "ICSx⁵"),
    ("davx5", "DAVx⁵"),
    ("mozilla", "Browser"),
    ("curl", "curl"),
)
"""What a User-Agent contains, in lower case → the name people know. The first match counts."""


def client(agent: str) -> str:
    """The program behind a User-Agent, by the name people know; its first word when unknown."""
    found = next((name for part, name in CLIENTS if part in agent.lower()), "")
    return found or re.split("[/ ]", agent, maxsplit=1)[0][:40]
