"""Pages of sign-in and of one's own account; those of administrators are in `admin.py`."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from publisher import web
from publisher.errors import Invalid, Throttled
from publisher.people import admin, links, service, sessions, tokens
from publisher.people.forms import (
    SCOPE_NAMES,
    AskLinkForm,
    PasswordForm,
    PlainForm,
    ProfileForm,
    ResetForm,
    SignInForm,
    TokenForm,
    WelcomeForm,
)
from publisher.people.rules import ANYONE, LANGUAGES, THEMES, Purpose, Role, place_of
from publisher.people.words import browser_of

Page = str | Response | tuple[str, int]

blueprint = Blueprint("people", __name__)
admin.add_to(blueprint)

ACCESS: dict[str, str] = {
    "sign_in": ANYONE,
    "ask_link": ANYONE,
    "sign_out": ANYONE,
    "link": ANYONE,
    "preferences": ANYONE,
    "profile": Role.VIEWER,
    "security": Role.VIEWER,
    "end_session": Role.VIEWER,
    "end_other_sessions": Role.VIEWER,
    "sign_out_everywhere": Role.VIEWER,
    "api_tokens": Role.VIEWER,
    "revoke_token": Role.VIEWER,
    **admin.ACCESS,
}

YEAR_S = 365 * 86400


def _place() -> str:
    return place_of(request.remote_addr or "")


# Signing in


@blueprint.route("/sign-in", methods=["GET", "POST"])
def sign_in() -> Page:
    if web.is_signed_in() and request.method == "GET":
        return web.back("/")
    form, status, problem = SignInForm(), 200, ""
    if form.validate_on_submit():
        try:
            token = service.sign_in(
                form.email.data or "",
                form.password.data or "",
                place=_place(),
                agent=str(request.user_agent),
            )
        except (Invalid, Throttled) as refused:
            problem, status = refused.message, 401 if isinstance(refused, Invalid) else 429
        else:
            _carry(token)
            return web.back("/")
    elif form.errors:
        status = 422
    next_path = web.safe_path(request.values.get("next", ""))
    page = render_template("people/sign_in.html", form=form, next=next_path, problem=problem)
    return page, status


def _carry(token: str) -> None:
    """Put a fresh session into the cookie: nothing of the one before stays, its CSRF token included."""
    before = session.get("token", "")
    session.clear()
    session["token"] = token
    session.permanent = True
    sessions.end_session(before)


@blueprint.route("/sign-in/link", methods=["GET", "POST"])
def ask_link() -> Page:
    """Have a link mailed; the answer is the same whether the address is known or not."""
    form, problem, status = AskLinkForm(), "", 200
    if form.validate_on_submit():
        try:
            service.ask_for_link(
                form.email.data or "", place=_place(), purpose=form.purpose.data or Purpose.SIGN_IN
            )
        except (Invalid, Throttled) as refused:
            problem, status = refused.message, refused.status
        else:
            flash(_("If somebody here has this address, a link is on its way to it."), "success")
            return redirect(url_for("people.sign_in"))
    elif form.errors:
        status = 422
    by_mail = service.mail_is_set_up()
    page = render_template("people/ask_link.html", form=form, problem=problem, by_mail=by_mail)
    return page, status


@blueprint.post("/sign-out")
def sign_out() -> Response:
    sessions.end_session(session.get("token", ""))
    session.clear()
    return redirect(url_for("people.sign_in"))


@blueprint.route("/link/<token>", methods=["GET", "POST"])
def link(token: str) -> Page:
    """Looking uses nothing up (scanners of mail look); only the button does."""
    web.secret_address()
    found = links.look_at_link(token)
    user, purpose = found.user, Purpose(found.purpose)
    form = {
        Purpose.SIGN_IN: PlainForm,
        Purpose.INVITATION: lambda: WelcomeForm(name=user.name),
        Purpose.RESET: ResetForm,
    }[purpose]()
    if form.validate_on_submit():
        try:
            signed_in = service.sign_in_by_link(
                token,
                name=form.data.get("name") or "",
                password=form.data.get("password") or "",
                agent=str(request.user_agent),
            )
        except Invalid as refused:
            form.password.errors = [refused.message]
        else:
            _carry(signed_in)
            return redirect("/")
    page = render_template("people/link.html", form=form, purpose=str(purpose), user=user)
    return page, 422 if form.errors else 200


@blueprint.post("/preferences")
def preferences() -> Response:
    """Language and theme from any page, also of people who have not signed in."""
    return _looking_so(
        web.back("/"),
        language=request.form.get("language", ""),
        theme=request.form.get("theme", ""),
    )


def _looking_so(response: Response, *, language: str, theme: str) -> Response:
    """Keep language and theme with the person, and in cookies for when they have not signed in."""
    if web.is_signed_in():
        service.save_look(web.me(), language=language, theme=theme)
    for name, value, known in (("language", language, LANGUAGES), ("theme", theme, THEMES)):
        if value in known:
            response.set_cookie(
                name,
                value,
                max_age=YEAR_S,
                secure=web.settings().secure,
                httponly=True,
                samesite="Lax",
            )
    return response


# One's own account


@blueprint.route("/me", methods=["GET", "POST"])
def profile() -> Page:
    user = web.me()
    form = ProfileForm(obj=user)
    form.offer_zones(user.timezone)
    if form.validate_on_submit():
        try:
            service.save_profile(
                user,
                name=form.name.data or "",
                timezone=form.timezone.data or "",
                shortcuts=bool(form.shortcuts.data),
            )
        except Invalid as refused:
            form.name.errors = [refused.message]
        else:
            flash(_("Saved."), "success")
            return _looking_so(
                redirect(url_for("people.profile")),
                language=str(form.language.data),
                theme=str(form.theme.data),
            )
    return render_template("people/profile.html", form=form), 422 if form.errors else 200


@blueprint.route("/me/security", methods=["GET", "POST"])
def security() -> Page:
    user, form = web.me(), PasswordForm()
    if form.validate_on_submit():
        try:
            service.change_password(
                user,
                form.old.data or "",
                form.password.data or "",
                place=_place(),
                keep_token=session["token"],
            )
        except Invalid as refused:
            field = form.old if "old" in refused.fields else form.password
            field.errors = [refused.message]
        else:
            flash(_("The new password is set. All other browsers were signed out."), "success")
            return redirect(url_for("people.security"))
    page = render_template(
        "people/security.html",
        form=form,
        sessions=sessions.sessions_of(user),
        this_session=sessions.session_of(session["token"]),
        browser_of=browser_of,
    )
    return page, 422 if form.errors else 200


@blueprint.post("/me/sessions/<int:session_id>/end")
def end_session(session_id: int) -> Response:
    sessions.end_sessions(web.me(), web.me(), only=session_id)
    flash(_("That browser is signed out."), "success")
    return redirect(url_for("people.security"))


@blueprint.post("/me/sessions/end-others")
def end_other_sessions() -> Response:
    sessions.end_sessions(web.me(), web.me(), keep_token=session["token"])
    flash(_("All other browsers are signed out."), "success")
    return redirect(url_for("people.security"))


@blueprint.post("/me/sessions/end")
def sign_out_everywhere() -> Response:
    service.sign_out_everywhere(web.me(), web.me())
    session.clear()
    flash(_("You are signed out everywhere."), "success")
    return redirect(url_for("people.sign_in"))


@blueprint.route("/me/tokens", methods=["GET", "POST"])
def api_tokens() -> Page:
    """A new token's text is on the answer to the form and nowhere else."""
    user, form, text = web.me(), TokenForm(), ""
    if form.validate_on_submit():
        try:
            _token, text = tokens.create_token(
                user,
                user,
                form.name.data or "",
                form.scopes.data or [],
                _end_of(form.expires_on.data),
            )
        except Invalid as refused:
            field = form.expires_on if "expires_at" in refused.fields else form.name
            field.errors = [refused.message]
        else:
            form = TokenForm(formdata=None)
    page = render_template(
        "people/tokens.html",
        form=form,
        text=text,
        tokens=tokens.tokens_of(user),
        scopes=SCOPE_NAMES,
    )
    return page, 422 if form.errors else 200


def _end_of(day: date | None) -> datetime | None:
    """The last moment of that day where the person lives."""
    if day is None:
        return None
    midnight = datetime.combine(day + timedelta(days=1), time.min, tzinfo=web.my_zone())
    return midnight.astimezone(UTC)


@blueprint.post("/me/tokens/<int:token_id>/revoke")
def revoke_token(token_id: int) -> Response:
    tokens.revoke_token(web.me(), token_id)
    flash(_("The token is revoked."), "success")
    return redirect(url_for("people.api_tokens"))
