"""The main navigation: where one can go, offered to those who may go there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import current_app, request
from flask_babel import lazy_gettext as _l

from publisher.people.rules import ANYONE, Role, at_least


@dataclass(frozen=True, slots=True)
class Place:
    """One entry. `also` are beginnings of endpoints that belong to it besides its own."""

    endpoint: str
    label: Any
    icon: str
    also: tuple[str, ...] = ()


PLACES = (
    Place("today.index", _l("Today"), "house", ("today.",)),
    Place("calendar.index", _l("Calendar"), "calendar3", ("calendar.",)),
    Place("stories.index", _l("Stories"), "journals", ("stories.", "deliveries.")),
    Place("stories.review", _l("Review"), "eye", ("stories.away",)),
    Place("deliveries.attention", _l("Attention"), "exclamation-triangle"),
    Place("media.library", _l("Images"), "images", ("media.",)),
    Place("feeds.index", _l("Feeds"), "rss", ("feeds.",)),
    Place("accounts.index", _l("Accounts"), "broadcast", ("accounts.",)),
    Place(
        "settings.index",
        _l("Settings"),
        "gear",
        (
            *("people.", "stories.categor", "stories.approval_rule"),
            *("calendar.times", "notices.choose"),
        ),
    ),
)


def for_role(role: str, counts: Callable[[str], int]) -> list[dict[str, Any]]:
    """The places that `role` may open, each with its number of things that wait there."""
    access: dict[str, str] = current_app.extensions["access"]
    open_to = [
        place
        for place in PLACES
        if (needed := access.get(place.endpoint)) == ANYONE
        or (needed is not None and at_least(role, Role(needed)))
    ]
    here = _present(open_to)
    return [
        {
            "endpoint": place.endpoint,
            "label": place.label,
            "icon": place.icon,
            "active": place is here,
            "count": counts(place.endpoint),
        }
        for place in open_to
    ]


def _present(places: list[Place]) -> Place | None:
    """The place that the shown page belongs to: the longest match wins."""
    endpoint = request.endpoint or ""
    matches = [
        (len(name), place)
        for place in places
        for name in (place.endpoint, *place.also)
        if endpoint.startswith(name)
    ]
    return max(matches, key=lambda match: match[0])[1] if matches else None
