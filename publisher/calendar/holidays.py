"""The public holidays of Korea: fixed and lunar ones, election days, and substitutes for those that are lost.

Sources: the Act on Public Holidays and the Regulations on Holidays of Public Offices (with Labor Day and
Constitution Day from 2026 on), the Public Official Election Act for election days, and for lunar dates the
yearly almanac of the Korea Astronomy and Space Science Institute. A day that the government adds at short
notice is not known here: a blackout date marks it. Pure.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from functools import lru_cache

from flask_babel import lazy_gettext as _l

DAY = timedelta(days=1)
SATURDAY, SUNDAY = 5, 6

NAMES = {
    "new_year": _l("New Year's Day"),
    "seollal": _l("Seollal"),
    "seollal_eve": _l("Seollal holiday"),
    "independence": _l("Independence Movement Day"),
    "labor": _l("Labor Day"),
    "children": _l("Children's Day"),
    "buddha": _l("Buddha's Birthday"),
    "memorial": _l("Memorial Day"),
    "constitution": _l("Constitution Day"),
    "liberation": _l("Liberation Day"),
    "chuseok": _l("Chuseok"),
    "chuseok_eve": _l("Chuseok holiday"),
    "foundation": _l("National Foundation Day"),
    "hangul": _l("Hangul Day"),
    "christmas": _l("Christmas Day"),
    "temporary": _l("Temporary holiday"),
    "election": _l("Election Day"),
    "substitute": _l("Substitute holiday"),
}

FIXED = {
    (1, 1): "new_year",
    (3, 1): "independence",
    (5, 5): "children",
    (6, 6): "memorial",
    (8, 15): "liberation",
    (10, 3): "foundation",
    (10, 9): "hangul",
    (12, 25): "christmas",
}
SINCE_2026 = {(5, 1): "labor", (7, 17): "constitution"}

LUNAR = {
    2025: ("01-29", "05-05", "10-06"),
    2026: ("02-17", "05-24", "09-25"),
    2027: ("02-07", "05-13", "09-15"),
    2028: ("01-27", "05-02", "10-03"),
    2029: ("02-13", "05-20", "09-22"),
    2030: ("02-03", "05-09", "09-12"),
}
"""Year → Seollal, Buddha's Birthday, Chuseok. Years that are not here have no holidays."""
YEARS = range(min(LUNAR), max(LUNAR) + 1)

ONCE = {
    "2025-01-27": "temporary",
    "2025-06-03": "election",
    "2026-06-03": "election",
    "2028-04-12": "election",
    "2030-03-27": "election",
    "2030-06-12": "election",
}

FAMILY = frozenset({"seollal", "seollal_eve", "chuseok", "chuseok_eve"})
"""Three days each, which are lost on a Sunday or to another holiday, but not on a Saturday."""
NEVER_MADE_GOOD = frozenset({"new_year", "memorial", "temporary", "election"})


def between(first: date, last: date) -> dict[date, str]:
    """Day → its name in the reader's language, for each public holiday from `first` to `last` (included)."""
    return {
        day: ", ".join(str(NAMES[name]) for name in names)
        for year in range(first.year, last.year + 1)
        for day, names in of_year(year).items()
        if first <= day <= last
    }


@lru_cache(maxsize=32)
def of_year(year: int) -> Mapping[date, tuple[str, ...]]:
    """Day → which of NAMES it is, by date; empty outside of YEARS."""
    if year not in YEARS:
        return {}
    known: dict[date, tuple[str, ...]] = defaultdict(tuple)
    for day, name in sorted(_proper(year)):
        known[day] += (name,)
    for day, names in list(known.items()):
        if _lost(day, names):
            known[_made_good(day, known)] = ("substitute",)
    return dict(sorted(known.items()))


def _proper(year: int) -> Iterator[tuple[date, str]]:
    fixed = FIXED | SINCE_2026 if year >= 2026 else FIXED
    for (month, day), name in fixed.items():
        yield date(year, month, day), name
    seollal, buddha, chuseok = (date.fromisoformat(f"{year}-{day}") for day in LUNAR[year])
    yield buddha, "buddha"
    for middle, name in ((seollal, "seollal"), (chuseok, "chuseok")):
        yield from ((middle - DAY, f"{name}_eve"), (middle, name), (middle + DAY, f"{name}_eve"))
    for text, name in ONCE.items():
        if text.startswith(str(year)):
            yield date.fromisoformat(text), name


def _lost(day: date, names: tuple[str, ...]) -> bool:
    """Whether the day would have been free anyway, so that another is."""
    if set(names) <= NEVER_MADE_GOOD:
        return False
    if len(names) > 1 or day.weekday() == SUNDAY:
        return True
    return day.weekday() == SATURDAY and not set(names) & FAMILY


def _made_good(day: date, known: Mapping[date, tuple[str, ...]]) -> date:
    """The first day after it that is neither a holiday, its family's others included, nor a weekend."""
    found = day + DAY
    while found in known or found.weekday() >= SATURDAY:
        found += DAY
    return found
