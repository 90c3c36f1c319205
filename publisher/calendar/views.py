"""Month, week and list, and moving a post: by dialog, drag or keys, all through one endpoint."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_interval
from flask import (
    Blueprint,
    abort,
    flash,
    g,
    get_template_attribute,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask_babel import format_date, format_datetime, get_locale
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from publisher import clock, zones
from publisher.calendar import (
    appearing,
    campaigns,
    cards,
    keeping,
    planning,
    rules,
    service,
    slots,
    times,
)
from publisher.calendar import picture as drawing
from publisher.calendar.board import Marks, View, lay_out
from publisher.calendar.forms import STATUS_NAMES, Choices, MoveForm, choices, weekday_names
from publisher.calendar.planning import Note
from publisher.calendar.rules import Filters
from publisher.calendar.service import CalendarEntry, Move
from publisher.errors import DomainError, Stale
from publisher.people.rules import Role, at_least
from publisher.refresh import fragment
from publisher.stories import service as stories
from publisher.stories.forms import zone_choices
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
    "picture": Role.VIEWER,
    "week": Role.VIEWER,
    "days": Role.VIEWER,
    "move": Role.AUTHOR,
    "move_dialog": Role.AUTHOR,
    **times.ACCESS,
    **campaigns.ACCESS,
    **keeping.ACCESS,
}
times.add_to(blueprint)
campaigns.add_to(blueprint)
keeping.add_to(blueprint)


@blueprint.get("/calendar")
def index() -> Response:
    today = _today()
    if session.get("calendar") == "week":
        return redirect(url_for("calendar.week"))
    if session.get("calendar") == "days":
        return redirect(url_for("calendar.days"))
    return redirect(url_for("calendar.month", year=today.year, month=today.month))


@blueprint.get("/calendar/<int:year>/<int:month>")
def month(year: int, month: int) -> Page:
    if not rules.known_month(year, month):
        abort(404)
    return _shown(_month(year, month, _filters()))


@blueprint.get("/calendar/<int:year>/<int:month>.png")
def picture(year: int, month: int) -> Response:
    """The month as its page shows it, drawn with all its posts."""
    if not rules.known_month(year, month):
        abort(404)
    shown = _board(_month(year, month, _filters()))
    filters = " · ".join(str(label) for _name, _value, label in shown["chosen"])
    sheet = drawing.Sheet(
        title=shown["label"],
        below=" · ".join(filter(None, (shown["zone"], filters))),
        weekdays=shown["weekdays"],
        weeks=shown["board"].weeks,
        zone=ZoneInfo(shown["zone"]),
        statuses={status: str(name) for status, name in STATUS_NAMES.items()},
    )
    response = Response(drawing.draw(sheet), mimetype="image/png")
    response.headers["Content-Disposition"] = (
        f'attachment; filename="calendar-{year}-{month:02}.png"'
    )
    return response


@blueprint.get("/calendar/week")
def week() -> Page:
    return _shown(_week(_day("day") or _today(), _filters()))


@blueprint.get("/calendar/list")
def days() -> Page:
    return _shown(_days())


def _shown(view: View) -> Page:
    """The page of that view, which is the one that the calendar opens with from now on; to who has it
    already, what changes by itself."""
    if _wants_fragment():
        return fragment(render_template(f"calendar/_{view.kind}.html", **_board(view)))
    if session.get("calendar") != view.kind:
        session["calendar"] = view.kind
    page = "days" if view.kind == "days" else "month"
    parts = _board(view)
    kept = keeping.kept_by(me(), view, parts["choices"])
    return render_template(f"calendar/{page}.html", kept=kept, **parts)


@blueprint.get("/calendar/posts/<int:post_id>/move")
def move_dialog(post_id: int) -> Page:
    post = stories.get_post(me(), post_id)
    zone = _zone_of("zone") or _zone_of("tz") or post.planned_zone or my_zone().key
    hour = slots.wall_time(request.args.get("time", ""))
    return _dialog(post, MoveForm.showing(post.shown_at, zone, _day("day"), hour))


@blueprint.post("/calendar/posts/<int:post_id>/move")
def move(post_id: int) -> Page:
    post = stories.get_post(me(), post_id)
    form = MoveForm().offer(my_zone().key)
    if "check" in request.form:
        return _dialog(post, form)
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
    notes = planning.notes(stories.get_post(me(), done.entry.post_id), done.entry.at, zone)
    told = get_template_attribute("calendar/_told.html", "moved")(
        sentence, done, undo, view, notes, _elsewhere(done.entry, view)
    )
    category = "warning" if any(note.warns for note in notes) else "success"
    if _wants_fragment():
        return render_template(
            "calendar/_answer.html", told=told, category=category, **_board(view)
        )
    flash(told, category)
    return back(url_for(view.endpoint, **view.values()))


def _elsewhere(entry: CalendarEntry, view: View) -> str:
    """The address that shows the post, where `view` does not (any more): it went to another month, say."""
    zone = ZoneInfo(view.zone) if view.zone else my_zone()
    start, end = rules.span(view.first, view.last, zone)
    if any(
        each.post_id == entry.post_id for each in service.entries(me(), start, end, view.filters)
    ):
        return ""
    day = rules.local_day(entry.at, zone) if entry.at else _today()
    there = replace(view, filters=Filters()).as_month(day)
    return url_for("calendar.month", _anchor=f"post-{entry.post_id}", **there)


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
    form = form.offer(my_zone().key, post.planned_zone)
    notes: list[Note] = planning.notes(post, form.resolved(), form.zone.data)
    return render_template(
        "calendar/move.html",
        post=post,
        entry=service.entry_of(me(), post),
        form=form,
        notes=notes,
        slot=planning.free_slot(post.account),
        problem=problem,
        choices=choices,
        view=_view(),
        next=safe_path(request.values.get("next", "")),
    )


def _board(view: View) -> dict[str, Any]:
    """Everything that the calendar's templates show of `view`."""
    zone = ZoneInfo(view.zone) if view.zone else my_zone()
    start, end = rules.span(view.first, view.last, zone)
    marks = Marks(
        planning.public_holidays(view.first, view.last),
        planning.closed(view.first, view.last),
    )
    entries = service.entries(me(), start, end, view.filters)
    offered = _choices()
    return {
        "view": view,
        "lacks": appearing.lacks(view, zone, _today(), _language()),
        "board": lay_out(view, entries, zone, _today(), marks),
        "zone": zone.key,
        "zones": zone_choices(my_zone().key, zone.key),
        "tray": service.tray(me(), view.filters) if at_least(me().role, Role.EDITOR) else None,
        "choices": offered,
        "chosen": offered.named(view.filters),
        "lost": g.get("lost_filters", ()),
        "weekdays": list(weekday_names("abbreviated").values()),
        "today": _today(),
        "earlier": _beside(view, -1),
        "later": _beside(view, 1),
        "draw": cards.drawer(view, zone, planning.clashes_between(start, end)),
        "label": _label(view),
        "focus": _focus(view),
        "writes": at_least(me().role, Role.AUTHOR),
        "plans": at_least(me().role, Role.EDITOR),
        "format_date": format_date,
    }


