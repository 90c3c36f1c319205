"""The pages where administrators look after people; the audit trail's are in `auditing.py`."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from publisher import web
from publisher.errors import Conflict, Invalid, NotFound
from publisher.people import auditing, service, sessions
from publisher.people.forms import ROLE_NAMES, InviteForm
from publisher.people.models import User
from publisher.people.rules import LINK_LIFETIME, Purpose, Role
from publisher.people.words import browser_of, lasts

Page = str | Response | tuple[str, int]

ACCESS: dict[str, str] = {
    "index": Role.ADMIN,
    "invite": Role.ADMIN,
    "person": Role.ADMIN,
    "set_role": Role.ADMIN,
    "new_link": Role.ADMIN,
    "end_person_sessions": Role.ADMIN,
    "deactivate": Role.ADMIN,
    "activate": Role.ADMIN,
    **auditing.ACCESS,
}


def add_to(blueprint: Blueprint) -> None:
    """Put these pages on the blueprint of people."""
    person = "/people/<int:user_id>"
    blueprint.add_url_rule("/people", view_func=index)
    blueprint.add_url_rule("/people/invite", view_func=invite, methods=["GET", "POST"])
    blueprint.add_url_rule(person, "person", show_person)
    blueprint.add_url_rule(f"{person}/role", view_func=set_role, methods=["POST"])
    blueprint.add_url_rule(f"{person}/link", view_func=new_link, methods=["POST"])
    blueprint.add_url_rule(
        f"{person}/end-sessions", view_func=end_person_sessions, methods=["POST"]
    )
    blueprint.add_url_rule(f"{person}/deactivate", view_func=deactivate, methods=["POST"])
    blueprint.add_url_rule(f"{person}/activate", view_func=activate, methods=["POST"])
    auditing.add_to(blueprint)


def index() -> Page:
    everyone, seen = service.everyone(), sessions.last_seen()
    return render_template("people/index.html", people=everyone, seen=seen)


def invite() -> Page:
    """The link is on the answer to the form and nowhere else."""
    form = InviteForm()
    if form.validate_on_submit():
        try:
            user, link = service.invite(
                web.me(), form.email.data or "", form.name.data or "", form.role.data or ""
            )
        except (Invalid, Conflict) as refused:
            form.email.errors = [refused.message]
        else:
            return _person(user, link, Purpose.INVITATION)
    return render_template("people/invite.html", form=form), 422 if form.errors else 200


def show_person(user_id: int) -> Page:
    return _person(service.get(user_id))


def _person(user: User, link: str = "", purpose: Purpose = Purpose.SIGN_IN) -> Page:
    if link:
        web.secret_address()
    return render_template(
        "people/person.html",
        user=user,
        roles=ROLE_NAMES,
        sessions=sessions.sessions_of(user),
        seen=sessions.last_seen().get(user.id),
        browser_of=browser_of,
        link=link,
        purpose=str(purpose),
        lasts=lasts(LINK_LIFETIME[purpose]),
        by_mail=service.mail_is_set_up(),
    )


def set_role(user_id: int) -> Page:
    user = service.get(user_id)
    service.set_role(web.me(), user, request.form.get("role", ""))
    flash(_("The role is changed. It holds from the next click on."), "success")
    return redirect(url_for("people.person", user_id=user_id))


def new_link(user_id: int) -> Page:
    user, wanted = service.get(user_id), request.form.get("purpose", "")
    if wanted not in set(Purpose):
        raise NotFound(_("There is no such kind of link."))
    return _person(user, service.make_link(web.me(), user, wanted), Purpose(wanted))


def end_person_sessions(user_id: int) -> Page:
    service.sign_out_everywhere(web.me(), service.get(user_id))
    flash(_("Signed out in every browser. Links that were not used are void, too."), "success")
    return redirect(url_for("people.person", user_id=user_id))


def deactivate(user_id: int) -> Page:
    service.deactivate(web.me(), service.get(user_id))
    flash(_("Deactivated. All sessions, links and API tokens have ended."), "success")
    return redirect(url_for("people.person", user_id=user_id))


def activate(user_id: int) -> Page:
    service.activate(web.me(), service.get(user_id))
    flash(_("Active again. A new sign-in link may be needed."), "success")
    return redirect(url_for("people.person", user_id=user_id))
