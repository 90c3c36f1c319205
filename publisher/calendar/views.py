"""The month, the list, and moving a post: by dialog, drag or keys, all through one endpoint."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from babel.dates import get_day_names
from flask import (
    Blueprint,
    abort,
    flash,
    get_template_attribute,
    redirect,
    render_template,
    request,
    url_for,
)
from flask_babel import format_date, format_datetime, get_locale
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from publisher import clock, zones
from publisher.calendar import rules, service
from publisher.calendar.board import View, lay_out
from publisher.calendar.forms import MoveForm, choices
from publisher.calendar.rules import Filters
from publisher.calendar.service import CalendarEntry, Move
from publisher.errors import DomainError, Stale
from publisher.people.rules import Role, at_least
from publisher.stories import service as stories
from publisher.stories.models import Post
from publisher.web import back, me, my_zone, safe_path
from publisher.zones import ZoneProblem

Page = str | Response | tuple[str, int]

blueprint = Blueprint("calendar", __name__)

MONTH = {"ko": "y년 M월", "en": "MMMM y"}
WHEN = {"ko": "y년 M월 d일 (EEE) HH:mm", "en": "EEE, d MMM y, HH:mm"}

ACCESS: dict[str, str] = {
    "index": Role.VIEWER,
    "month": Role.VIEWER,
    "days": Role.VIEWER,
    "move": Role.AUTHOR,
    "move_dialog": Role.AUTHOR,
}


@blueprint.get("/calendar")
def index() -> Response:
    today = _today()
    return redirect(url_for("calendar.month", year=today.year, month=today.month))


@blueprint.get("/calendar/<int:year>/<int:month>")
def month(year: int, month: int) -> Page:
    if not rules.known_month(year, month):
        abort(404)
    return render_template("calendar/month.html", **_board(_month(year, month, _filters())))


@blueprint.get("/calendar/list")
def days() -> Page:
    view = View.days(_day("from") or _today(), _day("to"), _filters())
    return render_template("calendar/days.html", **_board(view))


@blueprint.get("/calendar/posts/<int:post_id>/move")
def move_dialog(post_id: int) -> Page:
    post = stories.get_post(me(), post_id)
    zone = post.planned_zone or my_zone().key
    return _dialog(post, MoveForm.showing(post.shown_at, zone, _day("day")))


@blueprint.post("/calendar/posts/<int:post_id>/move")
def move(post_id: int) -> Page:
    post = stories.get_post(me(), post_id)
    form = MoveForm().offer(my_zone().key)
    if not form.validate_on_submit():
        return _refused(post, form, _("Please choose a date and a time."), 422)
    try:
        done = service.move(me(), post, form.resolve(), form.zone.data, seen=form.seen.data)
    except ZoneProblem as problem:
        return _refused(post, form, problem.message, problem.status, problem.choices)
    except DomainError as refused:
        if isinstance(refused, Stale):
            form.seen.data = rules.seen_of(post.shown_at)
        return _refused(post, form, refused.message, refused.status)
    return _moved(done, form.zone.data)


# Answers


def _moved(done: Move, zone: str) -> Page:
    """Say what happened and offer the way back; a script gets the fresh calendar along with it."""
    view = _view()
    undo = None
    if done.undoable:
        undo = MoveForm.showing(done.before, zone)
        undo.seen.data = rules.seen_of(done.entry.at)
        undo.instant.data = rules.seen_of(done.before)
    sentence = _sentence(done, zone)
    told = get_template_attribute("calendar/_told.html", "moved")(sentence, done, undo, view)
    if _wants_fragment():
        return render_template(
            "calendar/_answer.html", told=told, category="success", **_board(view)
        )
    flash(told, "success")
    return back(url_for(view.endpoint, **view.values()))


def _sentence(done: Move, zone: str) -> str:
    values = {"title": done.entry.title, "when": _when(done.entry.at, zone)}
    if done.entry.status == "scheduled" and done.before is None:
        return _("Scheduled. %(title)s: %(when)s", **values)
    return _("Moved. %(title)s: %(when)s", **values)


def _refused(
    post: Post, form: MoveForm, sentence: str, status: int, choices: Sequence[datetime] = ()
) -> Page:
    """Say why not. A script gets the calendar as it is; a person the dialog, with all they typed."""
    if not _wants_fragment():
        return _dialog(post, form, sentence, choices), status
    dialog = url_for(".move_dialog", post_id=post.id, day=form.day.data, **_view().carried())
    told = get_template_attribute("calendar/_told.html", "refused")(
        sentence, dialog if choices else ""
    )
    board = _board(_view())
    return render_template("calendar/_answer.html", told=told, category="danger", **board), status


def _dialog(post: Post, form: MoveForm, problem: str = "", choices: Sequence[datetime] = ()) -> str:
    return render_template(
        "calendar/move.html",
        post=post,
        entry=service.entry_of(me(), post),
        form=form.offer(my_zone().key, post.planned_zone),
        problem=problem,
        choices=choices,
        view=_view(),
        next=safe_path(request.values.get("next", "")),
    )


def _board(view: View) -> dict[str, Any]:
    """Everything that the calendar's templates show of `view`."""
    zone = my_zone()
    start, end = rules.span(view.first, view.last, zone)
    board = lay_out(view, service.entries(me(), start, end, view.filters), zone, _today())
    offered = choices()
    return {
        "view": view,
        "board": board,
        "tray": service.tray(me(), view.filters) if at_least(me().role, Role.EDITOR) else None,
        "choices": offered,
        "chosen": offered.named(view.filters),
        "weekdays": _weekdays(),
        "today": _today(),
        "earlier": _beside(view, -1),
        "later": _beside(view, 1),
        "forms": MoveForm.showing,
        "label": _label(view),
        "locked": _why_locked,
        "writes": at_least(me().role, Role.AUTHOR),
        "format_date": format_date,
    }


