"""Subscriptions: making, renewing and revoking a person's calendar addresses."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import bindparam, select
from sqlalchemy.orm import InstrumentedAttribute, joinedload

from publisher import clock
from publisher.accounts.models import Account
from publisher.calendar.rules import Filters
from publisher.config import Config
from publisher.errors import Gone, Invalid, NotFound
from publisher.extensions import db
from publisher.feeds.models import Feed, Installation
from publisher.feeds.rules import Detail, one_line
from publisher.people import audit
from publisher.people.models import User
from publisher.people.rules import Role, at_least
from publisher.people.secrets import digest, new_token
from publisher.storage import upsert, writing
from publisher.stories.models import Category, Story

MOST_FEEDS = 50
"""How many live feeds one person may have."""
_BY_TOKEN = (
    select(Feed).options(joinedload(Feed.user)).where(Feed.token_hash == bindparam("digest"))
)
"""Built once: subscribers ask all day long, and mostly learn that nothing has changed."""


def make(
    actor: User,
    name: str,
    filters: Mapping[str, Any] | None = None,
    detail: str = Detail.FULL,
    language: str = "",
) -> tuple[Feed, str]:
    """A new feed of `actor` and its address, which nothing can show again: only a hash of its token is kept.

    `filters` is as Feed says. Raises Invalid naming the field that is wrong.
    """
    with writing():
        if len(list_of(actor)) >= MOST_FEEDS:
            raise Invalid(_("You have very many feeds. Revoke one that you no longer use."))
        feed, url = _add(
            actor,
            name=_name(name),
            filters=_filters(filters or {}),
            detail=_detail(detail),
            language=_language(language or actor.language),
        )
        audit.record(actor, "make", "feed", feed.id, name=feed.name, detail=str(feed.detail))
    return feed, url


def renew(actor: User, feed: Feed) -> tuple[Feed, str]:
    """The same subscription at a new address. The old one answers 410 from now on; its row stays for that."""
    with writing():
        _require_live(actor, feed)
        feed.revoked_at = clock.now()
        fresh, url = _add(
            feed.user,
            name=feed.name,
            filters=feed.filters,
            detail=feed.detail,
            language=feed.language,
        )
        audit.record(actor, "renew", "feed", fresh.id, name=fresh.name, before=feed.id)
    return fresh, url


def revoke(actor: User, feed: Feed) -> None:
    """End a feed for good: its address answers 410, whereupon calendar programs drop it."""
    with writing():
        _require_live(actor, feed)
        feed.revoked_at = clock.now()
        audit.record(actor, "revoke", "feed", feed.id, name=feed.name)


def list_of(user: User) -> list[Feed]:
    """The person's live feeds, the oldest first."""
    return list(
        db.session.scalars(
            select(Feed)
            .where(Feed.user_id == user.id, Feed.revoked_at.is_(None))
            .order_by(Feed.created_at, Feed.id)
        )
    )


def get(actor: User, feed_id: int) -> Feed:
    """A live feed of `actor`, or of anybody for administrators; NotFound otherwise."""
    feed = db.session.get(Feed, feed_id)
    if feed is None:
        raise NotFound(_("There is no such feed."))
    _require_live(actor, feed)
    return feed


def find(token: str) -> Feed:
    """The feed that a subscriber's address means, with its person: one query.

    Raises NotFound for a token that never was, Gone for one that is no longer valid and for people who left.
    """
    feed = db.session.scalar(_BY_TOKEN, {"digest": digest(token)})
    if feed is None:
        raise NotFound(_("There is no such feed."))
    if feed.revoked_at is not None or not feed.user.active:
        raise Gone(_("This feed was revoked. Make a new one and subscribe to that."))
    return feed


def domain() -> str:
    """The domain in every event's UID: our address when the first event was rendered. It stays when the
    address changes, or every subscriber would see each post twice."""
    known = select(Installation.uid_domain)
    if (found := db.session.scalar(known)) is not None:
        return found
    config: Config = current_app.extensions["settings"]
    row = {"id": 1, "uid_domain": urlsplit(config.base_url).hostname or "localhost"}
    with writing() as session:
        session.execute(upsert(Installation).values(**row).on_conflict_do_nothing())
    return db.session.scalars(known).one()


def campaigns() -> Sequence[str]:
    """The names of all campaigns, for choosing from."""
    query = select(Story.campaign).where(Story.campaign > "").distinct()
    return db.session.scalars(query.order_by(Story.campaign).limit(200)).all()


def _add(user: User, **parts: Any) -> tuple[Feed, str]:
    now, token = clock.now(), new_token()
    feed = Feed(user_id=user.id, token_hash=digest(token), created_at=now, changed_at=now, **parts)
    db.session.add(feed)
    db.session.flush()
    return feed, address(token, feed.name)


def address(token: str, name: str) -> str:
    """Where a calendar program fetches a feed. The last part is for people's eyes only."""
    config: Config = current_app.extensions["settings"]
    words = re.sub(r"[^a-z0-9]+", "-", name.lower())[:40].strip("-")
    return f"{config.base_url}/ical/{token}/{words or 'calendar'}.ics"


def _require_live(actor: User, feed: Feed) -> None:
    mine = feed.user_id == actor.id or at_least(actor.role, Role.ADMIN)
    if not mine or feed.revoked_at is not None:
        raise NotFound(_("There is no such feed."))


def _name(given: str) -> str:
    name = one_line(given)
    if not name or len(name) > 100:
        sentence = _("Give the feed a name of up to 100 letters.")
        raise Invalid(sentence, fields={"name": sentence})
    return name


def _detail(given: str) -> str:
    if given not in set(Detail):
        sentence = _("Choose how much the feed tells: full, titles or busy.")
        raise Invalid(sentence, fields={"detail": sentence})
    return str(given)


def _language(given: str) -> str:
    if given not in {"ko", "en"}:
        sentence = _("Choose Korean or English.")
        raise Invalid(sentence, fields={"language": sentence})
    return given


def _filters(given: Mapping[str, Any]) -> dict[str, Any]:
    if unknown := sorted(set(given) - set(Filters.__dataclass_fields__)):
        raise Invalid(
            _("A feed cannot be filtered by “%(name)s”.", name=unknown[0]),
            fields={"filters": unknown[0]},
        )
    filters = Filters.of(given)
    _require_known(Account.slug, filters.account)
    _require_known(Category.slug, filters.category)
    _require_known(Story.campaign, filters.campaign)
    _require_known(User.id, filters.author)
    return filters.stored()


def _require_known(column: InstrumentedAttribute[Any], wanted: Collection[Any]) -> None:
    known = set(db.session.scalars(select(column).where(column.in_(wanted)))) if wanted else set()
    if unknown := sorted(set(wanted) - known):
        raise Invalid(
            _("The filter names “%(name)s”, which does not exist.", name=unknown[0]),
            fields={"filters": str(unknown[0])},
        )
