"""The audit trail's pages: the trail with its filters, and the same as a table for a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, render_template, request, stream_with_context
from flask_babel import force_locale, get_locale
from flask_babel import gettext as _

from publisher import clock, web
from publisher.accounts import service as accounts
from publisher.people import audit, service
from publisher.people.audit import Filters
from publisher.people.details import Reader, details_of, note_of, verb_of
from publisher.people.models import Event
from publisher.people.rules import Role
from publisher.people.tables import BOM, line
from publisher.people.words import SUBJECTS, VERBS
from publisher.zones import YEARS

ACCESS: dict[str, str] = {"audit_trail": Role.ADMIN, "audit_table": Role.ADMIN}

PER_PAGE = 50
FILTERS = ("person", "verb", "about", "story", "since", "until")


def add_to(blueprint: Blueprint) -> None:
    """Put these pages on the blueprint of people."""
    blueprint.add_url_rule("/admin/audit", view_func=audit_trail)
    blueprint.add_url_rule("/admin/audit.csv", view_func=audit_table)


def audit_trail() -> str:
    filters, people = _filters(), service.everyone()
    before = request.args.get("before", type=web.number)
    found = audit.events(filters, before=before, most=PER_PAGE + 1)
    return render_template(
        "people/audit.html",
        events=found[:PER_PAGE],
        more=len(found) > PER_PAGE,
        before=before,
        chosen={name: request.args[name] for name in FILTERS if request.args.get(name)},
        filters=filters,
        machine=audit.MACHINE,
        people=people,
        accounts=accounts.all_accounts(),
        names={user.id: user.name for user in people},
        account_of={account.id: account for account in accounts.all_accounts()},
        verbs=sorted(((verb, str(name)) for verb, name in VERBS.items()), key=lambda v: v[1]),
        subjects=SUBJECTS,
        verb_of=verb_of,
        details_of=details_of,
        note_of=note_of,
        reader=_reader(),
    )


def _reader() -> Reader:
    moment = partial(web.local_time, pattern=_("d MMM y, HH:mm"), zone=web.my_zone().key)
    return Reader(moment, {each.slug: each.label for each in accounts.all_accounts()})


def _filters() -> Filters:
    """The filters in the address. What makes no sense filters nothing."""
    subject, _separator, number = request.args.get("about", "").partition(":")
    known = subject in {"account", "user"} and number.isascii() and number.isdigit()
    zone = web.my_zone()
    until = _day(request.args.get("until", ""))
    return Filters(
        person_id=request.args.get("person", type=web.number),
        verb=request.args.get("verb", "")[:60],
        subject=subject if known else "",
        subject_id=min(int(number[:10]), web.LARGEST) if known else None,
        story_id=request.args.get("story", type=web.number),
        since=_midnight(_day(request.args.get("since", "")), zone),
        until=_midnight(until + timedelta(days=1) if until else None, zone),
    )


def _day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if found.year in YEARS else None


def _midnight(day: date | None, zone: ZoneInfo) -> datetime | None:
    return datetime.combine(day, time(), zone).astimezone(UTC) if day else None


def audit_table() -> Response:
    """The filtered trail as CSV, newest first, written while it is read: however long it is."""
    name = f"audit-{clock.now().astimezone(web.my_zone()):%Y-%m-%d}.csv"
    rows = stream_with_context(_table(_filters(), _reader(), web.my_zone(), str(get_locale())))
    answer = Response(rows, mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _table(filters: Filters, reader: Reader, zone: ZoneInfo, language: str) -> Iterator[str]:
    yield BOM + line(_HEAD)
    for batch in audit.batches(filters):
        with force_locale(language):  # asking whose page it is would begin a transaction
            text = "".join(line(_row(event, reader, zone)) for event in batch)
        yield text


_HEAD = (
    *("time", "person", "person_id", "action", "action_code"),
    *("subject", "subject_id", "story_id", "note", "details"),
)


def _row(event: Event, reader: Reader, zone: ZoneInfo) -> tuple[Any, ...]:
    return (
        event.at.astimezone(zone).isoformat(timespec="seconds"),
        event.actor_name,
        event.actor_id,
        verb_of(event),
        event.verb,
        str(SUBJECTS.get(event.subject, event.subject)),
        event.subject_id,
        event.story_id,
        note_of(event, reader),
        details_of(event, reader),
    )
