"""The posts of a page, each as a card or a row of the list, kept drawn for as long as it looks the same.

An open calendar asks for its month anew every half minute, and hardly a post of it has changed. What a post
looks like is a value, and its template is imported without the page's context: it can show nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

from flask import get_template_attribute, url_for
from flask_babel import get_locale
from flask_babel import gettext as _
from markupsafe import Markup

from publisher.assets import asset
from publisher.calendar import rules
from publisher.calendar.board import View
from publisher.calendar.clashes import Clash
from publisher.calendar.service import CalendarEntry
from publisher.people.rules import Role

Shape = Literal["card", "row"]
KEPT = 4096
"""So many posts, of a kilobyte or two each: some crowded months, as their readers see them."""


@dataclass(frozen=True, slots=True)
class Look:
    """All that a post shows. `day` and `time` are as fields of forms hold them, and empty like `instant` for
    one without a time; a form sent to `move` takes it elsewhere, unless `locked` says why this reader cannot.
    """

    entry: CalendarEntry
    day: str
    time: str
    instant: str
    move: str
    locked: str
    clashes: tuple[Clash, ...]


def drawer(
    view: View, zone: ZoneInfo, clashes: Mapping[int, Sequence[Clash]]
) -> Callable[[Shape, CalendarEntry], Markup]:
    """What draws the posts of a page on the walls of `zone`, to be moved and then come back to `view`."""
    before, after = url_for("calendar.move", post_id=0, **view.carried()).rsplit("/0/", 1)
    language, icons = str(get_locale()), asset("icons.svg")

    def draw(shape: Shape, entry: CalendarEntry) -> Markup:
        wall = entry.at.astimezone(zone).isoformat() if entry.at else ""
        look = Look(
            entry=entry,
            day=wall[:10],
            time=wall[11:16],
            instant=rules.seen_of(entry.at) if entry.at else "",
            move=f"{before}/{entry.post_id}/{after}",
            locked="" if entry.movable else _why_locked(entry),
            clashes=tuple(clashes.get(entry.post_id, ())),
        )
        return _drawn(shape, look, language, icons)

    return draw


@lru_cache(KEPT)
def _drawn(shape: Shape, look: Look, _language: str, _icons: str) -> Markup:
    """The markup of a post, in the reader's language, with the icons of today's build."""
    macro: Callable[[Look], Markup] = get_template_attribute("calendar/_post.html", shape)
    return macro(look)


def _why_locked(entry: CalendarEntry) -> str:
    """Why this reader cannot move a post."""
    if not rules.may_move(entry.status, Role.ADMIN, opens=True):
        return _("This post is on its way, out or cancelled. It cannot be moved.")
    if not rules.may_move(entry.status, Role.EDITOR, opens=True) or entry.opens:
        return _("Only editors move approved posts.")
    return _("Only its authors and editors move this post.")
