"""The bell: what a person was told."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from publisher import web
from publisher.notices import sentences, service
from publisher.notices.rules import ICONS, URGENT
from publisher.people.rules import Role

blueprint = Blueprint("notices", __name__)

ACCESS: dict[str, str] = {
    "index": Role.VIEWER,
    "follow": Role.VIEWER,
    "read_all": Role.VIEWER,
}


@blueprint.app_context_processor
def _bell() -> dict[str, Any]:
    return {"notices_unread": service.unread(web.me()) if web.is_signed_in() else 0}


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
        sentence_of=sentences.sentence_of,
        quote_of=sentences.quote_of,
        icons=ICONS,
        urgent=URGENT,
    )


@blueprint.get("/notices/<int:notice_id>")
def follow(notice_id: int) -> Response:
    """Go where a notice leads; going there is having read it."""
    path = service.read(web.me(), notice_id)
    return redirect(web.safe_path(path) or url_for("notices.index"))


@blueprint.post("/notices/read")
def read_all() -> Response:
    service.read_all(web.me(), request.form.get("up_to", 0, type=web.number))
    return redirect(url_for("notices.index"))
