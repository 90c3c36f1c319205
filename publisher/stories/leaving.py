"""The page where editors say that they are away, and who stands in for them."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from publisher import web
from publisher.errors import Conflict, Invalid
from publisher.people import service as people
from publisher.people.rules import Role
from publisher.stories import absences
from publisher.stories.forms import blame
from publisher.stories.review_forms import AwayForm

Page = str | Response | tuple[str, int]

ACCESS: dict[str, str] = {"away": Role.EDITOR, "end_absence": Role.EDITOR}


def add_to(blueprint: Blueprint) -> None:
    """Put these pages on the blueprint of stories."""
    blueprint.add_url_rule("/review/away", view_func=away, methods=["GET", "POST"])
    blueprint.add_url_rule(
        "/absences/<int:absence_id>/end", view_func=end_absence, methods=["POST"]
    )


def away() -> Page:
    me, form = web.me(), AwayForm()
    form.offer(each for each in people.everyone() if absences.may_review(each) and each.id != me.id)
    if form.validate_on_submit():
        try:
            absences.add(me, form.delegate_id.data, form.first.data, form.last.data)
        except (Invalid, Conflict) as refused:
            blame(form, refused, fallback="first")
        else:
            flash(_("Saved. Review news go to both of you on these days."), "success")
            return redirect(url_for(".away"))
    page = render_template("stories/away.html", form=form, absences=absences.of(me))
    return page, 422 if form.errors else 200


def end_absence(absence_id: int) -> Page:
    absences.end(web.me(), absence_id)
    flash(_("You are here again."), "success")
    return redirect(url_for(".away"))
