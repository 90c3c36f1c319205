"""Today: the page one lands on. Its parts keep themselves fresh while somebody looks."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import format_date, get_locale
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from publisher import clock
from publisher.calendar import rules as calendar
from publisher.deliveries.views import sentence
from publisher.errors import DomainError
from publisher.people.rules import Role
from publisher.refresh import fragment
from publisher.today import first, service
from publisher.today.rules import days_of
from publisher.web import me, my_zone, safe_path

blueprint = Blueprint("today", __name__)

ACCESS: dict[str, str] = {
    "index": Role.VIEWER,
    "part": Role.VIEWER,
    "shell": Role.VIEWER,
    "take_sandbox": Role.ADMIN,
}


@blueprint.get("/")
def index() -> str:
    return render_template("today/index.html", **_facts())


@blueprint.get("/today/part")
def part() -> Response:
    """What of the page changes by itself."""
    return fragment(render_template("today/_today.html", **_facts()))


@blueprint.get("/today/shell")
def shell() -> Response:
    """What around every page changes by itself: the bell, the navigation's numbers, what is held. Its buttons
    lead back to the page it is asked for."""
    return fragment(render_template("_shell.html", here=safe_path(request.args.get("here", ""))))


@blueprint.post("/today/sandbox")
def take_sandbox() -> Response:
    try:
        first.take_sandbox(me())
    except DomainError as refused:
        flash(refused.message, "danger")
    else:
        flash(
            _("The sandbox is connected: a blog, X and Facebook. Nothing reaches a real platform."),
            "success",
        )
    return redirect(url_for("today.index"))


def _facts() -> dict[str, Any]:
    zone, now = my_zone(), clock.now()
    today = calendar.local_day(now, zone)
    week = calendar.week_of(today, calendar.FIRST_WEEKDAY.get(str(get_locale()), calendar.MONDAY))
    entries = service.week(me(), *calendar.span(*week, zone))
    return {
        "today": today,
        "steps": first.steps(me()),
        "desk": service.desk(me()),
        "days": days_of(week[0], entries, zone),
        "format_date": format_date,
        "sentence": sentence,
    }
