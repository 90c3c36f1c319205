"""What people are told about, how each kind is shown, and when it is mailed. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo


class Kind(StrEnum):
    """One kind of news. `notices/sentences.py` has the words of each."""

    REVIEW_REQUESTED = "review_requested"
    CHANGES_REQUESTED = "changes_requested"
    APPROVED = "approved"
    APPROVAL_EXPIRED = "approval_expired"
    APPROVAL_TAKEN_BACK = "approval_taken_back"
    WITHDRAWN = "withdrawn"
    EDITED = "edited"
    ASSIGNED = "assigned"
    DEADLINE_NEAR = "deadline_near"
    DEADLINE_PASSED = "deadline_passed"
    ASSIGNED_LATE = "assigned_late"
    COMMENT = "comment"
    MENTION = "mention"
    PUBLISHED = "published"
    TAKEN_DOWN = "taken_down"
    FAILED = "failed"
    MISSED = "missed"
    NEEDS_ATTENTION = "needs_attention"
    ACCOUNT_PAUSED = "account_paused"
    ACCOUNT_HELD = "account_held"
    ACCOUNT_EXPIRES = "account_expires"
    PREFLIGHT = "preflight"
    CLOCK_MOVED = "clock_moved"


URGENT = frozenset(
    {
        *(Kind.FAILED, Kind.MISSED, Kind.NEEDS_ATTENTION, Kind.ACCOUNT_PAUSED),
        *(Kind.ACCOUNT_HELD, Kind.PREFLIGHT, Kind.CLOCK_MOVED),
    }
)
"""Somebody has to act, or a post does not go out."""

ICONS = {
    Kind.REVIEW_REQUESTED: "eye",
    Kind.CHANGES_REQUESTED: "chat-left-text",
    Kind.APPROVED: "check2-circle",
    Kind.APPROVAL_EXPIRED: "hourglass-split",
    Kind.APPROVAL_TAKEN_BACK: "arrow-counterclockwise",
    Kind.WITHDRAWN: "reply",
    Kind.EDITED: "pencil-square",
    Kind.ASSIGNED: "person",
    Kind.DEADLINE_NEAR: "flag",
    Kind.DEADLINE_PASSED: "alarm",
    Kind.ASSIGNED_LATE: "alarm",
    Kind.COMMENT: "chat-dots",
    Kind.MENTION: "at",
    Kind.PUBLISHED: "check-circle-fill",
    Kind.TAKEN_DOWN: "eye-slash",
    Kind.FAILED: "x-octagon",
    Kind.MISSED: "calendar-x",
    Kind.NEEDS_ATTENTION: "exclamation-triangle-fill",
    Kind.ACCOUNT_PAUSED: "pause-circle",
    Kind.ACCOUNT_HELD: "pause-circle",
    Kind.ACCOUNT_EXPIRES: "key",
    Kind.PREFLIGHT: "exclamation-triangle-fill",
    Kind.CLOCK_MOVED: "clock",
}


class Way(StrEnum):
    """How a person is mailed about a kind of news. At the bell it is told in any case."""

    AT_ONCE = "at_once"
    DIGEST = "digest"
    OFF = "off"


DEFAULT_WAYS = {Kind.PUBLISHED: Way.DIGEST}
"""Of whoever has not chosen: good news can wait until the next morning, the rest is mailed at once."""

DIGEST_AT = time(8, 30)


@dataclass(frozen=True, slots=True)
class Wishes:
    """How one person wants to be mailed. Wall times are of `zone`; there are no quiet hours where both ends
    are equal. `urgent_anyway`: what cannot wait is mailed in quiet hours, too."""

    zone: ZoneInfo
    ways: Mapping[str, str] = field(default_factory=dict)
    digest_at: time = DIGEST_AT
    quiet_from: time = time(0)
    quiet_until: time = time(0)
    urgent_anyway: bool = True

    def way(self, kind: str) -> Way:
        """How news of that kind is mailed."""
        known = Kind(kind)
        return Way(self.ways.get(known, DEFAULT_WAYS.get(known, Way.AT_ONCE)))

    def due(self, kind: str, at: datetime) -> datetime | None:
        """When news of `at` is to be mailed; None for never."""
        way = self.way(kind)
        if way is Way.OFF:
            return None
        return self.free(kind, self.digest_after(at) if way is Way.DIGEST else at)

    def free(self, kind: str, at: datetime) -> datetime:
        """`at`, or the end of the quiet hours that it lies in."""
        if self.urgent_anyway and kind in URGENT and self.way(kind) is Way.AT_ONCE:
            return at
        local = at.astimezone(self.zone)
        wall, begin, end = local.time(), self.quiet_from, self.quiet_until
        overnight = end < begin
        inside = wall >= begin or wall < end if overnight else begin <= wall < end
        if not inside:
            return at
        day = local.date() + timedelta(days=1 if overnight and wall >= begin else 0)
        return max(at, datetime.combine(day, end, self.zone).astimezone(UTC))

    def digest_after(self, at: datetime) -> datetime:
        """The first digest that can tell what happened at `at`."""
        day = at.astimezone(self.zone).date()
        today = datetime.combine(day, self.digest_at, self.zone).astimezone(UTC)
        if today > at:
            return today
        tomorrow = day + timedelta(days=1)
        return datetime.combine(tomorrow, self.digest_at, self.zone).astimezone(UTC)
