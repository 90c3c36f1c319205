"""People: who they are, how they sign in, and what administrators do for them.

Sessions, links and tokens have files of their own; what others need of them is offered here too.
"""

from __future__ import annotations

from collections.abc import Sequence

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import select, update

from publisher import clock
from publisher.config import Config
from publisher.effects import service as effects
from publisher.errors import Conflict, Invalid, NotAllowed, NotFound
from publisher.extensions import db
from publisher.people import audit, secrets
from publisher.people.links import end_links, look_at_link, make_link, use_link
from publisher.people.models import ApiToken, User
from publisher.people.rules import (
    LANGUAGES,
    LINK_PAIR,
    LINK_PLACE,
    PASSWORD_MAX,
    PASSWORD_MIN,
    SIGN_IN_PAIR,
    SIGN_IN_PLACE,
    THEMES,
    Purpose,
    Role,
    at_least,
    email_of,
    name_of,
    password_problem,
    slug_of,
)
from publisher.people.sessions import begin_session, end_sessions, person_of_session
from publisher.people.throttle import count_try, forget_tries
from publisher.people.tokens import create_token, person_of_token
from publisher.storage import writing
from publisher.zones import zone_of

__all__ = [
    "add",
    "create_token",
    "everyone",
    "get",
    "invite",
    "make_link",
    "person_of_session",
    "person_of_token",
]


# Finding people


def get(user_id: int) -> User:
    """The person with that id; raises NotFound."""
    user = db.session.get(User, user_id)
    if user is None:
        raise NotFound(_("There is no such person."))
    return user


def by_email(email: str) -> User | None:
    """The person with that address, however it is capitalised."""
    return db.session.scalar(select(User).where(User.email == email_of(email)))


def everyone() -> list[User]:
    """Everybody, also those who were deactivated, by name."""
    return list(db.session.scalars(select(User).order_by(User.name, User.id)))


# Signing in


def sign_in(email: str, password: str, *, place: str, agent: str = "") -> str:
    """Sign in by password; answers the new session's token. `place` is the caller's IP address.

    One sentence for an unknown address, a wrong password and someone inactive, and the same time taken,
    so that nobody learns who works here. Raises Invalid, and Throttled after too many tries.
    """
    where = secrets.keyed_digest(place)
    pair = f"sign_in:{secrets.keyed_digest(email_of(email) or email)}:{where}"
    count_try((pair, SIGN_IN_PAIR), (f"sign_in:{where}", SIGN_IN_PLACE))
    user = by_email(email)
    stored = user.password_hash if user else None
    fits = secrets.password_fits(stored, password[: PASSWORD_MAX + 1])
    if user is None or stored is None or not fits or not user.active:
        raise Invalid(_("The address or the password is not right."), code="wrong_password")
    fresh = secrets.hash_password(password) if secrets.needs_rehash(stored) else ""
    with writing() as session:
        if fresh:
            session.execute(
                update(User)
                .where(User.id == user.id, User.password_hash == stored)
                .values(password_hash=fresh)
            )
        forget_tries(pair)
        return begin_session(user, agent)


def ask_for_link(email: str, *, place: str, purpose: str = Purpose.SIGN_IN) -> None:
    """Have a one-time link mailed to that address, if somebody here has it.

    Known or not, the same happens here: an effect is asked for, and only whoever sends the mail looks.
    Raises Invalid for what is no address, and Throttled.
    """
    address = email_of(email)
    if not address:
        raise Invalid(_not_an_address(), fields={"email": "format"})
    where, who = secrets.keyed_digest(place), secrets.keyed_digest(address)
    count_try((f"link:{who}:{where}", LINK_PAIR), (f"link:{where}", LINK_PLACE))
    with writing():
        _mail_link(Purpose(purpose), address)


