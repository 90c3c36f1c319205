"""The public pages of the blog: the same for everybody, without cookies, cheap to ask for again."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, cast
from urllib.parse import quote
from zoneinfo import ZoneInfo

from babel.dates import format_date
from flask import (
    Blueprint,
    Response,
    current_app,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask_babel import force_locale
from flask_babel import gettext as _
from markupsafe import Markup

from publisher import clock
from publisher.blog import cards, service
from publisher.blog.models import Article
from publisher.blog.rules import reading_minutes
from publisher.errors import DomainError, Gone, NotFound
from publisher.media.service import path as picture_path
from publisher.people.rules import ANYONE
from publisher.stories.categories import categories, standing_for
from publisher.web import number, settings

blueprint = Blueprint("blog", __name__)

ACCESS = {
    "front": ANYONE,
    "article": ANYONE,
    "category": ANYONE,
    "author": ANYONE,
    "atom": ANYONE,
    "sitemap": ANYONE,
    "sitemap_part": ANYONE,
    "robots": ANYONE,
}

FRESH_S = 60
OPEN_GRAPH_LOCALE = {"ko": "ko_KR", "en": "en_US"}


@blueprint.get("/blog", strict_slashes=False)
def front() -> Response:
    shelved = service.shelved(before=request.args.get("before", type=number))
    return _list("front", settings().site_name, shelved)


@blueprint.get("/blog/category/<path:slug>")
def category(slug: str) -> Response:
    shelved = service.shelved(category=slug, before=request.args.get("before", type=number))
    names = _category_names(settings().language)
    if not shelved.articles and slug not in names:
        if merged := standing_for(slug):
            return cast(Response, redirect(url_for(".category", slug=merged.slug), 301))
        raise NotFound(_("There is no such page."))
    return _list("category", names.get(slug, slug), shelved, slug=slug)


@blueprint.get("/blog/author/<slug>")
def author(slug: str) -> Response:
    shelved = service.shelved(author=slug, before=request.args.get("before", type=number))
    if not shelved.articles:
        raise NotFound(_("There is no such page."))
    return _list("author", shelved.articles[0].author_name, shelved, slug=slug)


@blueprint.get("/blog/<slug>")
def article(slug: str) -> Response:
    found = service.article(slug)
    older, newer = service.neighbours(found)
    pictures = [used for used in found.media if picture_path(used["token"]) not in found.html]
    page = _render(
        "article",
        found.language,
        article=found,
        card=cards.of_article(found),
        body=Markup(found.html),  # noqa: S704 - sanitised when it was written
        pictures=pictures,
        minutes=reading_minutes(found.text),
        posting=_posting(found),
        older=older,
        newer=newer,
    )
    return _public(page, modified=found.updated_at)


@blueprint.get("/blog/atom.xml")
def atom() -> Response:
    latest = service.latest()
    updated = max((found.updated_at for found in latest), default=None)
    entries = [(found, service.address(found.slug), _absolute(found.html)) for found in latest]
    page = render_template("blog/atom.xml", entries=entries, updated=updated, **_site())
    return _public(page, "application/atom+xml", modified=updated)


@blueprint.get("/sitemap.xml")
def sitemap() -> Response:
    """One file, or the list of the parts once there are more articles than one file should hold."""
    parts = service.sitemap_parts()
    if parts == 1:
        return sitemap_part(1)
    page = render_template("blog/sitemaps.xml", parts=range(1, parts + 1), **_site())
    return _public(page, "application/xml")


@blueprint.get("/sitemap-<int:part>.xml")
def sitemap_part(part: int) -> Response:
    if not 1 <= part <= service.sitemap_parts():
        raise NotFound(_("There is no such page."))
    page = render_template("blog/sitemap.xml", places=service.sitemap(part), part=part, **_site())
    return _public(page, "application/xml")


@blueprint.get("/robots.txt")
def robots() -> Response:
    return _public(render_template("blog/robots.txt", **_site()), "text/plain")


@blueprint.errorhandler(NotFound)
@blueprint.errorhandler(Gone)
def missing(error: DomainError) -> Response:
    """A blog page too, and never kept: the address may come alive the next second."""
    page = _render("missing", settings().language, gone=isinstance(error, Gone))
    response = make_response(page, error.status)
    response.headers["Cache-Control"] = "no-store"
    return response


def _list(kind: str, title: str, shelved: service.Shelved, **values: Any) -> Response:
    before = request.args.get("before", type=number)
    path = quote(request.path.rstrip("/"))
    canonical = settings().base_url + path + (f"?before={before}" if before else "")
    page = _render(
        "list",
        settings().language,
        kind=kind,
        title=title,
        shelved=shelved,
        before=before,
        canonical=canonical,
        **values,
    )
    return _public(page)


def _render(template: str, language: str, **values: Any) -> str:
    """A page in the blog's own frame, in the language of what is read, not of who reads."""
    names = _category_names(language)
    used = service.in_use(list(names))
    with force_locale(language):
        return render_template(
            f"blog/{template}.html",
            language=language,
            locale=OPEN_GRAPH_LOCALE[language],
            category_names=names,
            sections={slug: name for slug, name in names.items() if slug in used},
            day=_day,
            picture_path=picture_path,
            **_site(),
            **values,
        )


def _site() -> dict[str, str]:
    return {"base_url": settings().base_url, "site": settings().site_name}


def _category_names(language: str) -> dict[str, str]:
    return {category.slug: category.name(language) for category in categories()}


def _day(instant: datetime, language: str) -> str:
    """The date on which something appeared, where the blog is at home."""
    return str(format_date(instant.astimezone(ZoneInfo(settings().timezone)), "long", language))


def _posting(article: Article) -> dict[str, Any]:
    """The article for search engines, as JSON-LD: data in a script element that no browser runs."""
    posting: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "BlogPosting",
        "headline": article.title,
        "description": article.excerpt,
        "inLanguage": article.language,
        "datePublished": article.published_at.isoformat(),
        "dateModified": article.updated_at.isoformat(),
        "mainEntityOfPage": service.address(article.slug),
        "publisher": {"@type": "Organization", "name": settings().site_name},
    }
    if article.author_name:
        posting["author"] = {"@type": "Person", "name": article.author_name}
    if article.media:
        posting["image"] = [settings().base_url + used["send"] for used in article.media]
    if article.links:
        posting["sameAs"] = [link["url"] for link in article.links]
    return posting


def _absolute(html: str) -> str:
    """An article's HTML for feed readers, which do not know where "/media" is."""
    base = settings().base_url
    return html.replace(' src="/', f' src="{base}/').replace(' href="/', f' href="{base}/')


def _public(
    body: str, mimetype: str = "text/html", *, modified: datetime | None = None
) -> Response:
    """`body` with what lets caches keep it and ask again: 304 when nothing changed.

    The tag is of the whole body, so that a new design counts too. The date is only sent once its second
    is over, since a second change within it would not show. Nothing here depends on who asks: the
    session that every request opens is left out of `Vary`.
    """
    response = make_response(body)
    response.mimetype = mimetype
    response.add_etag()
    signed_in = current_app.config["SESSION_COOKIE_NAME"] in request.cookies
    scope = "private" if signed_in else "public"
    response.headers["Cache-Control"] = f"{scope}, max-age={FRESH_S}"
    if modified and modified < clock.now() - timedelta(seconds=2):
        response.last_modified = modified
    session.accessed = False
    response.make_conditional(request)
    return response
