"""Pages of channel accounts: connect, check, pause, and hold everything."""

from __future__ import annotations

from datetime import date, datetime, time

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from channels import channel_class
from publisher.accounts import platform_words, service, timekeeping
from publisher.accounts.forms import ConnectForm, HoldForm, PaceForm, ReconnectForm
from publisher.accounts.rules import CREDENTIAL_FIELDS
from publisher.accounts.words import advice, reason_of, wants_renewal
from publisher.deliveries.state import last_out
from publisher.errors import DomainError, Invalid
from publisher.people.rules import Role
from publisher.web import back, is_signed_in, me, my_zone

Page = str | Response | tuple[str, int]

blueprint = Blueprint("accounts", __name__, url_prefix="/accounts")

ACCESS = {
    "index": Role.EDITOR,
    "show": Role.EDITOR,
    "connect": Role.ADMIN,
    "reconnect": Role.ADMIN,
    "check": Role.EDITOR,
    "pause": Role.EDITOR,
    "resume": Role.EDITOR,
    "pace": Role.ADMIN,
    "hold": Role.EDITOR,
    "release": Role.EDITOR,
    "confirm_clock": Role.EDITOR,
}


@blueprint.app_context_processor
def _hold_banner() -> dict[str, object]:
    """Every page of the app says so while everything is held."""
    held = service.holding() if is_signed_in() else None
    if held is None:
        return {"holding": None}
    said = {"reason": reason_of(held), "actor_name": held.actor_name, "at": held.at}
    return {"holding": {**said, "by_clock": held.scope == timekeeping.SCOPE}}


blueprint.add_app_template_filter(platform_words.said, "said")
blueprint.add_app_template_filter(advice, "advice")
blueprint.add_app_template_filter(reason_of, "reason")
blueprint.add_app_template_filter(wants_renewal)


@blueprint.get("")
def index() -> Page:
    return render_template(
        "accounts/index.html",
        accounts=service.all_accounts(),
        holds=service.holds(),
        last_out=last_out(),
        clock_hold=timekeeping.held(),
        hold_form=HoldForm(),
    )


@blueprint.get("/<slug>")
def show(slug: str) -> Page:
    account = service.by_slug(slug)
    required, optional = CREDENTIAL_FIELDS[account.kind]
    return render_template(
        "accounts/show.html",
        account=account,
        held=service.holds().get(account.id),
        limits=channel_class(account.kind).limits,
        names=(*required, *optional),
        reconnect_form=ReconnectForm(),
        pace_form=PaceForm(spacing=account.spacing_s),
        hold_form=HoldForm(),
    )


@blueprint.route("/connect", methods=["GET", "POST"])
def connect() -> Page:
    form = ConnectForm()
    if not form.validate_on_submit():
        return render_template("accounts/connect.html", form=form), 422 if form.errors else 200
    try:
        account = service.connect(
            me(),
            kind=form.kind.data,
            slug=form.slug.data.strip(),
            label=form.label.data.strip(),
            credentials=form.given(form.kind.data),
            api_url=form.api_url.data or "",
            spacing_s=form.spacing.data,
            expires_at=_midnight(form.valid_until.data),
        )
    except DomainError as error:
        form.form_errors.append(error.message)
        return render_template("accounts/connect.html", form=form), error.status
    flash(
        _("%(name)s is connected. Check it once before the first post.", name=account.label),
        "success",
    )
    return redirect(url_for("accounts.show", slug=account.slug))


@blueprint.post("/<slug>/reconnect")
def reconnect(slug: str) -> Page:
    account = service.by_slug(slug)
    form = ReconnectForm()
    try:
        ends = _midnight(form.valid_until.data if form.validate() else None)
        account = service.renew(me(), account, form.given(account.kind), expires_at=ends)
    except Invalid as error:
        flash(platform_words.said(error.message), "danger")
    else:
        flash(_("%(name)s is connected again.", name=account.label), "success")
    return redirect(url_for("accounts.show", slug=slug))


@blueprint.post("/<slug>/check")
def check(slug: str) -> Page:
    return _checked(slug)


def _checked(slug: str) -> Response:
    try:
        account = service.check(me(), service.by_slug(slug))
    except Invalid as error:
        flash(error.message, "danger")
    else:
        flash(
            _("%(name)s answers and may post.", name=account.public_name or account.label),
            "success",
        )
    return redirect(url_for("accounts.show", slug=slug))


@blueprint.post("/<slug>/pause")
def pause(slug: str) -> Page:
    account = service.by_slug(slug)
    service.pause(me(), account, _("Paused by %(name)s.", name=me().name))
    flash(_("Nothing goes out on %(name)s until it is resumed.", name=account.label), "success")
    return redirect(url_for("accounts.show", slug=slug))


@blueprint.post("/<slug>/resume")
def resume(slug: str) -> Page:
    account = service.by_slug(slug)
    service.resume(me(), account)
    flash(_("%(name)s sends again.", name=account.label), "success")
    return redirect(url_for("accounts.show", slug=slug))


@blueprint.post("/<slug>/pace")
def pace(slug: str) -> Page:
    form = PaceForm()
    if form.validate_on_submit():
        service.pace(me(), service.by_slug(slug), form.spacing.data)
        flash(_("Saved."), "success")
    else:
        flash(_("Give a number of seconds between 0 and 86400."), "danger")
    return redirect(url_for("accounts.show", slug=slug))


@blueprint.post("/hold", defaults={"slug": ""})
@blueprint.post("/<slug>/hold")
def hold(slug: str) -> Page:
    service.hold(me(), HoldForm().reason.data or "", service.by_slug(slug) if slug else None)
    flash(_("Held. What is already on its way is not called back."), "warning")
    return back(url_for("accounts.index"))


@blueprint.post("/release", defaults={"slug": ""})
@blueprint.post("/<slug>/release")
def release(slug: str) -> Page:
    service.release(me(), service.by_slug(slug) if slug else None)
    flash(_("Released. What is due goes out now, oldest first."), "success")
    return back(url_for("accounts.index"))


@blueprint.post("/clock/confirm")
def confirm_clock() -> Page:
    timekeeping.confirm(me())
    flash(_("The time is confirmed. What is due goes out now, oldest first."), "success")
    return redirect(url_for("accounts.index"))


def _midnight(day: date | None) -> datetime | None:
    """The beginning of that day for its reader: credentials that end on a day do not count in it."""
    return None if day is None else datetime.combine(day, time(), my_zone())