def sign_in_by_link(token: str, *, name: str = "", password: str = "", agent: str = "") -> str:
    """Use a one-time link and answer the new session's token.

    An invitation may set name and password, a reset must set a password (which ends every other session).
    A password that will not do leaves the link unused. Raises Gone, Invalid.
    """
    link = look_at_link(token)
    user, purpose = link.user, Purpose(link.purpose)
    wanted = name_of(name) or user.name
    hashed = ""
    if password or purpose is Purpose.RESET:
        hashed = _hashed(password, user.email, wanted)
    with writing():
        user = use_link(token)
        if purpose is Purpose.INVITATION and wanted != user.name:
            _rename(user, wanted)
        if hashed:
            user.password_hash = hashed
            end_sessions(user, user)
            audit.record(user, "set_password", "user", user.id)
        return begin_session(user, agent)


def change_password(user: User, old: str, new: str, *, place: str, keep_token: str = "") -> None:
    """Set a new password; the old one must be given if there is one. All other sessions and links end.

    Raises Invalid with the field that is wrong, Throttled when the old one is guessed too often.
    """
    if user.password_hash:
        key = f"password:{user.id}:{secrets.keyed_digest(place)}"
        count_try((key, SIGN_IN_PAIR))
        if not secrets.password_fits(user.password_hash, old[: PASSWORD_MAX + 1]):
            raise Invalid(_("The present password is not right."), fields={"old": "wrong"})
        forget_tries(key)
    hashed = _hashed(new, user.email, user.name)
    with writing():
        user.password_hash = hashed
        end_sessions(user, user, keep_token=keep_token)
        end_links(user)
        audit.record(user, "set_password", "user", user.id)


def _hashed(password: str, email: str, name: str) -> str:
    problem = password_problem(password, email, name)
    if problem:
        sentence = {
            "short": _("Use at least %(num)s characters; a few words are best.", num=PASSWORD_MIN),
            "long": _("Use at most %(num)s characters.", num=PASSWORD_MAX),
            "personal": _(
                "That is too easy to guess. Take words that are not your name or address."
            ),
        }[problem]
        raise Invalid(sentence, fields={"password": problem})
    return secrets.hash_password(password)


# One's own account


def save_profile(
    user: User,
    *,
    name: str | None = None,
    timezone: str | None = None,
    shortcuts: bool | None = None,
) -> None:
    """Change what a person says about themselves. Raises Invalid with the field."""
    shown = None if name is None else _named(name)
    zone = None if timezone is None else zone_of(timezone).key
    with writing():
        if shown is not None:
            _rename(user, shown)
        if zone is not None:
            user.timezone = zone
        if shortcuts is not None:
            user.shortcuts = shortcuts


def save_look(user: User, *, language: str = "", theme: str = "") -> None:
    """Keep the chosen language and theme; what is unknown or empty changes nothing."""
    with writing():
        if language in LANGUAGES:
            user.language = language
        if theme in THEMES:
            user.theme = theme


# What administrators do


def add(
    actor: User | None,
    email: str,
    name: str,
    role: str,
    *,
    language: str = "",
    timezone: str = "",
    password: str = "",
) -> User:
    """A new person. Administrators and the machine may.

    Raises Invalid (no address, no name, unknown role), Conflict when the address is taken.
    """
    _administrators_only(actor)
    config: Config = current_app.extensions["settings"]
    address, shown, rank = email_of(email), _named(name), _role(role)
    if not address:
        raise Invalid(_not_an_address(), fields={"email": "format"})
    hashed = _hashed(password, address, shown) if password else None
    with writing() as session:
        if by_email(address) is not None:
            raise Conflict(
                _("Somebody here has this address already."), code="email_taken", email=address
            )
        user = User(
            email=address,
            name=shown,
            slug=slug_of(shown, set(session.scalars(select(User.slug)))),
            role=rank,
            password_hash=hashed,
            language=language if language in LANGUAGES else config.language,
            timezone=zone_of(timezone or config.timezone).key,
            created_at=clock.now(),
        )
        session.add(user)
        session.flush()
        audit.record(actor, "add", "user", user.id, role=str(rank))
    return user


