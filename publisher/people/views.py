"""Pages of sign-in and of one's own account."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from publisher import web
from publisher.errors import Invalid, Throttled
from publisher.people import links, service, sessions
from publisher.people.forms import AskLinkForm, ResetForm, SignInForm, WelcomeForm
from publisher.people.rules import ANYONE, LANGUAGES, THEMES, Purpose, Role

blueprint = Blueprint("people", __name__)

ACCESS = {
    "sign_in": ANYONE,
    "ask_link": ANYONE,
    "sign_out": ANYONE,
    "link": ANYONE,
    "preferences": ANYONE,
}

YEAR_S = 365 * 86400


@blueprint.route("/sign-in", methods=["GET", "POST"])
def sign_in() -> str | Response | tuple[str, int]:
    if web.is_signed_in() and request.method == "GET":
        return web.back("/")
    form = SignInForm()
    status = 200
    if form.validate_on_submit():
        try:
            token = service.sign_in(
                form.email.data or "",
                form.password.data or "",
                place=request.remote_addr or "",
                agent=str(request.user_agent),
            )
            _carry(token)
            return web.back("/")
        except (Invalid, Throttled) as refused:
            flash(refused.message, "danger")
            status = 401 if isinstance(refused, Invalid) else refused.status
    elif form.is_submitted():
        status = 422
    return render_template(
        "people/sign_in.html", form=form, next=_next(), by_mail=service.mail_is_set_up()
    ), status


def _carry(token: str) -> None:
    """Put a fresh session into the cookie: nothing of the one before stays, its CSRF token included."""
    before = session.get("token")
    session.clear()
    session["token"] = token
    session.permanent = True
    if before:
        sessions.end_session(before)


def _next() -> str:
    return web.safe_path(request.values.get("next", ""))


@blueprint.post("/sign-in/link")
def ask_link() -> str | Response | tuple[str, int]:
    form = AskLinkForm()
    if form.validate_on_submit():
        service.ask_for_link(form.email.data or "", place=request.remote_addr or "")
        flash(_("If somebody here has this address, a link is on its way to it."), "success")
    return redirect(url_for("people.sign_in", next=_next() or None))


@blueprint.post("/sign-out")
def sign_out() -> Response:
    if token := session.get("token"):
        sessions.end_session(token)
    session.clear()
    return redirect(url_for("people.sign_in"))


@blueprint.route("/link/<token>", methods=["GET", "POST"])
def link(token: str) -> str | Response | tuple[str, int]:
    """Looking uses nothing up (scanners of mail look); only the button does."""
    web.secret_address()
    found = links.look_at_link(token)
    purpose = Purpose(found.purpose)
    form = ResetForm() if purpose is Purpose.RESET else WelcomeForm(name=found.user.name)
    if request.method == "POST" and (purpose is Purpose.SIGN_IN or form.validate()):
        try:
            signed_in = service.sign_in_by_link(
                token,
                name=request.form.get("name", "") if purpose is Purpose.INVITATION else "",
                password=request.form.get("password", "") if purpose is not Purpose.SIGN_IN else "",
                agent=str(request.user_agent),
            )
            _carry(signed_in)
            return redirect("/")
        except Invalid as refused:
            form.password.errors = [refused.message]
    page = render_template("people/link.html", form=form, purpose=str(purpose), user=found.user)
    return page, 422 if form.errors or form.password.errors else 200


@blueprint.post("/preferences")
def preferences() -> Response:
    """Language and theme, kept with the person and in cookies for whoever has not signed in."""
    chosen = {
        "language": (request.form.get("language", ""), LANGUAGES),
        "theme": (request.form.get("theme", ""), THEMES),
    }
    valid = {name: value for name, (value, allowed) in chosen.items() if value in allowed}
    if web.is_signed_in():
        service.save_look(web.me(), **valid)
    response = web.back("/")
    for name, value in valid.items():
        response.set_cookie(
            name,
            value,
            max_age=YEAR_S,
            secure=web.settings().secure,
            httponly=True,
            samesite="Lax",
        )
    return response
