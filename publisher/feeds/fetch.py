"""What one fetch of a feed answers: its validator without rendering anything, and its bytes from the cache.

A post's bytes are kept under everything they depend on, so a feed is a join of what is there. What is missing
is rendered and kept for the next subscriber.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import current_app
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Delete,
    Executable,
    Select,
    and_,
    case,
    cast,
    delete,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError, OperationalError

from publisher import clock
from publisher.accounts.models import Account
from publisher.calendar import service as calendar
from publisher.calendar.rules import Filters
from publisher.config import Config
from publisher.extensions import db
from publisher.feeds import render, rules
from publisher.feeds.models import Feed, RenderedEvent
from publisher.feeds.render import Told
from publisher.feeds.rules import Detail, Window
from publisher.feeds.service import domain
from publisher.people.models import User
from publisher.people.rules import Role, at_least
from publisher.storage import writing
from publisher.stories.models import Post, Revision, Story
from publisher.stories.rules import APPROVED, IN_REVIEW

BATCH = 500
QUIET = timedelta(minutes=1)
"""Longer than any transaction lasts."""
_LAST_CHANGES = select(
    select(func.max(Post.changed_at)).scalar_subquery(),
    select(func.max(Story.changed_at)).scalar_subquery(),
)
"""Built once: putting a statement together takes longer than this one runs."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a feed's bytes depend on, in one validator, and when that last changed."""

    tag: str
    modified: datetime


def stamp(feed: Feed) -> Stamp:
    """The validator of what the feed would answer now; nothing is rendered.

    While the whole calendar has been quiet for a minute, the last one of this process still holds: two
    look-ups say so. A minute, because a change becomes visible at its commit, not at the time it bears.
    """
    quiet = _quiet_since()
    key = (quiet, feed.changed_at, feed.user.role, rules.window(clock.now()))
    kept: dict[int, tuple[object, Stamp]] = current_app.extensions.setdefault("stamps", {})
    known = kept.get(feed.id)
    if quiet is not None and known is not None and known[0] == key:
        return known[1]
    made = _stamp(feed)
    if quiet is not None:
        kept[feed.id] = (key, made)
    return made


def _quiet_since() -> tuple[datetime | None, datetime | None] | None:
    """When a post and a story changed last, if both are a minute ago; None while things are changing."""
    post, story = db.session.execute(_LAST_CHANGES).one()
    newest = max((at for at in (post, story) if at is not None), default=None)
    if newest is not None and clock.now() - newest < QUIET:
        return None
    return post, story


def _stamp(feed: Feed) -> Stamp:
    """One aggregate query over the window: which posts are shown in which sequence, the person's role and the
    stories they may open."""
    found = rules.window(clock.now())
    shown = cast(Post.id, BigInteger) * (Post.sequence + 1)
    sums: list[ColumnElement[Any]] = [
        func.max(Post.changed_at),
        func.count(Post.id),
        func.sum(shown),
    ]
    numbers = db.session.execute(select(*sums, *_reach(feed)).where(*_within(feed, found))).one()
    config = _config()
    tag = rules.tag(
        render.template(config.base_url),
        _head(feed),
        found.day.isoformat(),
        feed.id,
        feed.changed_at.isoformat(),
        feed.user.role,
        *numbers,
    )
    return Stamp(tag, max(feed.changed_at, found.day, numbers[0] or found.day))


def body(feed: Feed) -> bytes:
    """The whole calendar, by time. Where there are more than MAX_EVENTS, the oldest are left out."""
    head, language = _head(feed), feed.language
    rows = db.session.execute(_kept(feed)).all()
    missing = {row.post_id: Detail(row.detail) for row in rows if row.data is None}
    fresh = _rendered(missing, language)
    events = [row.data or fresh[row.post_id]["data"] for row in reversed(rows)]
    _keep(list(fresh.values()))
    return render.whole(head, events)


def note(feed: Feed, agent: str) -> None:
    """Remember who fetched last, written once a minute at most: most fetches only read."""
    now = clock.now()
    if feed.fetched_at is not None and now - feed.fetched_at < rules.NOTED_EVERY:
        return
    seen = update(Feed).where(Feed.id == feed.id)
    seen = seen.values(fetched_at=now, agent=rules.one_line(agent)[:200])
    _write_if_free([(seen, None)])


def _config() -> Config:
    config: Config = current_app.extensions["settings"]
    return config


def _head(feed: Feed) -> bytes:
    config = _config()
    return render.head(
        feed.name, feed.language, feed.user.timezone, config.site_name, config.base_url
    )


def _within(feed: Feed, found: Window) -> list[ColumnElement[bool]]:
    """The posts a feed shows: in its window, by its filters, cancelled ones for two weeks only."""
    return [
        Post.shown_at >= found.start,
        Post.shown_at < found.end,
        or_(Post.shown_status.not_in(rules.CANCELLED), Post.changed_at >= found.cancelled_since),
        *calendar.matching(Filters.of(feed.filters), feed.user),
    ]


def _level(feed: Feed) -> ColumnElement[str]:
    """How much each post tells to this person: its text only if they may open its story."""
    if feed.detail != Detail.FULL or at_least(feed.user.role, Role.EDITOR):
        return literal(feed.detail)
    return case(
        (calendar.opens(feed.user), str(rules.level(feed.detail, opens=True))),
        else_=str(rules.level(feed.detail, opens=False)),
    )