def invite(actor: User | None, email: str, name: str, role: str) -> tuple[User, str]:
    """Add a person and make their invitation; answers both. It is mailed as well where mail is set up."""
    with writing():
        user = add(actor, email, name, role)
        link = make_link(actor, user, Purpose.INVITATION)
        if mail_is_set_up():
            _mail_link(Purpose.INVITATION, user.email)
    return user, link


def set_role(actor: User | None, user: User, role: str) -> None:
    """Change what a person may do. The last administrator stays one. Raises Conflict, NotAllowed, Invalid."""
    _administrators_only(actor)
    rank = _role(role)
    with writing():
        before = user.role
        if rank == before:
            return
        if rank is not Role.ADMIN:
            _another_admin_stays(user)
        user.role = rank
        audit.record(actor, "set_role", "user", user.id, before=str(before), after=str(rank))


def deactivate(actor: User | None, user: User) -> None:
    """Bar a person at once: their sessions, links and API tokens end. What they wrote stays theirs.

    Raises Conflict for the last administrator.
    """
    _administrators_only(actor)
    with writing() as session:
        if not user.active:
            return
        _another_admin_stays(user)
        user.active = False
        end_sessions(actor, user)
        end_links(user)
        session.execute(
            update(ApiToken)
            .where(ApiToken.user_id == user.id, ApiToken.revoked_at.is_(None))
            .values(revoked_at=clock.now())
        )
        audit.record(actor, "deactivate", "user", user.id)


def activate(actor: User | None, user: User) -> None:
    """Let a deactivated person in again. Old sessions, links and tokens stay ended."""
    _administrators_only(actor)
    with writing():
        if not user.active:
            user.active = True
            audit.record(actor, "activate", "user", user.id)


def sign_out_everywhere(actor: User | None, user: User) -> int:
    """End all sessions of `user`: one's own, or anybody's for an administrator. Answers how many."""
    if actor is None or actor.id != user.id:
        _administrators_only(actor)
    with writing():
        end_links(user)
        return end_sessions(actor, user)


def mail_is_set_up() -> bool:
    """Whether this installation can send mail."""
    config: Config = current_app.extensions["settings"]
    return bool(config.mail_url)


def _another_admin_stays(user: User) -> None:
    """Refuse to take away the last active administrator.

    Locks the administrators' rows: two who demote each other at once must not both succeed.
    """
    admins: Sequence[int] = db.session.scalars(
        select(User.id)
        .where(User.role == Role.ADMIN, User.active.is_(True))
        .order_by(User.id)
        .with_for_update()
    ).all()
    if user.id in admins and len(admins) == 1:
        raise Conflict(
            _("This is the last administrator. Make somebody else an administrator first."),
            code="last_admin",
        )


def _mail_link(purpose: Purpose, address: str) -> None:
    """One row per address and purpose, however often it is asked for; the link is made when it is sent."""
    key = f"mail:{purpose}:{secrets.keyed_digest(address)}"
    desired = {"link": str(purpose), "email": address, "asked_at": clock.now().isoformat()}
    effects.ask("mail", key, desired)


def _administrators_only(actor: User | None) -> None:
    if actor is not None and not at_least(actor.role, Role.ADMIN):
        raise NotAllowed(_("Only administrators may do this."))


def _rename(user: User, name: str) -> None:
    """Give the person that name; whatever tells it elsewhere follows. Call inside `writing()`."""
    if name != user.name:
        user.name = name
        wish = {"owner_id": user.id, "since": clock.now().isoformat()}
        effects.ask("surface", f"surface:owner:{user.id}", wish)


def _named(name: str) -> str:
    shown = name_of(name)
    if not shown:
        raise Invalid(_("Please give a name."), fields={"name": "missing"})
    return shown


def _role(role: str) -> Role:
    try:
        return Role(role)
    except ValueError:
        raise Invalid(
            _("Choose one of these roles: %(roles)s.", roles=", ".join(Role)),
            fields={"role": "unknown"},
        ) from None


def _not_an_address() -> str:
    return _("This is not an e-mail address.")
