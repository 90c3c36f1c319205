"""The words of each kind of notice, in the language of whoever reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l

from publisher.notices.rules import Kind

SENTENCES = {
    Kind.REVIEW_REQUESTED: _l("%(by)s asks for a review of “%(title)s”."),
    Kind.CHANGES_REQUESTED: _l("%(by)s asks for changes in “%(title)s” for %(account)s."),
    Kind.APPROVED: _l("%(by)s approved “%(title)s” for %(account)s."),
    Kind.COMMENT: _l("%(by)s commented on “%(title)s”."),
    Kind.PUBLISHED: _l("“%(title)s” is out on %(account)s."),
    Kind.FAILED: _l("“%(title)s” could not go out on %(account)s."),
    Kind.MISSED: _l("“%(title)s” missed its time on %(account)s."),
    Kind.NEEDS_ATTENTION: _l("“%(title)s” on %(account)s needs a decision: is it there or not?"),
    Kind.ACCOUNT_PAUSED: _l("The account %(account)s was paused. Nothing goes out there for now."),
    Kind.PREFLIGHT: _l("“%(title)s” will not go out on %(account)s unless something is done."),
    Kind.CLOCK_MOVED: _l(
        "The clock of %(host)s was moved. Nothing goes out until somebody confirms the time."
    ),
}
QUOTED = ("reason", "text", "problem")
"""Values that are somebody's own words, shown below the sentence."""

_UNKNOWN = {"by": "–", "title": "–", "account": "–", "host": "–"}


def sentence_of(kind: str, values: Mapping[str, Any]) -> str:
    """The news in one sentence, in the present locale."""
    return str(SENTENCES[Kind(kind)]) % {**_UNKNOWN, **values}


def quote_of(values: Mapping[str, Any]) -> str:
    """The reason, comment or problem that goes with it, or nothing."""
    return next((str(values[name]) for name in QUOTED if values.get(name)), "")
