"""One-time links: signing in without a password, invitations, and choosing a new password."""

from __future__ import annotations

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import select, update

from publisher import clock
from publisher.config import Config
from publisher.errors import Conflict, Gone, NotAllowed
from publisher.extensions import db
from publisher.people import audit, secrets
from publisher.people.models import SignInLink, User
from publisher.people.rules import LINK_LIFETIME, Purpose, Role, at_least
from publisher.storage import writing


def make_link(actor: User | None, user: User, purpose: str = Purpose.SIGN_IN) -> str:
    """The absolute address of a new one-time link for `user`: sign_in, invitation or reset.

    Only an administrator or the machine makes one (the machine also mails those that people ask for
    themselves). Raises NotAllowed; Conflict when the person was deactivated.
    """
    if actor is not None and not at_least(actor.role, Role.ADMIN):
        raise NotAllowed(_("Only administrators make sign-in links for others."))
    token, now, wanted = secrets.new_token(), clock.now(), Purpose(purpose)
    with writing() as session:
        if not user.active:
            raise Conflict(_("This person was deactivated. Activate them again first."))
        session.add(
            SignInLink(
                user_id=user.id,
                purpose=wanted,
                token_hash=secrets.digest(token),
                created_at=now,
                expires_at=now + LINK_LIFETIME[wanted],
            )
        )
        audit.record(actor, "make_link", "user", user.id, purpose=str(wanted))
    config: Config = current_app.extensions["settings"]
    return f"{config.base_url}/link/{token}"


def look_at_link(token: str) -> SignInLink:
    """What a link is for, without using it up: scanners of mail open every link once. Raises Gone."""
    link = db.session.scalar(
        select(SignInLink)
        .join(SignInLink.user)
        .where(
            SignInLink.token_hash == secrets.digest(token),
            SignInLink.used_at.is_(None),
            SignInLink.expires_at > clock.now(),
            User.active.is_(True),
        )
    )
    if link is None:
        raise _gone()
    return link


def use_link(token: str) -> User:
    """Use a link up and answer whose it was; all their other links end with it.

    Two uses at once: the row is claimed by one guarded update, so only one of them wins. Raises Gone.
    """
    with writing() as session:
        link, now = look_at_link(token), clock.now()
        unused = update(SignInLink).where(SignInLink.used_at.is_(None)).values(used_at=now)
        claimed = session.execute(
            unused.where(SignInLink.id == link.id).returning(SignInLink.id)
        ).first()
        if claimed is None:
            raise _gone()
        session.execute(unused.where(SignInLink.user_id == link.user_id))
        return link.user


def end_links(user: User) -> None:
    """Make every open link of `user` useless."""
    with writing() as session:
        session.execute(
            update(SignInLink)
            .where(SignInLink.user_id == user.id, SignInLink.used_at.is_(None))
            .values(used_at=clock.now())
        )


def _gone() -> Gone:
    return Gone(_("This link was used already or has expired. Ask for a new one."))
