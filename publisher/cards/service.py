"""Cards of other people's pages: wanted, read in the background, kept for a while."""

from __future__ import annotations

import hashlib
import logging
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, select
from sqlalchemy.exc import SQLAlchemyError

from publisher import clock
from publisher.accounts import addresses
from publisher.blog.cards import Card, Picture
from publisher.cards import outside
from publisher.cards.models import LinkedPage
from publisher.cards.outside import Looked
from publisher.effects import service as effects
from publisher.errors import NotFound
from publisher.extensions import db
from publisher.storage import after_commit, writing

logger = logging.getLogger(__name__)

SOON = timedelta(seconds=5)
"""An address that is still being typed is another one by then."""
FRESH, FORGOTTEN = timedelta(days=7), timedelta(days=90)
TRY_AGAIN = timedelta(hours=6)
MAX_ADDRESS = 2000


def known(url: str) -> Card | None:
    """The card of the page at `url`, as it was read last; None when it is not known.

    A page that could not be read, or says nothing, has a card without a title.
    """
    page = _page(url)
    if page is None:
        return None
    picture = None
    if page.width:
        picture = Picture(f"/cards/{page.key}.webp", page.width, page.height)
    return Card(page.title, page.description, page.site, page.url, picture, page.large)


def want(url: str, **desired: Any) -> None:
    """Have the page read in the background, unless that was done lately. `desired` goes along.

    Call inside `writing()`. Nobody waits for it, and nothing fails with it: it is asked for after the commit,
    since others whom this transaction has nothing to do with may name the same pages in another order.
    """
    if len(url) <= MAX_ADDRESS and addresses.is_web(url):
        after_commit(partial(_ask, url, desired))


def _ask(url: str, desired: dict[str, Any]) -> None:
    try:
        page, now = _page(url), clock.now()
        if page and now - page.read_at < (TRY_AGAIN if page.silent else FRESH):
            return
        since = page.read_at.isoformat() if page else ""
        wish = {"url": url, "since": since, **desired}
        effects.ask("card", f"card:{_key(url)}", wish, at=now + SOON)
    except SQLAlchemyError:
        db.session.rollback()
        logger.warning("a card was not asked for; the next save does", exc_info=True)


def read(url: str) -> None:
    """Read the page now and keep its card. What cannot be read is kept as silent, and asked again later."""
    looked = outside.look(url)
    with writing() as session:
        page = _page(url)
        if page is None:
            page = LinkedPage(key=_key(url), url=url)
            session.add(page)
        page.read_at = clock.now()
        _fill(page, looked)


def picture(key: str) -> bytes:
    """The picture of a card, as WebP; raises NotFound."""
    query = select(LinkedPage.picture).where(LinkedPage.key == key, LinkedPage.width > 0)
    found = db.session.scalar(query)
    if not found:
        raise NotFound(_("There is no such picture."))
    return bytes(found)


def forgotten(now: datetime) -> ColumnElement[bool]:
    """Which pages were read too long ago to be kept."""
    return LinkedPage.read_at < now - FORGOTTEN


def _fill(page: LinkedPage, looked: Looked | None) -> None:
    """Write down what was read; a page that is out of order for once keeps the card it had."""
    page.silent = looked is None or not looked.said.title
    if looked is None or page.silent:
        return
    said = looked.said
    page.title, page.description, page.site = said.title, said.description, said.site
    page.large = said.large
    seen = looked.picture
    page.width, page.height = (seen.width, seen.height) if seen else (0, 0)
    page.picture = seen.data if seen else b""


def _page(url: str) -> LinkedPage | None:
    return db.session.scalar(select(LinkedPage).where(LinkedPage.key == _key(url)))


def _key(url: str) -> str:
    return hashlib.sha256(url.encode("utf-8", "replace")).hexdigest()
