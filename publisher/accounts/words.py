"""What the machine itself says of holds and of an account's troubles, in the reader's language."""

from __future__ import annotations

from datetime import timedelta

from flask_babel import format_timedelta, gettext
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from publisher.accounts import service, timekeeping
from publisher.accounts.models import Hold
from publisher.accounts.rules import moved

_RENEW = _l("Renew the credentials. Posts that wait go out then, as far as they are not too late.")
_ON_X = _l("Sign in on X, do what it asks there, then resume the account here.")
_ON_FACEBOOK = _l("Sign in on Facebook, do what it asks there, then resume the account here.")
ADVICE = {
    "The X account has no credits left.": _l(
        "Buy credits in X's developer console, then resume the account here."
    ),
    "The X app has used up its month.": _l(
        "Raise the app's monthly limit in X's developer console, or wait for the next month. Then resume the"
        " account here."
    ),
    "The X app may only read. Allow it to write.": _l(
        "Allow the app to write in X's developer console, make new access tokens there, then renew the"
        " credentials here."
    ),
    "The X app does not belong to a project.": _l(
        "Attach the app to a project in X's developer console, then renew the credentials here."
    ),
    "X has locked this account for now.": _ON_X,
    "X has suspended this account.": _ON_X,
    "X no longer accepts this account's keys. Connect the account again.": _RENEW,
    "Facebook no longer accepts this Page's token. Connect it again.": _RENEW,
    "The token may not publish to this Page. Connect it again.": _RENEW,
    "This token is not the Page's own. Connect it with the Page's access token.": _RENEW,
    "Facebook asks for a person to look at this Page's account.": _ON_FACEBOOK,
    "Facebook has restricted posting for this Page.": _ON_FACEBOOK,
}
"""For every sentence with which a platform takes away authority or money: what a person can do about it."""
RENEWABLE = frozenset(sentence for sentence, what in ADVICE.items() if what is _RENEW) | {
    "The X app may only read. Allow it to write.",
    "The X app does not belong to a project.",
}
"""What new credentials mend. The others are mended on the platform; then the account is resumed."""


def wants_renewal(problem: str) -> bool:
    """Whether a paused account goes on with new credentials, and not by being resumed."""
    return problem in RENEWABLE


def advice(problem: str) -> str:
    """What to do about a platform's sentence, or nothing."""
    return str(ADVICE.get(problem, ""))


def reason_of(hold: Hold) -> str:
    """Why it is held: a person's own words, or the machine's in the reader's language."""
    if hold.code == service.IDENTITY:
        return _("It answers as %(now)s now; before, it was %(before)s.", **hold.values)
    if hold.code != timekeeping.CODE:
        return gettext(hold.reason)
    return " ".join(_moved(host, shift) for host, shift in hold.values["shifts"].items())


def _moved(host: str, shift: float) -> str:
    by = format_timedelta(timedelta(seconds=abs(shift)), threshold=1.2)
    if not moved(shift):
        return _("The clock of %(host)s was moved and moved back.", host=host)
    if shift > 0:
        return _("The clock of %(host)s was moved forward by %(by)s.", host=host, by=by)
    return _("The clock of %(host)s was moved back by %(by)s.", host=host, by=by)
