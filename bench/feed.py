"""A feed of 10,000 events: nothing rendered yet, all rendered, nothing changed; beside two plain writers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlsplit

from flask.testing import FlaskClient
from icalendar import STATUS, Calendar, Event
from sqlalchemy import delete

from bench import data, rig
from publisher import clock
from publisher.extensions import db
from publisher.feeds import service as feeds
from publisher.feeds.models import RenderedEvent
from publisher.storage import writing

ESCAPES = str.maketrans({"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n"})
Row = tuple[str, date, str, str, str]


def measure(quick: bool) -> dict[str, Any]:
    """Server time by Flask's test client: routing, token, permission, validator and body; no socket."""
    events, times = (300, 3) if quick else (10_000, 9)
    with rig.house() as house:
        owner = data.blog()
        begin = clock.now() - timedelta(days=80)
        dues = [begin + timedelta(hours=n * 10_000 / events) for n in range(events)]
        data.schedule(house, [owner], data.articles(events), dues)
        _feed, url = feeds.make(house.author, "Bench", detail="full", language="ko")
        client, path = house.app.test_client(), urlsplit(url).path
        cold = [_cold(client, path) for _ in range(1 if quick else 3)]
        whole = client.get(path)
        headers = {"If-None-Match": whole.headers["ETag"]}
        warm = rig.median_ms(lambda: client.get(path), times)
        packed = rig.median_ms(lambda: client.get(path, headers={"Accept-Encoding": "gzip"}), times)
        busy = rig.median_ms(lambda: client.get(path, headers=headers), 10 * times)
        data.quieten()
        headers = {"If-None-Match": client.get(path).headers["ETag"]}
        unchanged = rig.median_ms(lambda: client.get(path, headers=headers), 10 * times)
        status = client.get(path, headers=headers).status_code
    found = whole.data.count(b"BEGIN:VEVENT")
    if (found, status) != (events, 304):
        raise RuntimeError(f"{found} events, status {status}")
    rows = rows_of(whole.data)
    return {
        "n": events,
        "bytes": len(whole.data),
        "cold_ms": round(sorted(cold)[len(cold) // 2], 1),
        "warm_ms": warm,
        "warm_gzip_ms": packed,
        "not_modified_ms": unchanged,
        "not_modified_within_a_minute_of_a_change_ms": busy,
        "what": "server time by Flask's test client, medians",
        "aim": "not_modified_ms < 5",
        "baseline": {
            "plain_writer_ms": round(rig.median_ms(lambda: plain(rows), 3), 1),
            "icalendar_alone_ms": round(rig.median_ms(lambda: by_package(rows), 1), 1),
        },
    }


def _cold(client: FlaskClient, path: str) -> float:
    """One fetch with nothing rendered. Each row's bytes are made by `icalendar` and kept."""
    with writing() as session:
        session.execute(delete(RenderedEvent))
    db.session.remove()
    return rig.timed(lambda: client.get(path))


# ---- Without a product around it ----


def rows_of(calendar: bytes) -> list[Row]:
    """What the feed's events say, for the baselines: uid, start, summary, description, address."""
    return [
        (
            str(event["UID"]),
            event.start,
            str(event["SUMMARY"]),
            str(event["DESCRIPTION"]),
            str(event["URL"]),
        )
        for event in Calendar.from_ical(calendar).events
    ]


def plain(rows: Sequence[Row]) -> bytes:
    """The same events by string formatting: escape, fold, join."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//bench//plain//EN"]
    for uid, start, summary, description, url in rows:
        lines += [
            "BEGIN:VEVENT",
            f"UID:{uid}",
            f"DTSTAMP:{start:%Y%m%dT%H%M%SZ}",
            f"DTSTART:{start:%Y%m%dT%H%M%SZ}",
            f"DTEND:{start + timedelta(minutes=15):%Y%m%dT%H%M%SZ}",
            "SEQUENCE:0",
            "STATUS:CONFIRMED",
            f"SUMMARY:{summary.translate(ESCAPES)}",
            f"DESCRIPTION:{description.translate(ESCAPES)}",
            f"URL:{url}",
            "END:VEVENT",
        ]
    lines.append("END:VCALENDAR")
    return b"".join(map(folded, lines))


def folded(line: str) -> bytes:
    """A content line in pieces of at most 75 octets, none of which cuts a character."""
    left, pieces = line.encode(), []
    while len(left) > 75:
        cut = 74
        while left[cut] & 0xC0 == 0x80:
            cut -= 1
        pieces.append(left[:cut])
        left = left[cut:]
    pieces.append(left)
    return b"\r\n ".join(pieces) + b"\r\n"


def by_package(rows: Sequence[Row]) -> bytes:
    """The same events by `icalendar` as its documentation shows it."""
    calendar = Calendar.new(prodid="-//bench//icalendar//EN")
    for uid, start, summary, description, url in rows:
        event = Event.new(
            uid=uid,
            stamp=start,
            start=start,
            end=start + timedelta(minutes=15),
            summary=summary,
            description=description,
            url=url,
            sequence=0,
            status=STATUS.CONFIRMED,
        )
        calendar.add_component(event)
    return calendar.to_ical()
