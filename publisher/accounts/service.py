"""Connecting accounts, opening their channels, pausing and holding."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import undefer
from sqlalchemy.orm.attributes import flag_modified

from channels import REGISTRY, channel_class
from channels.base import Channel, Identifies, Token
from channels.blog import Blog
from channels.errors import ChannelError, Disconnected
from publisher import clock, queue
from publisher.accounts import expiry
from publisher.accounts.addresses import require_public
from publisher.accounts.authority import locked, lose
from publisher.accounts.models import Account, Hold
from publisher.accounts.rules import CREDENTIAL_FIELDS, AccountStatus, credential_problems
from publisher.blog.service import Shelf
from publisher.effects import service as effects
from publisher.errors import Conflict, Invalid, NotFound
from publisher.extensions import db
from publisher.notices import service as notices
from publisher.people import audit
from publisher.people import service as people
from publisher.people.models import User
from publisher.people.rules import Role, at_least
from publisher.storage import writing

IDENTITY = "identity"
"""The code of a hold because an account's new credentials belong to somebody else."""
SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")


def all_accounts() -> Sequence[Account]:
    """Every account, hosted blogs first, then by name."""
    accounts = db.session.scalars(select(Account).order_by(Account.label, Account.id)).all()
    return sorted(accounts, key=lambda account: account.kind != "blog")


def by_slug(slug: str) -> Account:
    """The account of that slug; raises NotFound."""
    account = db.session.scalar(select(Account).where(Account.slug == slug))
    if account is None:
        raise NotFound(_("There is no account “%(slug)s”.", slug=slug), code="account_unknown")
    return account


def get(account_id: int) -> Account:
    """The account of that id; raises NotFound."""
    account = db.session.get(Account, account_id)
    if account is None:
        raise NotFound(_("There is no such account."), code="account_unknown")
    return account


def connect(
    actor: User | None,
    *,
    kind: str,
    slug: str,
    label: str = "",
    credentials: Mapping[str, str] | None = None,
    api_url: str = "",
    spacing_s: float | None = None,
    sandbox: bool = False,
    expires_at: datetime | None = None,
) -> Account:
    """Add an account, or renew the credentials of the one with that slug and kind. It keeps its posts: what
    waits for it goes out, as far as it is within its grace. `expires_at` is when the credentials end.

    Raises Invalid naming what is missing, Conflict for a second hosted blog. A new account is not asked who
    it is, `check` does that; one that is there is asked as in `renew`, and held if it is somebody else.
    """
    if kind not in REGISTRY:
        raise Invalid(
            _(
                "“%(kind)s” is no channel. There are: %(kinds)s.",
                kind=kind,
                kinds=", ".join(REGISTRY),
            )
        )
    if not SLUG.fullmatch(slug):
        raise Invalid(
            _(
                "A short name has lower-case letters, digits and hyphens: “%(slug)s” does not.",
                slug=slug,
            )
        )
    given = _complete(kind, credentials or {})
    if spacing_s is not None:
        _require_pace(spacing_s)
    if actor is not None:
        require_public(api_url)
    _require_room(kind, slug)
    known = db.session.scalar(select(Account).where(Account.slug == slug))
    name = _who(kind, given, api_url) if known is not None and known.kind == kind else ""
    with writing() as session:
        account_id = session.scalar(select(Account.id).where(Account.slug == slug))
        account = locked(account_id) if account_id else None
        if account is None:
            account = Account(kind=kind, slug=slug, label=label or slug, created_at=clock.now())
            account.spacing_s = channel_class(kind).limits.spacing_s
            session.add(account)
        elif account.kind != kind:
            raise Conflict(_("“%(slug)s” is an account of another channel.", slug=slug))
        _label(account, label or account.label)
        account.api_url, account.sandbox = api_url, sandbox
        account.spacing_s = account.spacing_s if spacing_s is None else spacing_s
        _entrust(actor, account, given, expires_at)
        noted(account, name)
        return account


def _entrust(
    actor: User | None, account: Account, given: dict[str, str], expires_at: datetime | None
) -> None:
    """Give the account these credentials and let it send. Call inside `writing()`."""
    account.credentials = given if CREDENTIAL_FIELDS[account.kind][0] else None
    account.expires_at = expires_at
    account.paused_until = None
    _activate(account)
    db.session.flush()
    expiry.remind(account)
    audit.record(
        actor, "account.connected", "account", account.id, kind=account.kind, slug=account.slug
    )
    queue.ring_after_commit(clock.now())


