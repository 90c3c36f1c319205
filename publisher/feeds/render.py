"""Calendar bytes: RFC 5545 by the `icalendar` package, and around it what that package leaves to us.

Everything here is a pure function of its arguments, so two renderings of one thing are equal to the byte. No
calendar UID and no METHOD: subscribers take the first for the only event, and the second for an invitation.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from types import MappingProxyType

from flask_babel import force_locale
from flask_babel import gettext as _
from icalendar import Calendar, Component, Event, Timezone, TimezoneStandard
from icalendar.prop import vCategory, vText

from publisher.feeds.rules import CANCELLED, Detail, one_line, state
from publisher.stories import links

LAYOUT = 2
"""Raise this with every change to what an event's bytes look like."""

LENGTH = timedelta(minutes=15)
EXCERPT = 280
READ = 2000
"""How much of a text is read to make an excerpt of it."""
OCTETS = 75
END = b"END:VCALENDAR\r\n"


@dataclass(frozen=True, slots=True)
class Told:
    """All that an event can tell of a post. `text` is empty where no reviewed words exist."""

    post_id: int
    uid: str
    sequence: int
    status: str
    at: datetime
    created_at: datetime
    changed_at: datetime
    title: str
    account: str
    author: str
    text: str
    address: str
    campaign: str
    path: str


class Text(vText):
    """TEXT escaped as RFC 5545 3.3.11 says. The package takes a typed backslash and N for a line break."""

    def to_ical(self) -> bytes:
        return (
            self.replace("\\", "\\\\")
            .replace(";", "\\;")
            .replace(",", "\\,")
            .replace("\n", "\\n")
            .encode()
        )


def excerpt(text: str, most: int = EXCERPT) -> str:
    """The beginning of a post's text in one paragraph, its link places taken out."""
    words = one_line(links.render(text, lambda _reference: None))
    return words if len(words) <= most else words[: most - 1].rstrip() + "…"


def template(base_url: str) -> int:
    """A number for everything besides the post that shapes an event: the layout and our own address."""
    return zlib.crc32(f"{LAYOUT} {base_url}".encode()) & 0x7FFFFFFF


def event(told: Told, detail: Detail, language: str, base_url: str, host: str) -> bytes:
    """One VEVENT. All times in UTC: nothing recurs, so a zone would add nothing but bugs of clients."""
    summary, description, categories = _words(told, detail, wording(language), base_url)
    found = Event()
    found.add("UID", f"{told.uid}@{host}")
    for name in ("DTSTAMP", "LAST-MODIFIED"):
        found.add(name, told.changed_at.replace(microsecond=0))
    found.add("CREATED", told.created_at.replace(microsecond=0))
    found.add("SEQUENCE", told.sequence)
    start = told.at.replace(microsecond=0)
    found.add("DTSTART", start)
    found.add("DTEND", start + LENGTH)
    found.add("STATUS", state(told.status))
    found.add("TRANSP", "TRANSPARENT")
    found.add("X-MICROSOFT-CDO-BUSYSTATUS", "FREE")
    found.add("SUMMARY", Text(summary))
    if description:
        found.add("DESCRIPTION", Text(description))
    if detail is not Detail.BUSY:
        found.add("URL", base_url + told.path)
    if categories:
        found.add("CATEGORIES", _categories(categories))
    return _bytes(found)


def _words(
    told: Told, detail: Detail, words: Mapping[str, str], base_url: str
) -> tuple[str, str, list[str]]:
    """Summary, description and categories, as far as `detail` goes."""
    account = one_line(told.account)
    summary = words["busy"] if detail is Detail.BUSY else f"[{account}] {one_line(told.title)}"
    if told.status in CANCELLED:
        summary = words["cancelled_summary"] + summary
    if detail is Detail.BUSY:
        return summary, "", []
    if detail is Detail.TITLES:
        return summary, "", [account]
    status = words[told.status]
    lines = [
        f"{words['status']}: {status}",
        f"{words['channel']}: {account}",
        f"{words['author']}: {one_line(told.author)}",
    ]
    campaign = one_line(told.campaign)
    if campaign:
        lines.append(f"{words['campaign']}: {campaign}")
    if told.address:
        lines.append(f"{words['address']}: {told.address}")
    paragraphs = ["\n".join(lines), excerpt(told.text), base_url + told.path]
    categories = [account, *([campaign] if campaign else []), status]
    return summary, "\n\n".join(part for part in paragraphs if part), categories


