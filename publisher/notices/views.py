"""The bell: what a person was told, and what of it is mailed."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from publisher import web
from publisher.errors import Invalid
from publisher.notices import sentences, service, wishes
from publisher.notices.forms import WishesForm
from publisher.notices.rules import DIGEST_AT, ICONS, URGENT
from publisher.people import service as people
from publisher.people.rules import Role

Page = str | Response | tuple[str, int]

blueprint = Blueprint("notices", __name__)

ACCESS: dict[str, str] = {
    "index": Role.VIEWER,
    "follow": Role.VIEWER,
    "read": Role.VIEWER,
    "read_all": Role.VIEWER,
    "choose": Role.VIEWER,
}


@blueprint.app_context_processor
def _bell() -> dict[str, Any]:
    """How many are unread, and the newest ones when a page asks for them."""
    if not web.is_signed_in():
        return {"notices_unread": 0}
    return {
        "notices_unread": service.unread(web.me()),
        "notices_latest": lambda: service.latest(web.me()),
        "notice_words": _WORDS,
    }


_WORDS: dict[str, Any] = {
    "sentence_of": sentences.sentence_of,
    "quote_of": sentences.quote_of,
    "icons": ICONS,
    "urgent": URGENT,
}


@blueprint.get("/notices")
def index() -> str:
    only_unread = request.args.get("show") == "unread"
    page = service.of(
        web.me(), request.args.get("page", 1, type=web.number), only_unread=only_unread
    )
    return render_template(
        "notices/index.html",
        page=page,
        only_unread=only_unread,
        newest=max((notice.id for notice in page.items), default=0),
    )


@blueprint.get("/notices/<int:notice_id>")
def follow(notice_id: int) -> Response:
    """Go where a notice leads; going there is having read it. Mails lead here, too."""
    path = service.read(web.me(), notice_id)
    return redirect(web.safe_path(path) or url_for("notices.index"))


@blueprint.post("/notices/<int:notice_id>/read")
def read(notice_id: int) -> Response:
    """Mark one as read without going there."""
    service.read(web.me(), notice_id)
    return web.back(url_for("notices.index"))


@blueprint.post("/notices/read")
def read_all() -> Response:
    service.read_all(web.me(), request.form.get("up_to", 0, type=web.number))
    return web.back(url_for("notices.index"))


@blueprint.route("/me/notices", methods=["GET", "POST"])
def choose() -> Page:
    """What is mailed, and when."""
    form = WishesForm.of(wishes.of(web.me()))
    if form.validate_on_submit():
        try:
            wishes.choose(
                web.me(),
                form.ways(),
                digest_at=form.digest_at.data or DIGEST_AT,
                urgent_anyway=bool(form.urgent_anyway.data),
                **form.hours(),
            )
        except Invalid as refused:
            for name, sentence in refused.fields.items():
                form[name].errors = [sentence]
        else:
            flash(_("Saved."), "success")
            return redirect(url_for("notices.choose"))
    page = render_template("notices/choose.html", form=form, by_mail=people.mail_is_set_up())
    return page, 422 if form.errors else 200
