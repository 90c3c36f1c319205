"""Credentials that end: administrators are told a week before, and once more on the day before."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import current_app
from sqlalchemy import String, cast, exists, literal, select

from publisher import clock
from publisher.accounts.models import Account
from publisher.config import Config
from publisher.effects import service as effects
from publisher.effects.models import Effect
from publisher.extensions import db
from publisher.notices import service as notices
from publisher.people import service as people
from publisher.people.rules import Role
from publisher.storage import writing

WEEK, DAY = timedelta(days=7), timedelta(days=1)
MORNING = timedelta(hours=9)
"""Credentials end at a midnight; nobody need be told at one."""


def remind(account: Account) -> None:
    """Want the administrators told in time; what was wanted for the credentials of before is void."""
    if account.expires_at is not None:
        _ask(account.id, account.expires_at)


def ask_daily() -> None:
    """Reminders for accounts that have none, since they were connected before there were any. What was asked
    for stays untouched: it may be due at this very moment."""
    key = literal("expiry:").concat(cast(Account.id, String))
    asked = exists().where(Effect.key == key)
    ahead = select(Account).where(Account.expires_at > clock.now(), ~asked)
    for account in db.session.scalars(ahead).all():
        remind(account)


def _ask(account_id: int, ends: datetime) -> None:
    """The next reminder that is still ahead; what ends sooner than in a day is told at once."""
    now = clock.now()
    ahead = [at for before in (WEEK, DAY) if (at := ends - before + MORNING) > now]
    wish = {"account": account_id, "ends": ends.isoformat(), "left": len(ahead)}
    effects.ask("expiry", f"expiry:{account_id}", wish, at=ahead[0] if ahead else now)


def tell(desired: dict[str, Any]) -> None:
    """Effect `expiry`: tell every administrator, unless the credentials were renewed meanwhile."""
    account = db.session.get(Account, desired["account"])
    if account is None or account.expires_at is None:
        return
    if account.expires_at.isoformat() != desired["ends"]:
        return
    config: Config = current_app.extensions["settings"]
    last = account.expires_at - timedelta(microseconds=1)
    day = last.astimezone(ZoneInfo(config.timezone)).date()
    with writing():
        account = db.session.get_one(Account, account.id)
        for user in people.everyone():
            if user.active and user.role == Role.ADMIN:
                values = {"account": account.label, "day": day.isoformat()}
                notices.notify(user, "account_expires", values, f"/accounts/{account.slug}")
        if desired["left"] > 1 and account.expires_at is not None:
            _ask(account.id, account.expires_at)
