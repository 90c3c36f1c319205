"""The page of when accounts post and when nobody should: queue slots, blackout dates, public holidays."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import format_date
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from publisher import clock
from publisher.accounts import service as accounts
from publisher.calendar import holidays, planning, rules
from publisher.calendar.forms import BlackoutForm, SlotForm, weekday_names
from publisher.errors import DomainError, Invalid
from publisher.people.rules import Role
from publisher.stories.forms import blame
from publisher.web import me, my_zone

Page = str | Response | tuple[str, int]

ACCESS: dict[str, str] = {
    "times": Role.EDITOR,
    "add_slots": Role.EDITOR,
    "remove_slot": Role.EDITOR,
    "add_blackout": Role.EDITOR,
    "remove_blackout": Role.EDITOR,
}
HOLIDAYS_AHEAD = timedelta(days=365)


def add_to(blueprint: Blueprint) -> None:
    """Put this page on the blueprint of the calendar, and what forms ask of it on every page."""
    blueprint.app_context_processor(_planning_aids)
    blueprint.add_url_rule("/calendar/times", view_func=times)
    blueprint.add_url_rule("/calendar/slots", view_func=add_slots, methods=["POST"])
    blueprint.add_url_rule(
        "/calendar/slots/<int:slot_id>/remove", view_func=remove_slot, methods=["POST"]
    )
    blueprint.add_url_rule("/calendar/blackouts", view_func=add_blackout, methods=["POST"])
    blueprint.add_url_rule(
        "/calendar/blackouts/<int:blackout_id>/remove",
        view_func=remove_blackout,
        methods=["POST"],
    )


def _planning_aids() -> dict[str, Any]:
    """What every form that sets a post's time may ask."""
    return {
        "plan_notes": planning.notes,
        "free_slot": planning.free_slot,
        "on_closed_day": planning.on_closed_day,
    }


def times() -> Page:
    return _page()


def add_slots() -> Page:
    form = SlotForm().offer(my_zone().key)
    if not form.validate_on_submit():
        return _page(slot_form=form), 422
    try:
        account = accounts.by_slug(form.account.data)
        new = planning.add_slots(me(), account, form.weekdays.data, form.at.data, form.zone.data)
    except Invalid as refused:
        blame(form, refused, "zone")
        return _page(slot_form=form), refused.status
    if new:
        flash(_("Saved."), "success")
    else:
        flash(_("These slots are there already."), "info")
    return _again()


def remove_slot(slot_id: int) -> Page:
    try:
        planning.remove_slot(me(), slot_id)
    except DomainError as refused:
        flash(refused.message, "warning")
    else:
        flash(_("Removed."), "success")
    return _again()


def add_blackout() -> Page:
    form = BlackoutForm()
    if not form.validate_on_submit():
        return _page(blackout_form=form), 422
    try:
        planning.add_blackout(me(), form.first.data, form.last.data, form.reason.data or "")
    except Invalid as refused:
        blame(form, refused, "first")
        return _page(blackout_form=form), refused.status
    flash(_("Saved."), "success")
    return _again()


def remove_blackout(blackout_id: int) -> Page:
    try:
        planning.remove_blackout(me(), blackout_id)
    except DomainError as refused:
        flash(refused.message, "warning")
    else:
        flash(_("Removed."), "success")
    return _again()


def _page(slot_form: SlotForm | None = None, blackout_form: BlackoutForm | None = None) -> str:
    today = rules.local_day(clock.now(), planning.home())
    return render_template(
        "calendar/times.html",
        accounts=accounts.all_accounts(),
        slots=planning.queue_slots(),
        weekdays=weekday_names(),
        slot_form=slot_form or SlotForm(formdata=None).offer(my_zone().key),
        blackout_form=blackout_form or BlackoutForm(formdata=None),
        blackouts=planning.blackouts(today),
        holidays=planning.public_holidays(today, today + HOLIDAYS_AHEAD),
        holidays_end=(today + HOLIDAYS_AHEAD).year not in holidays.YEARS,
        known_until=str(max(holidays.YEARS)),
        home=planning.home().key,
        free_slot=planning.free_slot,
        format_date=format_date,
    )


def _again() -> Response:
    return redirect(url_for("calendar.times"))
