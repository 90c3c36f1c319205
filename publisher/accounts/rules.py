"""What an account's state means. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from channels.base import Quota


class AccountStatus(StrEnum):
    """`active` may post; `paused` waits for a person (authority or money gone, or a person's wish)."""

    ACTIVE = "active"
    PAUSED = "paused"


CREDENTIAL_FIELDS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "blog": ((), ()),
    "twitter": (("consumer_key", "consumer_secret", "access_token", "access_token_secret"), ()),
    "facebook": (("page_id", "page_token"), ("app_secret",)),
}
"""Per kind: the credentials that are required, and those that may be given."""


def credential_problems(kind: str, given: dict[str, str]) -> list[str]:
    """Sentences about missing, empty or unknown credentials; empty when all is well."""
    required, optional = CREDENTIAL_FIELDS[kind]
    missing = [name for name in required if not str(given.get(name) or "").strip()]
    unknown = sorted(set(given) - set(required) - set(optional))
    return [f"“{name}” is missing." for name in missing] + [
        f"“{name}” is not known for {kind}." for name in unknown
    ]


BREAKER_AFTER = 5
"""So many failures in a row of the way to a platform, and nothing more is tried for a while."""
BREAKER_PAUSES_S = (30.0, 60.0, 120.0, 300.0, 600.0, 900.0)
"""Seconds until one post is tried again, growing with every try that fails."""


def breaker_pause(strikes: int) -> float | None:
    """For how many seconds nothing is tried after `strikes` failures in a row; None while they are few."""
    if strikes < BREAKER_AFTER:
        return None
    return BREAKER_PAUSES_S[min(strikes - BREAKER_AFTER, len(BREAKER_PAUSES_S) - 1)]


SLOW_PERCENT, STOP_PERCENT = 80.0, 95.0
"""From the first on we keep a distance between posts, from the second on we stop before we are refused."""
SLOWEST_S = 300.0
REGAIN = timedelta(hours=1)
"""How long to stop when a platform tells how full it is but not when it will be less."""


def free_again(quota: Quota, now: datetime) -> datetime | None:
    """The earliest instant of the next post that a platform's own figures allow; None for at once.

    A count is exact, so its last post still goes out. A percentage is an estimate that other calls raise too:
    near its end posts keep a distance, and close before it they stop.
    """
    if quota.remaining is not None and quota.remaining <= 0:
        return quota.resets_at
    percent = quota.used_percent
    if percent is None or percent < SLOW_PERCENT:
        return None
    if percent >= STOP_PERCENT:
        return quota.resets_at or now + REGAIN
    full = (percent - SLOW_PERCENT) / (STOP_PERCENT - SLOW_PERCENT)
    return now + timedelta(seconds=max(5.0, SLOWEST_S * full))


DAY_S, HOUR_S = 24 * 3600.0, 3600.0


def needs_check(due_in_s: float, asked_ago_s: float | None) -> bool:
    """Whether the platform should be asked if the account still may post: its next post is due in `due_in_s`
    seconds, and it was asked so long ago (None: never). Half a day old is good enough a day before a post, an
    hour old in the hour before it; in the last minutes sending itself will tell."""
    if not 300 <= due_in_s <= DAY_S:
        return False
    good = HOUR_S if due_in_s <= HOUR_S + 300 else DAY_S / 2
    return asked_ago_s is None or asked_ago_s > good


CLOCK_TOLERANCE_S = 60.0


@dataclass(frozen=True, slots=True)
class Reading:
    """Two clocks at one moment, in seconds: what time the machine believes it is, and for how long it has
    been on, sleep included. `boot_id` names the start that the second counts from."""

    wall: float
    boot: float
    boot_id: str


def clock_shift(before: Reading, now: Reading) -> float:
    """By how many seconds somebody moved the wall clock between two readings, negative for back.

    Zero after a restart of the machine, which makes them incomparable. Sleep passes on both clocks alike.
    """
    if before.boot_id != now.boot_id:
        return 0.0
    return (now.wall - before.wall) - (now.boot - before.boot)


def moved(shift_s: float) -> bool:
    """Whether that is more than time servers correct in passing."""
    return abs(shift_s) > CLOCK_TOLERANCE_S
