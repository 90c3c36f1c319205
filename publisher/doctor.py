"""Is this installation well? Health for a person at a terminal, with each account by name."""

from __future__ import annotations

from collections.abc import Iterator

from publisher.accounts import service as accounts
from publisher.accounts.rules import AccountStatus
from publisher.health import service as health
from publisher.health.service import Check


def examine() -> list[Check]:
    """Look at everything; never raises for what it finds."""
    checks = health.examine()
    return [*checks, *_accounts()] if checks[0].well else checks


def _accounts() -> Iterator[Check]:
    for account in accounts.all_accounts():
        held = accounts.hold_of(account)
        well = account.status == AccountStatus.ACTIVE and held is None
        said = "ready" if well else f"paused: {account.problem}"
        if held is not None:
            said = f"held by {held.actor_name}: {held.reason} Release it on the page Accounts."
        yield Check(f"account {account.slug}", well, said)
