"""Settings: one page with a link to all that the asking person may set, and what the environment decides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, current_app, render_template
from flask_babel import lazy_gettext as _l

from channels import REGISTRY, channel_class
from publisher import backup
from publisher.people.rules import Role, at_least
from publisher.settings import rules
from publisher.web import me, settings

blueprint = Blueprint("settings", __name__)

ACCESS: dict[str, str] = {"index": Role.VIEWER}


@dataclass(frozen=True, slots=True)
class Leaf:
    """One page where something is set, and what that is."""

    endpoint: str
    label: Any
    about: Any
    icon: str


@dataclass(frozen=True, slots=True)
class Branch:
    """Pages that belong together."""

    title: Any
    leaves: tuple[Leaf, ...]


BRANCHES = (
    Branch(
        _l("For you"),
        (
            Leaf(
                "people.profile", _l("My account"), _l("Name, language, time zone, look."), "person"
            ),
            Leaf(
                "people.security",
                _l("Password and browsers"),
                _l("How you sign in, and where you are signed in."),
                "shield-lock",
            ),
            Leaf("notices.choose", _l("Mail"), _l("What is mailed to you, and when."), "envelope"),
            Leaf("feeds.index", _l("Feeds"), _l("The calendar in your own calendar."), "rss"),
            Leaf(
                "people.api_tokens", _l("API tokens"), _l("For programs that act for you."), "key"
            ),
            Leaf(
                "stories.away",
                _l("While you are away"),
                _l("Who reviews in your place."),
                "calendar-x",
            ),
        ),
    ),
    Branch(
        _l("For the newsroom"),
        (
            Leaf(
                "accounts.index",
                _l("Accounts"),
                _l("Where posts go out, and how fast."),
                "broadcast",
            ),
            Leaf(
                "stories.categories_page", _l("Categories"), _l("What stories are about."), "tags"
            ),
            Leaf(
                "stories.templates", _l("Templates"), _l("What a new story begins with."), "files"
            ),
            Leaf(
                "calendar.times",
                _l("Slots and blackout dates"),
                _l("When posts go out by preference, and when never."),
                "calendar-week",
            ),
            Leaf(
                "stories.approval_rules",
                _l("Approval rules"),
                _l("How many approve what."),
                "check2-all",
            ),
        ),
    ),
    Branch(
        _l("For administrators"),
        (
            Leaf("people.index", _l("People"), _l("Who works here, and as what."), "people"),
            Leaf(
                "people.audit_trail",
                _l("Audit trail"),
                _l("Who did what, and when."),
                "clock-history",
            ),
        ),
    ),
)
NAMES: dict[str, Any] = {
    "address": _l("Address of this installation"),
    "language": _l("Language for who has not chosen"),
    "timezone": _l("Time zone for who has not chosen"),
    "self_approval": _l("Editors may approve what they wrote"),
    "touch_up": _l("Editors may approve what they only touched up"),
    "approval_days": _l("An approved post without a time waits for a decision again after"),
    "mail": _l("Mail is sent"),
    "keep_notices": _l("Read notices are kept for"),
    "keep_attempts": _l("Attempts of finished deliveries are kept for"),
    "backups": _l("Copies of the database are made every hour in"),
}


@blueprint.get("/settings")
def index() -> str:
    return render_template(
        "settings/index.html",
        branches=[shown for branch in BRANCHES if (shown := _open(branch)).leaves],
        names=NAMES,
        settings=rules.of(settings()) if me().role == Role.ADMIN else [],
        graces={kind: channel_class(kind).limits.grace_s for kind in REGISTRY},
        last_copy=backup.newest() if me().role == Role.ADMIN else None,
    )


def _open(branch: Branch) -> Branch:
    """The branch with the leaves that the asking person may open."""
    access: dict[str, str] = current_app.extensions["access"]
    leaves = (each for each in branch.leaves if at_least(me().role, Role(access[each.endpoint])))
    return Branch(branch.title, tuple(leaves))
