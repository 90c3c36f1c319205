"""Signed-in browsers: begin, recognise, list and end them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache

from sqlalchemy import Select, bindparam, delete, func, select, update
from sqlalchemy.orm import contains_eager

from publisher import clock
from publisher.extensions import db
from publisher.people import audit, secrets
from publisher.people.models import User, UserSession
from publisher.storage import when_run, writing

LIFETIME = timedelta(days=30)
"""How long a browser stays signed in after it was last seen."""

_TOUCH_AFTER = timedelta(minutes=5)
_FORGET_AFTER = timedelta(days=90)


def begin_session(user: User, agent: str = "") -> str:
    """Sign `user` in on one more browser; answers the token its cookie must hold. Old rows are tidied up."""
    token, now = secrets.new_token(), clock.now()
    with writing() as session:
        session.execute(
            delete(UserSession).where(
                UserSession.user_id == user.id, UserSession.expires_at < now - _FORGET_AFTER
            )
        )
        session.add(
            UserSession(
                user_id=user.id,
                token_hash=secrets.digest(token),
                created_at=now,
                seen_at=now,
                expires_at=now + LIFETIME,
                agent=agent[:200],
            )
        )
        audit.record(user, "sign_in", "user", user.id)
    return token


def session_of(token: str) -> UserSession | None:
    """The living session of that token, of somebody who is still active."""
    if not token:
        return None
    return db.session.scalar(_living(), {"digest": secrets.digest(token)})


@cache
def _living() -> Select[UserSession]:
    return (
        select(UserSession)
        .join(UserSession.user)
        .where(
            UserSession.token_hash == bindparam("digest"),
            UserSession.ended_at.is_(None),
            UserSession.expires_at > when_run(),
            User.active.is_(True),
        )
        .options(contains_eager(UserSession.user))
    )


def person_of_session(token: str) -> User | None:
    """Who carries that token; None when it is unknown, ended, expired or theirs no more.

    Being seen prolongs the session. That is written at most every five minutes: reading stays reading.
    """
    found = session_of(token)
    if found is None:
        return None
    user, now = found.user, clock.now()
    if now - found.seen_at >= _TOUCH_AFTER:
        with writing() as session:
            session.execute(
                update(UserSession)
                .where(UserSession.id == found.id, UserSession.ended_at.is_(None))
                .values(seen_at=now, expires_at=now + LIFETIME)
            )
    return user


def sessions_of(user: User) -> Sequence[UserSession]:
    """The living sessions of a person, the one seen last first."""
    return db.session.scalars(
        select(UserSession)
        .where(
            UserSession.user_id == user.id,
            UserSession.ended_at.is_(None),
            UserSession.expires_at > clock.now(),
        )
        .order_by(UserSession.seen_at.desc(), UserSession.id.desc())
    ).all()


def last_seen() -> dict[int, datetime]:
    """When each person was last here, by their id; whoever never was is missing."""
    rows = db.session.execute(
        select(UserSession.user_id, func.max(UserSession.seen_at).label("seen_at")).group_by(
            UserSession.user_id
        )
    )
    return {row.user_id: row.seen_at for row in rows}


def end_session(token: str) -> None:
    """Sign this one browser out. An empty or unknown token is no error: the aim is reached."""
    if not token:
        return
    with writing() as session:
        session.execute(
            update(UserSession)
            .where(UserSession.token_hash == secrets.digest(token), UserSession.ended_at.is_(None))
            .values(ended_at=clock.now())
        )


def end_sessions(
    actor: User | None, user: User, *, only: int | None = None, keep_token: str = ""
) -> int:
    """End the sessions of `user`: all, `only` the one with that id, or all but the one of `keep_token`.

    They die at once: each request asks the database. Answers how many were ended.
    """
    with writing() as session:
        asked = update(UserSession).where(
            UserSession.user_id == user.id, UserSession.ended_at.is_(None)
        )
        if only is not None:
            asked = asked.where(UserSession.id == only)
        if keep_token:
            asked = asked.where(UserSession.token_hash != secrets.digest(keep_token))
        ended = session.execute(asked.values(ended_at=clock.now()).returning(UserSession.id)).all()
        if ended:
            audit.record(actor, "end_sessions", "user", user.id, count=len(ended))
    return len(ended)
