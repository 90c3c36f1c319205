"""The words of each kind of notice, in the language of whoever reads."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from babel.dates import format_date
from flask_babel import get_locale
from flask_babel import lazy_gettext as _l

from publisher.notices.rules import Kind, Way

SENTENCES = {
    Kind.REVIEW_REQUESTED: _l("%(by)s asks for a review of “%(title)s”."),
    Kind.CHANGES_REQUESTED: _l("%(by)s asks for changes in “%(title)s” for %(account)s."),
    Kind.APPROVED: _l("%(by)s approved “%(title)s” for %(account)s."),
    Kind.APPROVAL_EXPIRED: _l(
        "The approval of “%(title)s” for %(account)s has expired. It waits for a decision again."
    ),
    Kind.APPROVAL_TAKEN_BACK: _l(
        "%(by)s took the approval of “%(title)s” for %(account)s back. It waits for a decision again."
    ),
    Kind.WITHDRAWN: _l("%(by)s took “%(title)s” for %(account)s back from review."),
    Kind.EDITED: _l("%(by)s edited “%(title)s” for %(account)s while reviewing it."),
    Kind.ASSIGNED: _l("%(by)s gave you “%(title)s” to write."),
    Kind.DEADLINE_NEAR: _l("“%(title)s” is to be handed in by %(day)s."),
    Kind.DEADLINE_PASSED: _l("“%(title)s” was to be handed in by %(day)s."),
    Kind.ASSIGNED_LATE: _l("%(by)s was to hand “%(title)s” in by %(day)s."),
    Kind.COMMENT: _l("%(by)s commented on “%(title)s”."),
    Kind.MENTION: _l("%(by)s mentioned you in “%(title)s”."),
    Kind.PUBLISHED: _l("“%(title)s” is out on %(account)s."),
    Kind.TAKEN_DOWN: _l("%(by)s took “%(title)s” down from %(account)s."),
    Kind.FAILED: _l("“%(title)s” could not go out on %(account)s."),
    Kind.MISSED: _l("“%(title)s” missed its time on %(account)s."),
    Kind.NEEDS_ATTENTION: _l("“%(title)s” on %(account)s needs a decision: is it there or not?"),
    Kind.ACCOUNT_PAUSED: _l("The account %(account)s was paused. Nothing goes out there for now."),
    Kind.ACCOUNT_HELD: _l(
        "The account %(account)s is held. Nothing goes out there until somebody looks and releases it."
    ),
    Kind.ACCOUNT_EXPIRES: _l(
        "The credentials of %(account)s work until %(day)s. Give it new ones before they end."
    ),
    Kind.PREFLIGHT: _l("“%(title)s” will not go out on %(account)s unless something is done."),
    Kind.CLOCK_MOVED: _l(
        "The clock of %(host)s was moved. Nothing goes out until somebody confirms the time."
    ),
}
WITH_DAY = {Kind.ASSIGNED: _l("%(by)s gave you “%(title)s” to write by %(day)s.")}
"""What is said instead where the news names a day."""
KIND_NAMES = {
    Kind.REVIEW_REQUESTED: _l("Somebody asks for a review"),
    Kind.CHANGES_REQUESTED: _l("Changes are requested in what I write"),
    Kind.APPROVED: _l("What I write is approved"),
    Kind.APPROVAL_EXPIRED: _l("An approval has expired"),
    Kind.APPROVAL_TAKEN_BACK: _l("An approval of what I write is taken back"),
    Kind.WITHDRAWN: _l("What I review is taken back by its author"),
    Kind.EDITED: _l("Somebody edits what I write"),
    Kind.ASSIGNED: _l("A story is given to me"),
    Kind.DEADLINE_NEAR: _l("A deadline of mine is near"),
    Kind.DEADLINE_PASSED: _l("A deadline of mine has passed"),
    Kind.ASSIGNED_LATE: _l("What I gave somebody to write is late"),
    Kind.COMMENT: _l("Somebody comments on my story"),
    Kind.MENTION: _l("Somebody mentions me"),
    Kind.PUBLISHED: _l("My post is out"),
    Kind.TAKEN_DOWN: _l("My post is taken down"),
    Kind.FAILED: _l("My post could not go out"),
    Kind.MISSED: _l("My post missed its time"),
    Kind.NEEDS_ATTENTION: _l("Nobody knows whether my post is out"),
    Kind.ACCOUNT_PAUSED: _l("An account was paused"),
    Kind.ACCOUNT_HELD: _l("An account is held until somebody looks"),
    Kind.ACCOUNT_EXPIRES: _l("An account's credentials end soon"),
    Kind.PREFLIGHT: _l("My post will not go out unless something is done"),
    Kind.CLOCK_MOVED: _l("A machine's clock was moved"),
}
"""The kinds as one chooses among them."""

WAY_NAMES = {
    Way.AT_ONCE: _l("At once"),
    Way.DIGEST: _l("In the daily digest"),
    Way.OFF: _l("No mail"),
}

QUOTED = ("reason", "text", "problem")
"""Values that are somebody's own words, shown below the sentence."""

_UNKNOWN = {"by": "–", "title": "–", "account": "–", "host": "–", "day": "–"}


def sentence_of(kind: str, values: Mapping[str, Any]) -> str:
    """The news in one sentence, in the present locale."""
    known = {**_UNKNOWN, **values}
    said = SENTENCES[Kind(kind)]
    if "day" in values:
        said = WITH_DAY.get(Kind(kind), said)
        day = date.fromisoformat(values["day"])
        known["day"] = format_date(day, "long", locale=get_locale() or "ko")
    return str(said) % known


def quote_of(values: Mapping[str, Any]) -> str:
    """The reason, comment or problem that goes with it, or nothing."""
    return next((str(values[name]) for name in QUOTED if values.get(name)), "")
