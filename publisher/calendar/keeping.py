"""Filters of the calendar that people keep under a name; removing one is the story list's verb."""

from __future__ import annotations

from flask import Blueprint, flash, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from publisher.calendar.board import View
from publisher.calendar.forms import Choices
from publisher.errors import Conflict, Invalid
from publisher.people.models import User
from publisher.people.rules import Role
from publisher.stories import filtering
from publisher.stories.models import StoryFilter
from publisher.web import back, me

ACCESS: dict[str, str] = {"keep_filter": Role.VIEWER}


def add_to(blueprint: Blueprint) -> None:
    """Put this verb on the blueprint of the calendar."""
    blueprint.add_url_rule("/calendar/filters", view_func=keep_filter, methods=["POST"])


def keep_filter() -> Response:
    try:
        name = request.form.get("name", "")
        kept = filtering.keep(me(), name, request.form, filtering.CALENDAR)
    except (Invalid, Conflict) as refused:
        flash(refused.message, "warning")
    else:
        flash(_("The filter “%(name)s” is kept.", name=kept.name), "success")
    return back(url_for(".index"))


def kept_by(user: User, view: View, offered: Choices) -> list[tuple[StoryFilter, str, bool]]:
    """Each filter that somebody kept, the address of `view` with it, and whether it is the one in use."""
    found = []
    for each in filtering.of(user, filtering.CALENDAR):
        filters, _lost = offered.known(filtering.arguments(each))
        address = url_for(view.endpoint, **view.only(filters))
        found.append((each, address, bool(filters) and filters == view.filters))
    return found