def _reach(feed: Feed) -> list[ColumnElement[Any]]:
    """A number that changes with the set of stories the person may open, where that decides about details.

    One sum that weighs each story by itself: reading the set once is what a quick 304 can afford.
    """
    if feed.detail != Detail.FULL or at_least(feed.user.role, Role.EDITOR):
        return []
    reached = calendar.stories_of([feed.user_id]).subquery()
    story = cast(reached.c.id, BigInteger)
    weighed = func.sum(story * story + 31 * story + 17)
    return [select(weighed).select_from(reached).scalar_subquery()]


def _kept(feed: Feed) -> Select[*tuple[Any, ...]]:
    """The feed's posts, the latest first, each with its kept bytes or none."""
    level = _level(feed)
    same = and_(
        RenderedEvent.post_id == Post.id,
        RenderedEvent.sequence == Post.sequence,
        RenderedEvent.detail == level,
        RenderedEvent.language == feed.language,
        RenderedEvent.template == render.template(_config().base_url),
    )
    return (
        select(Post.id.label("post_id"), level.label("detail"), RenderedEvent.data)
        .select_from(Post)
        .outerjoin(RenderedEvent, same)
        .where(*_within(feed, rules.window(clock.now())))
        .order_by(Post.shown_at.desc(), Post.id.desc())
        .limit(rules.MAX_EVENTS)
    )


def _rendered(missing: Mapping[int, Detail], language: str) -> dict[int, dict[str, Any]]:
    """Rows for the cache, by post. Each is kept under the sequence its own reading saw."""
    if not missing:
        return {}
    config = _config()
    template, uids = render.template(config.base_url), domain()
    return {
        told.post_id: {
            "post_id": told.post_id,
            "sequence": told.sequence,
            "detail": str(missing[told.post_id]),
            "language": language,
            "template": template,
            "data": render.event(told, missing[told.post_id], language, config.base_url, uids),
        }
        for told in _told(list(missing))
    }


def _told(post_ids: Sequence[int]) -> Iterator[Told]:
    """What events tell of these posts. Words count as reviewed from the moment they are submitted: those of a
    draft change with every save, and would not raise the sequence."""
    reviewed = Post.status.in_([IN_REVIEW, APPROVED])
    query = (
        select(
            Post.id,
            Post.uid,
            Post.sequence,
            Post.shown_status,
            Post.shown_at,
            Post.created_at,
            Post.changed_at,
            calendar.title(),
            Account.label,
            User.name,
            case((reviewed, func.substr(Revision.text, 1, render.READ)), else_=""),
            Post.url,
            Story.campaign,
            Post.story_id,
        )
        .join(Story, Story.id == Post.story_id)
        .join(Account, Account.id == Post.account_id)
        .join(User, User.id == Story.owner_id)
        .join(Revision, and_(Revision.post_id == Post.id, Revision.number == Post.revision))
    )
    for batch in _batches(post_ids):
        rows: Iterable[Any] = db.session.execute(query.where(Post.id.in_(batch)))
        for row in rows:
            yield Told(*(*row[:13], calendar.page_of(row.story_id, row.id)))


def _keep(rows: Sequence[dict[str, Any]]) -> None:
    """Keep fresh bytes for the next fetch, and drop those of older sequences and templates.

    Two fetches may keep the same bytes at once; the first wins. A busy database costs the cache only.
    """
    if not rows:
        return
    dialect = postgresql if db.engine.dialect.name == "postgresql" else sqlite
    insert = dialect.insert(RenderedEvent).on_conflict_do_nothing()
    old = [_outdated(batch) for batch in _batches([row["post_id"] for row in rows])]
    _write_if_free([(insert, list(rows)), *((statement, None) for statement in old)])


def _write_if_free(statements: Sequence[tuple[Executable, list[dict[str, Any]] | None]]) -> None:
    """Write what helps later fetches. Where the database is busy this one goes on without."""
    try:
        with writing() as session:
            for statement, rows in statements:
                session.execute(statement, rows, execution_options={"synchronize_session": False})
    except (OperationalError, IntegrityError):
        current_app.logger.warning("a feed's notes were not kept", exc_info=True)


def _outdated(post_ids: Sequence[int], *, besides: Sequence[ColumnElement[bool]] = ()) -> Delete:
    current = select(Post.sequence).where(Post.id == RenderedEvent.post_id).scalar_subquery()
    return delete(RenderedEvent).where(
        RenderedEvent.post_id.in_(post_ids),
        or_(
            RenderedEvent.sequence < current,
            RenderedEvent.template != render.template(_config().base_url),
            *besides,
        ),
    )


def forget(now: datetime) -> Iterator[int]:
    """Drop kept bytes that no fetch asks for: outdated ones, and those of posts that have left every feed.
    Walks along the posts a batch at a time; yields how many went with each."""
    shown_at = select(Post.shown_at).where(Post.id == RenderedEvent.post_id).scalar_subquery()
    left = shown_at < now - 2 * rules.PAST
    last = 0
    while ids := db.session.scalars(
        select(RenderedEvent.post_id)
        .where(RenderedEvent.post_id > last)
        .distinct()
        .order_by(RenderedEvent.post_id)
        .limit(BATCH)
    ).all():
        with writing() as session:
            result = session.execute(
                _outdated(ids, besides=[left]), execution_options={"synchronize_session": False}
            )
        last = ids[-1]
        yield result.rowcount  # type: ignore[attr-defined]


def _batches(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    return (ids[start : start + BATCH] for start in range(0, len(ids), BATCH))
