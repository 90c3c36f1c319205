"""What a line of the audit trail keeps beside its verb, in words that its reader understands."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from babel.dates import format_date, format_timedelta, get_day_names
from flask_babel import get_locale, gettext
from flask_babel import lazy_gettext as _l

from publisher.people.models import Event
from publisher.people.words import VERBS


@dataclass(frozen=True, slots=True)
class Reader:
    """How whoever reads sees moments, and what the accounts are called (by short name)."""

    moment: Callable[[datetime], str]
    accounts: Mapping[str, str] = field(default_factory=dict)


STATUSES = {
    "idea": _l("Idea"),
    "draft": _l("Draft"),
    "in_review": _l("In review"),
    "changes_requested": _l("Changes requested"),
    "approved": _l("Approved"),
    "scheduled": _l("Scheduled"),
    "sending": _l("On its way"),
    "published": _l("Published"),
    "failed": _l("Failed"),
    "missed": _l("Missed"),
    "unconfirmed": _l("Being checked"),
    "needs_attention": _l("Needs attention"),
    "cancelled": _l("Cancelled"),
    "taken_down": _l("Taken down"),
    "archived": _l("Archived"),
}
WORDS = {
    **STATUSES,
    "viewer": _l("Viewer"),
    "author": _l("Author"),
    "editor": _l("Editor"),
    "admin": _l("Administrator"),
    "sign_in": _l("signing in"),
    "invitation": _l("invitation"),
    "reset": _l("new password"),
    "read": _l("read"),
    "write": _l("write"),
    "review": _l("review"),
    "feeds": _l("feeds"),
    "full": _l("everything"),
    "titles": _l("titles only"),
    "busy": _l("busy times only"),
    "blog": _l("Blog"),
    "twitter": "X",
    "facebook": "Facebook",
}
"""Values that stand for something: statuses, roles, what a link is for, what a token may do, how much a feed
tells, channels."""


def _plain(value: Any, _reader: Reader) -> str:
    return str(value)


def _word(value: Any, _reader: Reader) -> str:
    return str(WORDS.get(str(value), value))


def _words(value: Any, reader: Reader) -> str:
    return ", ".join(_word(each, reader) for each in value)


def _account(value: Any, reader: Reader) -> str:
    return reader.accounts.get(str(value), str(value))


def _moment(value: Any, reader: Reader) -> str:
    """A moment, a day or a wall time, each as its reader writes it."""
    text = str(value)
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return text
    return reader.moment(at) if at.tzinfo else _day(at.date())


def _day(day: date) -> str:
    return str(format_date(day, "medium", locale=get_locale() or "ko"))


def _weekdays(value: Any, _reader: Reader) -> str:
    names = get_day_names("abbreviated", locale=get_locale() or "ko")
    return ", ".join(names[int(day)] for day in value)


def _lateness(value: Any, _reader: Reader) -> str:
    if value is None:
        return gettext("as usual on its channel")
    locale = get_locale() or "ko"
    return str(format_timedelta(timedelta(seconds=value), locale=locale))


def _size(value: Any, _reader: Reader) -> str:
    return str(len(value))


def _said(value: Any, _reader: Reader) -> str:
    """What a platform said, in the reader's language where it is known."""
    return gettext(str(value))


