"""From the time on somebody's wall to an instant, asking where the wall shows a time twice or never."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from flask_babel import gettext as _

from publisher.errors import Invalid

YEARS = range(1970, 2200)
"""The years in which anything can be planned."""


class ZoneProblem(Invalid):
    """The wall time does not exist or exists twice. `choices` are the instants that may have been meant."""

    def __init__(self, message: str, code: str, choices: list[datetime], zone: str) -> None:
        shown = [choice.astimezone(ZoneInfo(zone)).isoformat() for choice in choices]
        super().__init__(message, code=code, choices=shown)
        self.choices = choices


@lru_cache(maxsize=1)
def known() -> frozenset[str]:
    """The names of all zones. Looked up once: that walks through some thousand files."""
    return frozenset(available_timezones())


def zone_of(name: str) -> ZoneInfo:
    """The zone of that IANA name; raises Invalid for a name nobody knows."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown, malformed, or the name of a folder of zones
        raise Invalid(
            _("“%(name)s” is no time zone. Write one such as Asia/Seoul.", name=name),
            code="zone_unknown",
        ) from None


def resolve(day: date, at: time, zone: str, *, fold: int | None = None) -> datetime:
    """The UTC instant of a wall time. `fold` chooses the first (0) or second (1) of two.

    Raises ZoneProblem when clocks jump over that time, or show it twice and nobody said which; Invalid for a
    year outside of YEARS.
    """
    tz = zone_of(zone)
    _near(day)
    first = datetime.combine(day, at, tzinfo=tz).replace(fold=0)
    second = first.replace(fold=1)
    if first.utcoffset() == second.utcoffset():
        return first.astimezone(UTC)
    if first.astimezone(UTC).astimezone(tz).replace(tzinfo=None) != first.replace(tzinfo=None):
        gap = (first.utcoffset() or timedelta()) - (second.utcoffset() or timedelta())
        middle = first.astimezone(UTC)
        raise ZoneProblem(
            _(
                "Clocks jump over %(time)s on %(day)s in %(zone)s. Choose an earlier or a later time.",
                time=f"{at:%H:%M}",
                day=day,
                zone=zone,
            ),
            "time_missing",
            [middle + min(gap, -gap), middle],
            zone,
        )
    if fold is None:
        raise ZoneProblem(
            _(
                "Clocks show %(time)s twice on %(day)s in %(zone)s. Say which of the two you mean.",
                time=f"{at:%H:%M}",
                day=day,
                zone=zone,
            ),
            "time_twice",
            [first.astimezone(UTC), second.astimezone(UTC)],
            zone,
        )
    return (second if fold else first).astimezone(UTC)


def _near(day: date) -> None:
    if day.year not in YEARS:
        raise Invalid(
            _(
                "Choose a time between the years %(first)s and %(last)s.",
                first=YEARS[0],
                last=YEARS[-1],
            ),
            code="time_too_far",
        )


def parse_instant(text: str, zone: str = "") -> datetime:
    """An ISO 8601 time from a program: with an offset, or a wall time meant in `zone`.

    Raises Invalid when it is neither, ZoneProblem as `resolve` does.
    """
    try:
        given = datetime.fromisoformat(text)
    except ValueError:
        raise Invalid(
            _("“%(text)s” is no time. Write it like 2026-11-24T09:00:00+09:00.", text=text),
            code="time_unreadable",
        ) from None
    _near(given)
    if given.tzinfo is not None:
        return given.astimezone(UTC)
    if not zone:
        raise Invalid(
            _("“%(text)s” has no zone. Add an offset or a “tz”.", text=text), code="zone_missing"
        )
    return resolve(given.date(), given.time(), zone)


def wall(instant: datetime, zone: str) -> str:
    """The wall time of `instant` in `zone`, to the minute: 2026-11-24T09:00."""
    return instant.astimezone(zone_of(zone)).strftime("%Y-%m-%dT%H:%M")
