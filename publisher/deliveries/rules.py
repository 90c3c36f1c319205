"""The publishing state machine and every decision of delivery. Pure: `now` and randomness are parameters."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from publisher.stories.rules import Draft


class DeliveryStatus(StrEnum):
    """Where one approved post (or one part of a thread) is on its way out."""

    SCHEDULED = "scheduled"
    SENDING = "sending"
    UNCONFIRMED = "unconfirmed"
    PUBLISHED = "published"
    FAILED = "failed"
    MISSED = "missed"
    NEEDS_ATTENTION = "needs_attention"
    CANCELLED = "cancelled"
    TAKEN_DOWN = "taken_down"


(
    SCHEDULED,
    SENDING,
    UNCONFIRMED,
    PUBLISHED,
    FAILED,
    MISSED,
    NEEDS_ATTENTION,
    CANCELLED,
    TAKEN_DOWN,
) = DeliveryStatus

TRANSITIONS: dict[DeliveryStatus, frozenset[DeliveryStatus]] = {
    SCHEDULED: frozenset({SCHEDULED, SENDING, MISSED, CANCELLED, UNCONFIRMED, PUBLISHED}),
    SENDING: frozenset(
        {SENDING, SCHEDULED, CANCELLED, PUBLISHED, FAILED, NEEDS_ATTENTION, UNCONFIRMED}
    ),
    UNCONFIRMED: frozenset({UNCONFIRMED, PUBLISHED, SCHEDULED, NEEDS_ATTENTION}),
    NEEDS_ATTENTION: frozenset({PUBLISHED, SCHEDULED, CANCELLED}),
    MISSED: frozenset({SCHEDULED, CANCELLED, UNCONFIRMED}),
    PUBLISHED: frozenset({TAKEN_DOWN}),
    FAILED: frozenset(),
    CANCELLED: frozenset(),
    TAKEN_DOWN: frozenset(),
}
"""from → what it may become. The reasons are in `docs/delivery.md`; publishing again is a new run."""

FINAL = frozenset({PUBLISHED, FAILED, CANCELLED, TAKEN_DOWN})
"""Nothing is sent from here any more; what is published may still be taken down."""
OPEN = frozenset({SCHEDULED, SENDING, UNCONFIRMED, MISSED, NEEDS_ATTENTION})


BEYOND_RECALL = frozenset({SENDING, UNCONFIRMED, NEEDS_ATTENTION, PUBLISHED})
"""Some of it is out or may be: the approval under which it went is no longer anybody's to take back."""


class WaitsFor(StrEnum):
    """Why a scheduled delivery does not go. `release` (of a hold) and `confirmation` (of the time) are in no
    row: a hold ends for all at once."""

    APPROVAL = "approval"
    TARGET = "target"
    PART = "part"
    ACCOUNT = "account"
    RELEASE = "release"
    CONFIRMATION = "confirmation"


def overall(statuses: Sequence[DeliveryStatus], *, waiting: bool = False) -> str | None:
    """One word for all parts of a run: what the post's `delivery_status` mirrors.

    `waiting` says that the first open part waits for a link, an account or a person.
    """
    if not statuses:
        return None
    kinds = set(statuses)
    if len(kinds) == 1:
        only = statuses[0]
        return "waiting" if only == SCHEDULED and waiting else str(only)
    if TAKEN_DOWN in kinds:
        return str(TAKEN_DOWN)
    for trouble in (NEEDS_ATTENTION, UNCONFIRMED):
        if trouble in kinds:
            return str(trouble)
    if PUBLISHED in kinds and kinds & {FAILED, CANCELLED, MISSED}:
        return "partly_published"
    for trouble in (FAILED, MISSED):
        if trouble in kinds:
            return str(trouble)
    return str(SENDING if kinds & {PUBLISHED, SENDING} else SCHEDULED)


class CorrectionKind(StrEnum):
    """What a person may have done to a post that is out."""

    CORRECT = "correct"
    TAKE_DOWN = "take_down"


def uncorrectable(was: Draft, now: Draft, corrects: frozenset[str]) -> list[str]:
    """What of `now` differs from what is out and cannot be set in its place: names as in `corrects`.

    Beside pictures a link is part of the text.
    """
    changed = {
        "title": was.title != now.title,
        "text": was.text != now.text,
        "link": was.link != now.link and not (was.media and now.media),
        "media": was.media != now.media,
    }
    return [name for name, differs in changed.items() if differs and name not in corrects]


def backoff(steps: Sequence[float], attempts: int, spread: float) -> float:
    """Seconds until the next try after `attempts` tries; `spread` in 0..1 makes ±30 % of jitter."""
    step = steps[min(max(attempts, 1), len(steps)) - 1]
    return step * (0.7 + 0.6 * spread)


class Verdict(StrEnum):
    """What one reading of the timeline means for an unconfirmed delivery."""

    PUBLISHED = "published"
    ABSENT = "absent"
    AGAIN = "again"
    RESEND = "resend"
    TWO_MATCHES = "two_matches"
    NO_READING = "no_reading"
    NO_VERDICT = "no_verdict"
    RESENT = "resent"


def verdict(
    *,
    matches: int | None,
    readable: bool,
    absences: int,
    since_wire: float,
    since_last_wire: float,
    since_absence: float,
    resends: int,
    settle: float,
    read_gap: float,
    give_up: float,
    max_resends: int,
) -> Verdict:
    """Judge a reading: `matches` is how many posts fit, None when reading failed. Times in seconds.

    Sending again needs two complete readings without a match, at least `read_gap` apart, the last one at
    least `settle` after the last wire: before that a sender could still be alive, or the timeline lag.
    """
    if not readable:
        return Verdict.NO_READING
    if matches is None:
        return Verdict.NO_VERDICT if since_wire >= give_up else Verdict.AGAIN
    if matches == 1:
        return Verdict.PUBLISHED
    if matches > 1:
        return Verdict.TWO_MATCHES
    if since_last_wire < settle:
        return Verdict.AGAIN
    if absences == 0:
        return Verdict.ABSENT
    if since_absence < read_gap:
        return Verdict.AGAIN
    return Verdict.RESEND if resends < max_resends else Verdict.RESENT


EXACT_S, LATEST_S = 300.0, 7 * 24 * 3600.0
"""The least and the most seconds that a post may be late. The least means: then or not at all."""

DAY_S, HOUR_S = 24 * 3600.0, 3600.0
TOO_LATE_S = 300.0
"""Who schedules a post that is due so soon sees for himself what becomes of it."""


def first_look(left: float) -> float | None:
    """In how many seconds somebody looks ahead at a post that is due in `left` seconds; None for never."""
    return None if left < TOO_LATE_S else max(0.0, left - DAY_S)


def next_look(left: float, *, concerned: bool) -> float | None:
    """The same after a look: an hour before it is due, and while something is wrong ever more often."""
    if left <= 0:
        return None
    coming = [left - at for at in (DAY_S, HOUR_S) if left - at > 1.0]
    if concerned:
        coming.append(min(max(left / 10, 60.0), 900.0))
    return min(coming, default=None)
