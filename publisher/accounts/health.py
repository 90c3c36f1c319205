"""How an account fares with its platform: silence, quotas, lost authority. Part of settling an attempt."""

from __future__ import annotations

from datetime import timedelta

from flask import current_app

from channels.base import Identifies, Quota
from channels.errors import Disconnected
from publisher import clock
from publisher.accounts import service
from publisher.accounts.authority import locked, lose
from publisher.accounts.models import Account
from publisher.accounts.rules import breaker_pause, free_again
from publisher.config import Timings
from publisher.extensions import db
from publisher.people import audit
from publisher.storage import writing


def answered(account: Account) -> None:
    """The platform said something that can be understood: its silence, if there was one, is over."""
    with writing():
        if account.silent_since is not None:
            account.silent_since = account.paused_until = None
            audit.record(None, "account.answers", "account", account.id)
        if account.strikes:
            account.strikes = 0


def unanswered(account: Account) -> None:
    """The way to the platform failed once more. After several times in a row nothing is tried for a while
    that grows, and then one post alone: an account sends one at a time, and its outcome comes back here or to
    `answered` before the next one can be claimed."""
    timings: Timings = current_app.extensions["settings"].timings
    with writing():
        account.strikes += 1
        pause = breaker_pause(account.strikes)
        if pause is None:
            return
        if account.silent_since is None:
            account.silent_since = clock.now()
            audit.record(None, "account.silent", "account", account.id, strikes=account.strikes)
        service.throttle(account, clock.now() + timedelta(seconds=pause * timings.pace))


def metered(account: Account, quota: Quota | None) -> None:
    """Remember what the platform's headers said is left, and slow down or stop before it refuses."""
    if quota is None:
        return
    with writing():
        now = clock.now()
        account.quota_left = quota.remaining
        account.quota_percent = quota.used_percent
        account.quota_resets_at = quota.resets_at
        account.quota_at = now
        if (until := free_again(quota, now)) is not None and until > now:
            service.throttle(account, until)


def probe(account_id: int) -> bool:
    """Ask the platform, unbidden, whether the account still may post; pause it when not, and hold it when it
    is somebody else. Never resumes it.

    False when the authority is gone. Raises Unavailable when nobody could say. No transaction is open during
    the call.
    """
    account = service.get(account_id)
    channel, used = service.open_channel(account), account.credentials
    db.session.rollback()
    name, lost = "", None
    try:
        if isinstance(channel, Identifies):
            name = channel.identify()
    except Disconnected as error:
        lost = error
    with writing():
        account = locked(account_id)
        if account.credentials != used:
            return True  # what was asked with is not what it sends with by now
        account.checked_at = clock.now()
        if lost is not None:
            lose(account, lost.message, used=used)
        service.noted(account, name)
    return lost is None