def _categories(names: Iterable[str]) -> vCategory:
    found = vCategory([])
    found.cats = [Text(name) for name in names]
    return found


@lru_cache(maxsize=8)
def wording(language: str) -> Mapping[str, str]:
    """The fixed words of a feed, and the names of all shown statuses, in `language`. Needs an app context."""
    with force_locale(language):
        return MappingProxyType(
            {
                "busy": _("Planned post"),
                "cancelled_summary": _("Cancelled:") + " ",
                "status": _("Status"),
                "channel": _("Channel"),
                "author": _("Author"),
                "campaign": _("Campaign"),
                "address": _("Address"),
                "about": _("Planned and published posts"),
                "idea": _("Idea"),
                "draft": _("Draft"),
                "in_review": _("In review"),
                "changes_requested": _("Changes requested"),
                "approved": _("Approved"),
                "scheduled": _("Scheduled"),
                "waiting": _("Waiting"),
                "sending": _("On its way"),
                "published": _("Published"),
                "partly_published": _("Partly published"),
                "failed": _("Failed"),
                "missed": _("Missed"),
                "unconfirmed": _("Being checked"),
                "needs_attention": _("Needs attention"),
                "taken_down": _("Taken down"),
                "cancelled": _("Cancelled"),
            }
        )


@lru_cache(maxsize=256)
def head(name: str, language: str, zone: str, site: str, base_url: str) -> bytes:
    """The calendar's own lines, as far as its first component."""
    title, about = (
        Text(one_line(words)) for words in (name, f"{site} – {wording(language)['about']}")
    )
    found = Calendar()
    found.add("VERSION", "2.0")
    found.add("PRODID", f"-//Publisher//Editorial calendar//{language.upper()}")
    found.add("CALSCALE", "GREGORIAN")
    found.add("NAME", title)
    found.add("X-WR-CALNAME", title)
    found.add("DESCRIPTION", about)
    found.add("X-WR-CALDESC", about)
    found.add("X-WR-TIMEZONE", zone)
    found.add("COLOR", "royalblue")
    found.add("X-APPLE-CALENDAR-COLOR", "#4169E1")
    found.add("URL", f"{base_url}/calendar")
    found.add("REFRESH-INTERVAL", timedelta(hours=1), parameters={"VALUE": "DURATION"})
    found.add("X-PUBLISHED-TTL", "PT1H")
    return _bytes(found).removesuffix(END)


def whole(head: bytes, events: list[bytes]) -> bytes:
    """A calendar of these events. An empty one holds a time zone, since it must hold something."""
    return b"".join((head, *(events or [_nothing()]), END))


@lru_cache(maxsize=1)
def _nothing() -> bytes:
    seoul, standard = Timezone(), TimezoneStandard()
    seoul.add("TZID", "Asia/Seoul")
    standard.add("DTSTART", datetime(1988, 10, 9, 3))  # noqa: DTZ001 - a zone's own wall time
    standard.add("TZOFFSETFROM", timedelta(hours=9))
    standard.add("TZOFFSETTO", timedelta(hours=9))
    standard.add("TZNAME", "KST")
    seoul.add_component(standard)
    return _bytes(seoul)


def _bytes(component: Component) -> bytes:
    """The component's lines in the order they were added."""
    return b"".join(fold(line) for line in component.content_lines(sorted=False) if line)


def fold(line: str) -> bytes:
    """One content line with its CRLF, folded after at most 75 octets and never inside a character.

    As the package does it, but by slices of bytes: its own loop over characters takes half of all rendering.
    """
    left = line.encode()
    pieces = []
    room = OCTETS
    while len(left) > room:
        cut = room
        while left[cut] & 0xC0 == 0x80:
            cut -= 1
        pieces.append(left[:cut])
        left = left[cut:]
        room = OCTETS - 1
    pieces.append(left)
    return b"\r\n ".join(pieces) + b"\r\n"
