"""Telling people: a notice in the app, and a mail where mail is set up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from flask import current_app
from flask_babel import gettext as _
from flask_sqlalchemy.pagination import Pagination
from sqlalchemy import Select, bindparam, func, select, update

from publisher import clock
from publisher.config import Config
from publisher.effects import service as effects
from publisher.errors import NotFound
from publisher.extensions import db
from publisher.notices import wishes
from publisher.notices.models import Notice
from publisher.notices.rules import Kind
from publisher.people.models import User
from publisher.storage import writing


def notify(user: User, kind: str, values: Mapping[str, Any], path: str) -> None:
    """Tell `user`, as part of the running transaction: what is rolled back was never news.

    `values` must be JSON and fill the sentence of `kind`: `by`, `title`, `account`; `reason`, `text` or
    `problem` is quoted below it. `path` is where to act, on this site. Someone inactive is told nothing.
    Raises ValueError for an unknown kind.
    """
    known = Kind(kind)
    if not user.active:
        return
    config: Config = current_app.extensions["settings"]
    with writing() as session:
        now = clock.now()
        notice = Notice(
            user_id=user.id, kind=str(known), values=dict(values), path=path[:300], at=now
        )
        session.add(notice)
        if config.mail_url and (due := wishes.of(user).due(known, now)) is not None:
            session.flush()
            effects.ask("mail", f"mail:notice:{notice.id}", {"notice": notice.id}, at=due)


def unread(user: User) -> int:
    """How many notices `user` has not read."""
    return db.session.scalar(_unread(), {"user": user.id}) or 0


@cache
def _unread() -> Select[int]:
    unread = (Notice.user_id == bindparam("user"), Notice.read_at.is_(None))
    return select(func.count()).where(*unread).select_from(Notice)


def of(user: User, page: int, *, only_unread: bool = False, per_page: int = 30) -> Pagination:
    """A page of somebody's notices, newest first."""
    query = select(Notice).where(Notice.user_id == user.id).order_by(Notice.id.desc())
    if only_unread:
        query = query.where(Notice.read_at.is_(None))
    found: Pagination = db.paginate(query, page=page, per_page=per_page, error_out=False)
    return found


def latest(user: User, most: int = 6) -> Sequence[Notice]:
    """The newest notices of `user`, for the bell: read or not."""
    return db.session.scalars(_latest(most), {"user": user.id}).all()


@cache
def _latest(most: int) -> Select[Notice]:
    theirs = select(Notice).where(Notice.user_id == bindparam("user"))
    return theirs.order_by(Notice.id.desc()).limit(most)


def read(user: User, notice_id: int) -> str:
    """Mark one's own notice as read and answer where it leads. Raises NotFound for anybody else's."""
    with writing() as session:
        notice = session.get(Notice, notice_id)
        if notice is None or notice.user_id != user.id:
            raise NotFound(_("There is no such notice."))
        if notice.read_at is None:
            notice.read_at = clock.now()
        return notice.path


def read_all(user: User, up_to: int) -> None:
    """Mark as read what `user` has seen: all up to that id, so that news that came meanwhile stays."""
    with writing() as session:
        session.execute(
            update(Notice)
            .where(Notice.user_id == user.id, Notice.id <= up_to, Notice.read_at.is_(None))
            .values(read_at=clock.now())
        )