# What the address says


def _view() -> View:
    """The view that a move was made in, as its address carries it along."""
    if request.args.get("from"):
        return _days()
    if "week" in request.args:
        return _week(_day("week") or _today(), _filters())
    try:
        wanted = datetime.strptime(request.args.get("view", ""), "%Y-%m").date()  # noqa: DTZ007
    except ValueError:
        wanted = _today()
    if not rules.known_month(wanted.year, wanted.month):
        wanted = _today()
    return _month(wanted.year, wanted.month, _filters())


def _month(year: int, month: int, filters: Filters) -> View:
    return _seen(View.month(year, month, filters, _first_weekday()))


def _week(day: date, filters: Filters) -> View:
    return _seen(View.week(day, filters, _first_weekday()))


def _days() -> View:
    return _seen(View.days(_day("from") or _today(), _day("to"), _filters()))


def _seen(view: View) -> View:
    """The view in the zone, and with its days unfolded or not, that the address asks for."""
    return replace(view, zone=_other_zone(), unfolded=request.args.get("all") == "1")


def _first_weekday() -> int:
    return rules.FIRST_WEEKDAY.get(str(get_locale()), rules.MONDAY)


def _beside(view: View, step: int) -> View:
    """The month, or as many days, before (-1) or after (1) the view."""
    if view.kind == "month":
        wanted = rules.next_month(view.middle.year, view.middle.month, step)
        return _month(*wanted, view.filters)
    days = (view.last - view.first + timedelta(days=1)) * step
    return replace(view, first=view.first + days, last=view.last + days)


def _filters() -> Filters:
    """The filters of the address. What they name in vain is left out, and the page says so."""
    found, g.lost_filters = _choices().known(request.args.to_dict(flat=False))
    return found


def _choices() -> Choices:
    """What exists to filter by, read once a page."""
    if "choices" not in g:
        g.choices = choices(me())
    found: Choices = g.choices
    return found


def _day(name: str) -> date | None:
    try:
        found = date.fromisoformat(request.args.get(name, ""))
    except ValueError:
        return None
    return found if found.year in rules.YEARS else None


def _zone_of(name: str) -> str:
    """The zone that the address names; the empty string for none or one that nobody knows."""
    found = request.args.get(name, "")
    return found if found in zones.known() else ""


def _other_zone() -> str:
    """The zone to show the calendar in, where it is not the reader's own."""
    found = _zone_of("tz")
    return found if found != my_zone().key else ""


def _today() -> date:
    return rules.local_day(clock.now(), ZoneInfo(_other_zone() or my_zone().key))


def _wants_fragment() -> bool:
    return request.headers.get("X-Requested-With") == "fetch"


# Words


def _focus(view: View) -> date:
    """The day whose week is shown next: today if this view has it."""
    inside = view.first <= _today() <= view.last
    return _today() if inside else view.middle if view.kind == "month" else view.first


def _label(view: View) -> str:
    if view.kind == "month":
        return str(format_date(view.middle, MONTH[_language()]))
    if view.first == view.last:
        return str(format_date(view.first, "long"))
    return str(format_interval(view.first, view.last, "yMMMd", locale=get_locale()))


def _when(at: datetime | None, zone: str) -> str:
    local = at.astimezone(zones.zone_of(zone)) if at else None
    return f"{format_datetime(local, WHEN[_language()], rebase=False)} {zone}" if local else ""


def _language() -> str:
    return "ko" if str(get_locale()).startswith("ko") else "en"
