"""Moving a whole campaign by days or weeks: the preview, the move, and the way back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from publisher.calendar import rules, shifting
from publisher.errors import DomainError
from publisher.people.rules import Role
from publisher.web import me, number

Page = str | Response | tuple[str, int]

ACCESS: dict[str, str] = {
    "campaigns": Role.EDITOR,
    "move_campaign": Role.EDITOR,
    "undo_campaign": Role.EDITOR,
}


def add_to(blueprint: Blueprint) -> None:
    """Put these pages on the blueprint of the calendar."""
    blueprint.add_url_rule("/calendar/campaigns", view_func=campaigns)
    blueprint.add_url_rule("/calendar/campaigns/move", view_func=move_campaign, methods=["POST"])
    blueprint.add_url_rule("/calendar/campaigns/undo", view_func=undo_campaign, methods=["POST"])


def campaigns() -> Page:
    """Choose a campaign and how far it moves; then see what that would do."""
    chosen = request.args.get("campaign", "")
    days = _days(_asked(request.args))
    known = shifting.campaigns()
    shifts = shifting.preview(chosen, days) if chosen and days else []
    return render_template(
        "calendar/campaigns.html",
        campaigns=known,
        chosen=chosen,
        ask={"by": "1", "unit": "weeks", "way": "later"} | _asked(request.args),
        days=days,
        farthest=shifting.FARTHEST,
        asked="by" in request.args,
        shifts=shifts,
        going=[shift for shift in shifts if shift.after],
        seen_of=rules.seen_of,
        undo=request.args.get("undo", type=number),
    )


def move_campaign() -> Page:
    wishes = {
        post_id: (at, request.form.get(f"seen-{post_id}", ""))
        for post_id in request.form.getlist("post", type=number)
        if (at := _instant(request.form.get(f"at-{post_id}", "")))
    }
    campaign = request.form.get("campaign", "")
    try:
        done, event = shifting.move_together(me(), campaign, wishes)
    except DomainError as refused:
        flash(_("Nothing was moved. %(why)s", why=refused.message), "danger")
        asked: dict[str, Any] = {"campaign": campaign, **_asked(request.form)}
        return redirect(url_for(".campaigns", **asked))
    flash(_told(len(done)), "success")
    return redirect(url_for(".campaigns", campaign=campaign, undo=event))


def undo_campaign() -> Page:
    try:
        done, _event = shifting.undo(me(), request.form.get("event", 0, type=number))
    except DomainError as refused:
        flash(_("Nothing was moved. %(why)s", why=refused.message), "danger")
    else:
        flash(_told(len(done)), "success")
    return redirect(url_for(".campaigns", campaign=request.form.get("campaign", "")))


def _asked(sent: Mapping[str, str]) -> dict[str, str]:
    """How far, in which unit and which way, as far as it was said."""
    return {name: sent[name] for name in ("by", "unit", "way") if sent.get(name)}


def _days(asked: Mapping[str, str]) -> int:
    """By how many days, negative for earlier; 0 where that is nothing or too much."""
    try:
        days = int(asked.get("by", "0")) * (7 if asked.get("unit") == "weeks" else 1)
    except ValueError:
        return 0
    if not 0 < days <= shifting.FARTHEST:
        return 0
    return -days if asked.get("way") == "earlier" else days


def _instant(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo and found.year in rules.YEARS else None


def _told(count: int) -> str:
    return ngettext("%(num)s post was moved.", "%(num)s posts were moved.", count)