def _why_locked(entry: CalendarEntry) -> str:
    """Why this reader cannot move a post, for its card."""
    if not rules.may_move(entry.status, Role.ADMIN, opens=True):
        return _("This post is on its way, out or cancelled. It cannot be moved.")
    if not rules.may_move(entry.status, Role.EDITOR, opens=True) or entry.opens:
        return _("Only editors move approved posts.")
    return _("Only its authors and editors move this post.")


# What the address says


def _view() -> View:
    """The view that a move was made in, as its address carries it along."""
    if request.args.get("from"):
        return View.days(_day("from") or _today(), _day("to"), _filters())
    try:
        wanted = datetime.strptime(request.args.get("view", ""), "%Y-%m").date()  # noqa: DTZ007
    except ValueError:
        wanted = _today()
    if not rules.known_month(wanted.year, wanted.month):
        wanted = _today()
    return _month(wanted.year, wanted.month, _filters())


def _month(year: int, month: int, filters: Filters) -> View:
    first = rules.FIRST_WEEKDAY.get(str(get_locale()), rules.MONDAY)
    return View.month(year, month, filters, first)


def _beside(view: View, step: int) -> View:
    """The month, or as many days, before (-1) or after (1) the view."""
    if view.kind == "month":
        wanted = rules.next_month(view.middle.year, view.middle.month, step)
        return _month(*wanted, view.filters)
    days = (view.last - view.first + timedelta(days=1)) * step
    return View.days(view.first + days, view.last + days, view.filters)


def _filters() -> Filters:
    return Filters.of(request.args.to_dict(flat=False))


def _day(name: str) -> date | None:
    try:
        found = date.fromisoformat(request.args.get(name, ""))
    except ValueError:
        return None
    return found if found.year in rules.YEARS else None


def _today() -> date:
    return rules.local_day(clock.now(), my_zone())


def _wants_fragment() -> bool:
    return request.headers.get("X-Requested-With") == "fetch"


# Words


def _label(view: View) -> str:
    if view.kind == "month":
        return str(format_date(view.middle, MONTH[_language()]))
    ends = dict.fromkeys((view.first, view.last))
    return " – ".join(format_date(day, "long") for day in ends)


def _when(at: datetime | None, zone: str) -> str:
    local = at.astimezone(zones.zone_of(zone)) if at else None
    return f"{format_datetime(local, WHEN[_language()], rebase=False)} {zone}" if local else ""


def _weekdays() -> Sequence[str]:
    """The names of a week's days in the order of the month's columns."""
    first = rules.FIRST_WEEKDAY.get(str(get_locale()), rules.MONDAY)
    names = get_day_names("abbreviated", locale=get_locale())
    return [names[(first + n) % 7] for n in range(7)]


def _language() -> str:
    return "ko" if str(get_locale()).startswith("ko") else "en"