PHRASES: dict[str, tuple[Any, Callable[[Any, Reader], str]]] = {
    "account": ("%(value)s", _account),
    "as_of": (_l("copy of %(value)s"), _moment),
    "at": ("%(value)s", _moment),
    "category": (_l("category: %(value)s"), _plain),
    "count": (_l("browsers: %(value)s"), _plain),
    "delegate": (_l("stands in: %(value)s"), _plain),
    "detail": (_l("shows %(value)s"), _word),
    "doubted": (_l("being looked for: %(value)s"), _plain),
    "filename": ("%(value)s", _plain),
    "foreign": (_l("unknown to this copy: %(value)s"), _plain),
    "grace_s": (_l("how late it may go out: %(value)s"), _lateness),
    "kind": ("%(value)s", _word),
    "name": ("“%(value)s”", _plain),
    "needed": (_l("approvals needed: %(value)s"), _plain),
    "posts": (_l("posts: %(value)s"), _size),
    "problem": ("%(value)s", _said),
    "purpose": (_l("for: %(value)s"), _word),
    "restored": (_l("back to revision %(value)s"), _plain),
    "revision": (_l("revision %(value)s"), _plain),
    "role": (_l("as %(value)s"), _word),
    "scopes": (_l("may: %(value)s"), _words),
    "slug": ("%(value)s", _plain),
    "spacing_s": (_l("seconds between two posts: %(value)s"), _plain),
    "strikes": (_l("failures in a row: %(value)s"), _plain),
    "title": ("“%(value)s”", _plain),
    "to": (_l("to %(value)s"), _plain),
    "unplanned": (_l("taken off the plan: %(value)s"), _plain),
    "voided": (_l("no longer counts: the approval of %(value)s"), _words),
    "was": (_l("before: %(value)s"), _word),
    "weekdays": ("%(value)s", _weekdays),
    "word": (_l("word: %(value)s"), _plain),
    "zone": (_l("time zone: %(value)s"), _plain),
}
"""How each value is said. A change (`before`, `after`), days (`first`, `last`) and the flags below are said
otherwise."""

FLAGS = {
    "autosaved": _l("saved while writing"),
    "touched_up": _l("touched up while reviewing"),
    "own_touch_up": _l("touched up and approved by the same person"),
}
SILENT = {"post", "open"}
"""What says nothing to a reader, or is part of the verb."""
CHANGE, DAYS = {"before", "after"}, {"first", "last"}

NOTES = {
    "replaced": _l("replaced by a newer one"),
    "the database is an older copy": _l("the database is an older copy"),
    "absent in two complete readings": _l("not found on the platform, twice"),
    "its sender died before the wire": _l("its sender ended before anything was sent"),
    "cancelled before the wire": _l("cancelled before anything was sent"),
}
"""What the machine notes, by the words under which it is kept."""


def verb_of(event: Event) -> str:
    """What was done, in words."""
    if event.verb == "resolve" and event.detail.get("open"):
        return gettext("opened a comment again")
    return str(VERBS.get(event.verb, event.verb))


def details_of(event: Event, reader: Reader, *, without: Container[str] = ()) -> str:
    """What an event keeps beside its verb, on one line: "Author → Editor · Blog · revision 3"."""
    told = {
        name: value
        for name, value in event.detail.items()
        if value not in (None, "", [], 0) and name not in without
    }
    if event.verb == f"delivery.{told.get('was')}":
        told.pop("was")  # as it was when it was made, or moved to another time
    if told.get("autosaved") and "restored" not in told:
        told.pop("revision", None)  # one revision grows while one types
    parts = [_change(event, reader), _span(told)]
    parts += [str(words) for name, words in FLAGS.items() if told.get(name)]
    for name, value in told.items():
        if name in PHRASES:
            phrase, say = PHRASES[name]
            parts.append(str(phrase) % {"value": say(value, reader)})
        elif name not in {*CHANGE, *DAYS, *FLAGS, *SILENT}:
            parts.append(f"{name}: {value}")
    return " · ".join(part for part in parts if part)


def _change(event: Event, reader: Reader) -> str:
    if not event.detail.keys() >= CHANGE:
        return ""
    before, after = (
        _moment(_word(value, reader), reader) if value else "–"
        for value in (event.detail["before"], event.detail["after"])
    )
    return f"{before} → {after}" if before != after else ""


def _span(told: Mapping[str, Any]) -> str:
    if not told.keys() >= DAYS:
        return ""
    first, last = (_day(date.fromisoformat(told[name])) for name in ("first", "last"))
    return first if first == last else f"{first} – {last}"


def note_of(event: Event, reader: Reader) -> str:
    """What was said with it: a person's reason as they wrote it, the machine's in the reader's language."""
    note = event.note
    if note.startswith("due "):
        return gettext("for %(time)s", time=_moment(note.removeprefix("due "), reader))
    return str(NOTES.get(note, "")) or (gettext(note) if note and event.actor_id is None else note)
