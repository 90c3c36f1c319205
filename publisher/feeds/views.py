"""The subscribers' address, and the pages on which people make and end their feeds."""

from __future__ import annotations

import gzip
from datetime import timedelta
from urllib.parse import quote, urlencode

from flask import (
    Blueprint,
    Response,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask_babel import get_locale
from flask_babel import gettext as _
from sqlalchemy.exc import OperationalError
from werkzeug.wrappers import Response as WerkzeugResponse

from publisher import clock
from publisher.calendar.forms import choices
from publisher.errors import Gone, Invalid, NotFound
from publisher.feeds import fetch, service
from publisher.feeds.fetch import Stamp
from publisher.feeds.forms import DETAIL_NAMES, FeedForm
from publisher.feeds.models import Feed
from publisher.feeds.rules import client
from publisher.people.rules import Role
from publisher.web import BEARER, me, secret_address, settings

blueprint = Blueprint("feeds", __name__)

ACCESS: dict[str, str] = {
    "subscription": BEARER,
    "index": Role.VIEWER,
    "make": Role.VIEWER,
    "renew": Role.VIEWER,
    "revoke": Role.VIEWER,
}

RETRY_AFTER_S = 600
GZIP_LEVEL = 3
HEADERS = {
    "Content-Type": "text/calendar; charset=utf-8",
    "Content-Disposition": 'inline; filename="calendar.ics"',
    "Cache-Control": "private, no-cache",
    "Vary": "Accept-Encoding",
    "X-Robots-Tag": "noindex, nofollow",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


@blueprint.get("/ical/<token>/<slug>.ics")
def subscription(token: str, slug: str) -> Response:
    """A calendar for programs: never a redirect or a page, which they would take for an empty one."""
    try:
        feed = service.find(token)
        stamp = fetch.stamp(feed)
        known = _is_known(stamp)
        answer = _answer(b"" if known else fetch.body(feed), 304 if known else 200, stamp)
        fetch.note(feed, request.user_agent.string)
    except (NotFound, Gone) as refused:
        return _refusal(refused.message, refused.status)
    except OperationalError:
        return _refusal(_("The calendar is resting for a moment."), 503)
    return answer


def _is_known(stamp: Stamp) -> bool:
    """Whether the subscriber has this very calendar, in either encoding. Tags count before dates."""
    if request.if_none_match:
        return any(map(request.if_none_match.contains_weak, _tags(stamp)))
    since = request.if_modified_since
    return since is not None and stamp.modified.replace(microsecond=0) <= since


def _tags(stamp: Stamp) -> tuple[str, str]:
    return stamp.tag, f"{stamp.tag}-gz"


def _answer(body: bytes, status: int, stamp: Stamp) -> Response:
    packed = request.accept_encodings["gzip"] > 0
    if packed and body:
        body = gzip.compress(body, GZIP_LEVEL, mtime=0)
    response = make_response(body, status, HEADERS)
    response.set_etag(_tags(stamp)[packed])
    if packed and body:
        response.headers["Content-Encoding"] = "gzip"
    if clock.now() - stamp.modified > timedelta(seconds=1):  # a second change would look the same
        response.last_modified = stamp.modified
    return response


def _refusal(sentence: str, status: int) -> Response:
    headers = {**HEADERS, "Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store"}
    del headers["Content-Disposition"]
    if status == 503:
        headers["Retry-After"] = str(RETRY_AFTER_S)
    return make_response(f"{sentence}\n", status, headers)


@blueprint.get("/feeds")
def index() -> str:
    form = FeedForm(formdata=None, name=_("Editorial calendar"), language=str(get_locale()))
    return _index(form)


def _index(form: FeedForm) -> str:
    offered = choices()
    return render_template(
        "feeds/index.html",
        form=form.offer(offered, service.campaigns()),
        feeds=[(feed, offered.sentence(feed.filters)) for feed in service.list_of(me())],
        details=DETAIL_NAMES,
        client=client,
    )


@blueprint.post("/feeds")
def make() -> tuple[str, int]:
    form = FeedForm().offer(choices(), service.campaigns())
    if not form.validate_on_submit():
        return _index(form), 422
    try:
        feed, url = service.make(
            me(), form.name.data, form.filters, form.detail.data, form.language.data
        )
    except Invalid as refused:
        form.name.errors = [*form.name.errors, refused.message]
        return _index(form), refused.status
    return _made(feed, url)


@blueprint.post("/feeds/<int:feed_id>/renew")
def renew(feed_id: int) -> tuple[str, int]:
    return _made(*service.renew(me(), service.get(me(), feed_id)))


@blueprint.post("/feeds/<int:feed_id>/revoke")
def revoke(feed_id: int) -> WerkzeugResponse:
    feed = service.get(me(), feed_id)
    name = feed.name
    service.revoke(me(), feed)
    flash(_("Revoked: %(name)s. Its address no longer answers.", name=name), "success")
    return redirect(url_for("feeds.index"), 303)


def _made(feed: Feed, url: str) -> tuple[str, int]:
    """The one page that shows the address. Not after a redirect: nothing would carry it there safely."""
    secret_address()
    webcal = "webcal://" + url.partition("://")[2]
    named = urlencode({"url": url, "name": feed.name}, quote_via=quote)
    page = render_template(
        "feeds/made.html",
        feed=feed,
        url=url,
        webcal=webcal,
        google="https://calendar.google.com/calendar/render?" + urlencode({"cid": webcal}),
        outlook=f"https://outlook.live.com/calendar/0/addfromweb?{named}",
        office=f"https://outlook.office.com/calendar/0/addfromweb?{named}",
        reachable=settings().secure,
    )
    return page, 201