def _label(account: Account, label: str) -> None:
    """Give the account that label; whatever shows it elsewhere follows. Call inside `writing()`."""
    if account.id is not None and label != account.label:
        wish = {"account_id": account.id, "since": clock.now().isoformat()}
        effects.ask("surface", f"surface:account:{account.id}", wish)
    account.label = label


def noted(account: Account, name: str) -> None:
    """Keep who the account says it is; hold it where that is not who it was. Call inside `writing()`.

    A person's own hold keeps its words, and says this as well.
    """
    if not name:
        return
    before = account.public_name
    account.public_name, account.checked_at = name, clock.now()
    if not before or name == before:
        return
    said, held = f"It answers as {name} now, not as {before} any more.", _open_hold(account.id)
    if held is not None and held.code != IDENTITY:
        held.reason = f"{held.reason} {said}"
        return
    held = held or hold(None, said, account)
    held.code, held.values = IDENTITY, {"now": name, "before": before}


def _complete(kind: str, credentials: Mapping[str, str]) -> dict[str, str]:
    """The credentials without white space around them. Raises Invalid naming what is missing or unknown."""
    given = {name: str(value).strip() for name, value in credentials.items()}
    if problems := credential_problems(kind, given):
        raise Invalid(" ".join(problems), code="credentials_incomplete")
    return given


def _require_room(kind: str, slug: str) -> None:
    """One hosted blog: its pages and its feed are the site's, and know of no account."""
    if kind != Blog.kind:
        return
    other = db.session.scalar(select(Account).where(Account.kind == kind, Account.slug != slug))
    if other is not None:
        raise Conflict(
            _(
                "There is a hosted blog already: “%(slug)s”. Its pages and its feed are this"
                " installation's own, so there can be no second one.",
                slug=other.slug,
            ),
            code="blog_exists",
        )


def renew(
    actor: User | None,
    account: Account,
    credentials: Mapping[str, str],
    *,
    expires_at: datetime | None = None,
) -> Account:
    """Give an account new credentials, once the platform has accepted them; it keeps its posts.

    If they belong to somebody else than before, the account is held at the same moment: no post goes out
    under another name before a person releases it. Raises Invalid, and keeps the old ones, when the platform
    refuses them; one that cannot be asked now is believed.
    """
    given, account_id = _complete(account.kind, credentials), account.id
    if actor is not None:
        require_public(account.api_url)
    name = _who(account.kind, given, account.api_url)
    with writing():
        account = locked(account_id)
        _entrust(actor, account, given, expires_at)
        noted(account, name)
        return account


def _who(kind: str, credentials: Mapping[str, str], api_url: str) -> str:
    """Whose credentials these are; empty when nobody can say now. Raises Invalid when they are refused."""
    db.session.rollback()
    adapter = channel_class(kind)
    if not issubclass(adapter, Identifies):
        return ""
    channel = adapter(credentials, lambda _token: None, api_url=api_url or None)
    try:
        return channel.identify()
    except Disconnected as error:
        raise Invalid(error.message, code="account_refused") from None
    except ChannelError:
        return ""


def open_channel(account: Account) -> Channel:
    """The account's channel, ready to use outside of any transaction: it keeps no database row."""
    credentials = dict(account.credentials or {})
    account_id = account.id

    def save_token(token: Token) -> None:
        with writing() as session:
            row = session.get(Account, account_id)
            if row is not None:
                row.credentials = {**(row.credentials or {}), **token}

    if account.kind == "blog":
        return Blog(credentials, save_token, shelf=Shelf())
    adapter = channel_class(account.kind)
    channel = adapter(credentials, save_token, api_url=account.api_url or None)
    channel.known_as = account.public_name
    return channel


def check(actor: User | None, account: Account) -> Account:
    """Ask the platform who the account is. Resumes it when all is well, pauses it when authority is gone, and
    holds it when it is somebody else. What was asked with other credentials than it has by now says nothing.

    Raises Invalid with the platform's reason. No transaction is open during the call.
    """
    channel, used, account_id = open_channel(account), account.credentials, account.id
    db.session.rollback()
    name, problem, lost = "", "", False
    if isinstance(channel, Identifies):
        try:
            name = channel.identify()
        except ChannelError as error:
            problem, lost = error.message, isinstance(error, Disconnected)
    with writing():
        account = locked(account_id)
        if account.credentials != used:
            return account
        account.checked_at = clock.now()
        if lost:
            lose(account, problem, used=used, told=actor)
        elif not problem:
            noted(account, name)
            _activate(account)
        audit.record(actor, "account.checked", "account", account.id, problem=problem)
    if problem:
        raise Invalid(problem, code="account_refused")
    return account


