"""API tokens: keys for programs, shown once, stored hashed, limited to scopes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from flask_babel import gettext as _
from sqlalchemy import select, update

from publisher import clock
from publisher.errors import Invalid, NotAllowed, NotFound
from publisher.extensions import db
from publisher.people import audit, secrets
from publisher.people.models import ApiToken, User
from publisher.people.rules import Role, Scope, at_least
from publisher.storage import writing

PREFIX = "pub_"
"""Lets people and secret scanners recognise one of our tokens."""

_TOUCH_AFTER = timedelta(minutes=1)


def create_token(
    actor: User | None,
    user: User,
    name: str,
    scopes: Iterable[str],
    expires_at: datetime | None = None,
) -> tuple[ApiToken, str]:
    """A new token for `user` and its text, which nothing can show again.

    Only the person or the machine makes one: nobody acts in another's name. Raises Invalid, NotAllowed.
    """
    if actor is not None and actor.id != user.id:
        raise NotAllowed(_("Everyone makes their own API tokens."))
    name, chosen, now = name.strip(), _known(scopes), clock.now()
    if not name or len(name) > 100:
        raise Invalid(
            _("Give the token a name of up to 100 letters, so that you recognise it later."),
            fields={"name": "length"},
        )
    if expires_at is not None and expires_at <= now:
        raise Invalid(
            _("The token would have expired already. Choose a later day."),
            fields={"expires_at": "past"},
        )
    text = PREFIX + secrets.new_token()
    with writing() as session:
        token = ApiToken(
            user_id=user.id,
            name=name,
            token_hash=secrets.digest(text),
            scopes=chosen,
            created_at=now,
            expires_at=expires_at,
        )
        session.add(token)
        session.flush()
        audit.record(actor, "create_token", "token", token.id, name=name, scopes=chosen)
    return token, text


def _known(scopes: Iterable[str]) -> list[str]:
    wanted = {str(scope) for scope in scopes}
    unknown = wanted - set(Scope)
    if unknown or not wanted:
        raise Invalid(
            _("Choose what the token may do: %(scopes)s.", scopes=", ".join(Scope)),
            fields={"scopes": "unknown" if unknown else "missing"},
        )
    return [str(scope) for scope in Scope if scope in wanted]


def person_of_token(secret: str) -> tuple[User, frozenset[str]] | None:
    """Whose token that is and its scopes; None when unknown, revoked, expired, or its owner may not work."""
    if not secret.startswith(PREFIX):
        return None
    now = clock.now()
    token = db.session.scalar(
        select(ApiToken)
        .join(ApiToken.user)
        .where(
            ApiToken.token_hash == secrets.digest(secret),
            ApiToken.revoked_at.is_(None),
            User.active.is_(True),
        )
    )
    if token is None or (token.expires_at is not None and token.expires_at <= now):
        return None
    user, scopes = token.user, frozenset(token.scopes)
    if token.used_at is None or now - token.used_at >= _TOUCH_AFTER:
        with writing() as session:
            session.execute(update(ApiToken).where(ApiToken.id == token.id).values(used_at=now))
    return user, scopes


def tokens_of(user: User) -> Sequence[ApiToken]:
    """The tokens of a person that were not revoked, newest first; expired ones too, so that they are seen."""
    return db.session.scalars(
        select(ApiToken)
        .where(ApiToken.user_id == user.id, ApiToken.revoked_at.is_(None))
        .order_by(ApiToken.id.desc())
    ).all()


def revoke_token(actor: User | None, token_id: int) -> None:
    """End a token at once. Its owner may, and an administrator; others learn nothing about it."""
    with writing() as session:
        token = session.get(ApiToken, token_id)
        mine = token is not None and (
            actor is None or actor.id == token.user_id or at_least(actor.role, Role.ADMIN)
        )
        if token is None or not mine:
            raise NotFound(_("There is no such token."))
        if token.revoked_at is None:
            token.revoked_at = clock.now()
            audit.record(actor, "revoke_token", "token", token.id, name=token.name)
