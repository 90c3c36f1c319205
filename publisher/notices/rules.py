"""What people are told about: the kinds of notice, and how each is shown. Pure."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """One kind of news. `notices/sentences.py` has the words of each."""

    REVIEW_REQUESTED = "review_requested"
    CHANGES_REQUESTED = "changes_requested"
    APPROVED = "approved"
    COMMENT = "comment"
    PUBLISHED = "published"
    FAILED = "failed"
    MISSED = "missed"
    NEEDS_ATTENTION = "needs_attention"
    ACCOUNT_PAUSED = "account_paused"
    PREFLIGHT = "preflight"
    CLOCK_MOVED = "clock_moved"


URGENT = frozenset(
    {
        *(Kind.FAILED, Kind.MISSED, Kind.NEEDS_ATTENTION, Kind.ACCOUNT_PAUSED),
        *(Kind.PREFLIGHT, Kind.CLOCK_MOVED),
    }
)
"""Somebody has to act, or a post does not go out."""

ICONS = {
    Kind.REVIEW_REQUESTED: "eye",
    Kind.CHANGES_REQUESTED: "chat-left-text",
    Kind.APPROVED: "check2-circle",
    Kind.COMMENT: "chat-dots",
    Kind.PUBLISHED: "check-circle-fill",
    Kind.FAILED: "x-octagon",
    Kind.MISSED: "calendar-x",
    Kind.NEEDS_ATTENTION: "exclamation-triangle-fill",
    Kind.ACCOUNT_PAUSED: "pause-circle",
    Kind.PREFLIGHT: "exclamation-triangle-fill",
    Kind.CLOCK_MOVED: "clock",
}
