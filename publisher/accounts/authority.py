"""Whether an account may still post: judged of the credentials that were used, on its row as it is now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import force_locale
from sqlalchemy import select

from publisher.accounts.models import Account
from publisher.accounts.platform_words import said
from publisher.accounts.rules import AccountStatus
from publisher.extensions import db
from publisher.notices import service as notices
from publisher.people import audit
from publisher.people import service as people
from publisher.people.models import User
from publisher.people.rules import Role
from publisher.storage import writing

Used = Mapping[str, Any] | None
"""The credentials of a call, as the account had them when its channel was opened."""


def locked(account_id: int) -> Account:
    """The account as it is now, until the commit. Call inside `writing()`.

    Who pauses and who resumes at the same moment wait for each other here: of a status that seems unchanged
    nothing would be written, and the other's would stay.
    """
    query = select(Account).where(Account.id == account_id)
    query = query.with_for_update(key_share=True)  # rows that name the account may come meanwhile
    return db.session.scalars(query.execution_options(populate_existing=True)).one()


def lose(account: Account, problem: str, *, used: Used, told: User | None = None) -> bool:
    """The platform took away authority or money: pause the account and tell the administrators, except for
    `told`, who hears of it anyway. Deliveries wait; those within their grace go when it is mended.

    False, with nothing written, when it was refused to other credentials than the account has by now.
    """
    with writing():
        account = locked(account.id)
        if account.credentials != used:
            return False
        was_active = account.status == AccountStatus.ACTIVE
        if account.silent_since is not None:
            account.silent_since = account.paused_until = None  # it did answer
        account.strikes = 0
        account.status, account.problem = AccountStatus.PAUSED, problem
        audit.record(None, "account.paused", "account", account.id, note=problem)
        if was_active:
            _tell_administrators(account, told)
        return True


def _tell_administrators(account: Account, told: User | None) -> None:
    for user in people.everyone():
        if user.active and user.role == Role.ADMIN and (told is None or user.id != told.id):
            with force_locale(user.language):
                values = {"account": account.label, "problem": said(account.problem)}
            notices.notify(user, "account_paused", values, f"/accounts/{account.slug}")