def pause(actor: User | None, account: Account, problem: str) -> None:
    """Stop sending for this account until a person resumes it. Deliveries wait; nothing is lost."""
    with writing():
        account = locked(account.id)
        account.status = AccountStatus.PAUSED
        account.problem = problem
        audit.record(actor, "account.paused", "account", account.id, note=problem)


def resume(actor: User | None, account: Account) -> None:
    """Let a paused account send again, also where a platform asked to wait: a person decides. What is overdue
    within its grace goes out, oldest first."""
    with writing():
        account = locked(account.id)
        account.paused_until = None
        _activate(account)
        audit.record(actor, "account.resumed", "account", account.id)
        queue.ring_after_commit(clock.now())


def throttle(account: Account, until: datetime) -> None:
    """The platform counted us out: nothing goes out on this account before `until`."""
    with writing():
        if account.paused_until is None or account.paused_until < until:
            account.paused_until = until


def pace(actor: User | None, account: Account, spacing_s: float) -> None:
    """Set the least number of seconds between two posts."""
    _require_pace(spacing_s)
    with writing():
        account.spacing_s = spacing_s
        audit.record(actor, "account.paced", "account", account.id, spacing_s=spacing_s)


def _require_pace(spacing_s: float) -> None:
    if not 0 <= spacing_s <= 86_400:
        raise Invalid(_("The pause between two posts lies between 0 seconds and a day."))


def hold(actor: User | None, reason: str, account: Account | None = None) -> Hold:
    """Hold everything, or one account, from the next commit 2 on. What is held already keeps its reason."""
    if not reason.strip():
        raise Invalid(
            _("Say why, so that the others know when to release it."), code="reason_missing"
        )
    with writing() as session:
        held = _open_hold(account.id if account else None)
        if held is None:
            held = Hold(
                account_id=account.id if account else None,
                scope=account.id if account else 0,
                reason=reason.strip(),
                actor_name=actor.name if actor else audit.SYSTEM,
                at=clock.now(),
            )
            session.add(held)
            audit.record(
                actor, "held", "account", account.id if account else None, note=held.reason
            )
            if actor is None and account is not None:
                _tell_of_hold(account)
        return held


def release(actor: User | None, account: Account | None = None) -> None:
    """Let go of what is held. What is overdue beyond its grace is missed and shown, not sent."""
    with writing():
        held = _open_hold(account.id if account else None)
        if held is None:
            raise Conflict(_("Nothing is held here."))
        held.released_at = clock.now()
        held.released_by = actor.name if actor else audit.SYSTEM
        audit.record(actor, "released", "account", account.id if account else None)
        queue.ring_after_commit(clock.now())


def hold_of(account: Account) -> Hold | None:
    """The open hold on this account alone."""
    return _open_hold(account.id)


def holding() -> Hold | None:
    """The hold on everything: a moved clock's, or somebody's."""
    query = select(Hold).where(Hold.account_id.is_(None), Hold.released_at.is_(None))
    return db.session.scalar(query.order_by(Hold.scope).limit(1))


def holds() -> dict[int | None, Hold]:
    """Open holds by account id; None stands for everything, -1 for a moved clock."""
    query = select(Hold).where(Hold.released_at.is_(None))
    return {held.scope or None: held for held in db.session.scalars(query)}


def rotate_keys() -> int:
    """Write all credentials anew with the newest vault key. Returns how many were rewritten."""
    with writing() as session:
        sealed = select(Account).where(Account.credentials.is_not(None))
        accounts = session.scalars(sealed.options(undefer(Account.credentials))).all()
        for account in accounts:
            flag_modified(account, "credentials")
        return len(accounts)


def _tell_of_hold(account: Account) -> None:
    """The machine stopped an account: whoever may release it hears of it."""
    for user in people.everyone():
        if user.active and at_least(user.role, Role.EDITOR):
            notices.notify(
                user, "account_held", {"account": account.label}, f"/accounts/{account.slug}"
            )


def _activate(account: Account) -> None:
    account.status, account.problem = AccountStatus.ACTIVE, ""
    if account.silent_since is not None:
        account.paused_until = account.silent_since = None
    account.strikes = 0


def _open_hold(account_id: int | None) -> Hold | None:
    query = select(Hold).where(Hold.scope == (account_id or 0), Hold.released_at.is_(None))
    return db.session.scalar(query)
