"""The picture library, uploads by page or program, and the pictures themselves."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from flask import (
    Blueprint,
    Response,
    current_app,
    flash,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response as WerkzeugResponse

from publisher.errors import Conflict, Invalid, NotFound
from publisher.media import rules, service
from publisher.media.forms import AltForm, SearchForm, UploadForm
from publisher.media.models import Media
from publisher.people.rules import ANYONE, Role
from publisher.stories import access, uses
from publisher.stories.models import Post
from publisher.web import me, number

Page = str | Response | WerkzeugResponse | tuple[str, int] | tuple[Response, int]

blueprint = Blueprint("media", __name__)

ACCESS = {
    "library": Role.AUTHOR,
    "upload": Role.AUTHOR,
    "describe": Role.AUTHOR,
    "discard": Role.AUTHOR,
    "picture": ANYONE,
    "cut": Role.VIEWER,
}

FOREVER = "max-age=31536000, immutable"


@blueprint.get("/media")
def library() -> Page:
    return _library(UploadForm(formdata=None))


@blueprint.post("/media")
def upload() -> Page:
    """A picture from the form, or from a script: then the answer is JSON or, to htmx, the new card."""
    form = UploadForm()
    several = request.files.getlist("file")
    if len(several) > 1:
        return _upload_all(several)
    try:
        if not form.validate_on_submit():
            raise Invalid(_first_error(form), fields={})
        sent = form.file.data
        media = service.upload(
            me(), sent.filename or "", sent.read(rules.MAX_BYTES + 1), form.alt.data or ""
        )
    except Invalid as refused:
        if _wants_json():
            return jsonify(title=refused.message, code=refused.code), refused.status
        for name, sentence in refused.fields.items():
            form[name].errors = [*form[name].errors, sentence]
        return _library(form), refused.status
    if _wants_json():
        return jsonify(_described(media)), 201
    if request.headers.get("HX-Request"):
        return _card(media)
    flash(_("The picture is kept. Its Markdown can be copied below."), "success")
    return redirect(url_for("media.library", _anchor=f"media-{media.id}"))


def _upload_all(several: Sequence[FileStorage]) -> Page:
    """Several pictures from the form: each is kept or refused for itself."""
    kept = 0
    for sent in several:
        name = rules.clean_filename(sent.filename or "")
        try:
            service.upload(me(), name, sent.read(rules.MAX_BYTES + 1))
            kept += 1
        except Invalid as refused:
            flash(f"{name}: {refused.message}", "warning")
    if kept:
        flash(
            ngettext(
                "%(num)s picture is kept. Describe it below.",
                "%(num)s pictures are kept. Describe them below.",
                kept,
            ),
            "success",
        )
    return redirect(url_for("media.library"))


@blueprint.post("/media/<int:media_id>")
def describe(media_id: int) -> Page:
    media = service.get(media_id)
    form = AltForm()
    if not form.validate_on_submit():
        return _library(UploadForm(formdata=None), refused={media_id: form}), 422
    service.describe(me(), media, form.alt.data or "")
    if request.headers.get("HX-Request"):
        return _card(media)
    flash(_("The alternative text is saved."), "success")
    return redirect(url_for("media.library", _anchor=f"media-{media.id}", **_filters()))


@blueprint.get("/media/<token>/<name>.<ext>")
def picture(token: str, name: str, ext: str) -> Response:
    """The bytes, with the type we gave them and nothing a browser could make more of."""
    found = service.served(token, name)
    if rules.EXTENSIONS[found.mime] != ext:
        raise NotFound(_("There is no such picture."))
    response = make_response(found.data)
    response.mimetype = found.mime
    response.set_etag(f"{token}-{name}")
    signed_in = current_app.config["SESSION_COOKIE_NAME"] in request.cookies
    response.headers["Cache-Control"] = f"{'private' if signed_in else 'public'}, {FOREVER}"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["X-Content-Type-Options"] = "nosniff"
    session.accessed = False
    response.make_conditional(request)
    return response


@blueprint.post("/media/<int:media_id>/delete")
def discard(media_id: int) -> Page:
    media = service.get(media_id)
    name = media.filename
    try:
        uses.discard(me(), media)
    except Conflict as refused:
        flash(refused.message, "warning")
        return redirect(url_for("media.library", _anchor=f"media-{media_id}", **_filters()))
    flash(_("The picture %(name)s is deleted.", name=name), "success")
    return redirect(url_for("media.library", **_filters()))


@blueprint.get("/media/<int:media_id>/cut/<name>")
def cut(media_id: int, name: str) -> Response:
    """The part of a picture that a post may show, to look at before it is sent anywhere."""
    seen = service.look_at(service.get(media_id), name)
    response = make_response(seen.data)
    response.mimetype = seen.mime
    response.headers["Cache-Control"] = f"private, {FOREVER}"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _library(form: UploadForm, refused: dict[int, AltForm] | None = None) -> str:
    search = SearchForm(request.args)
    page = service.library(search.q.data or "", request.args.get("page", 1, type=number))
    forms = {media.id: _alt_form(media) for media in page.items} | (refused or {})
    return render_template(
        "media/library.html",
        form=form,
        search=search,
        page=page,
        forms=forms,
        used=_used([media.id for media in page.items]),
        **_words(),
    )


def _card(media: Media) -> str:
    used = _used([media.id])
    form = _alt_form(media)
    return render_template("media/_card.html", media=media, form=form, used=used, **_words())


@dataclass(frozen=True, slots=True)
class Used:
    """Where a picture is shown: the posts that the reader may open, and how many others there are."""

    posts: tuple[Post, ...] = ()
    others: int = 0

    @property
    def count(self) -> int:
        return len(self.posts) + self.others


def _used(pictures: Collection[int]) -> dict[int, Used]:
    found = {}
    for media_id, posts in uses.of(pictures).items():
        seen = tuple(post for post in posts if access.sees(me(), post.story))
        found[media_id] = Used(seen, len(posts) - len(seen))
    return found


def _words() -> dict[str, Any]:
    """What the cards need besides the picture."""
    person = me()
    return {
        "url": service.url,
        "markdown": rules.markdown,
        "may_change": lambda media: service.may_change(person, media),
    }


def _alt_form(media: Media) -> AltForm:
    form = AltForm(formdata=None, data={"alt": media.alt})
    form.alt.id = f"alt-{media.id}"
    form.alt.label.field_id = form.alt.id
    return form


def _described(media: Media) -> dict[str, Any]:
    path = service.url(media)
    return {
        "id": media.id,
        "url": path,
        "thumb": service.url(media, "thumb"),
        "width": media.width,
        "height": media.height,
        "alt": media.alt,
        "markdown": rules.markdown(media.alt, path),
    }


def _filters() -> dict[str, Any]:
    """Where in the library somebody was, for the way back."""
    return {name: request.args[name] for name in ("q", "page") if name in request.args}


def _first_error(form: UploadForm) -> str:
    return next((str(error) for errors in form.errors.values() for error in errors), "")


def _wants_json() -> bool:
    return (
        request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json"
    )
