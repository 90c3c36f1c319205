"""The frame around the app's pages: navigation, the hold banner, the queue's health, unread notices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import g, request, url_for
from flask_babel import gettext as _

from publisher.accounts import service as accounts
from publisher.deliveries import sweep
from publisher.notices import service as notices
from publisher.people.models import User
from publisher.people.rules import Role, at_least


@dataclass(frozen=True, slots=True)
class NavItem:
    """One entry of the navigation. `count` is shown beside it when it is not zero."""

    endpoint: str
    label: str
    icon: str
    url: str
    active: bool
    count: int = 0


def page_context() -> dict[str, Any]:
    """What base.html needs beyond the page's own values; nothing for people who are not signed in."""
    person: User | None = g.get("me")
    if person is None:
        return {"nav": []}
    return {
        "nav": _navigation(person),
        "notices_unread": notices.unread(person),
        "holding": accounts.holding(),
        "degraded": sweep.dispatcher_is_inline(),
    }


def _navigation(person: User) -> list[NavItem]:
    items = [
        ("calendar.index", _("Calendar"), "calendar3", Role.VIEWER),
        ("stories.index", _("Stories"), "journal-text", Role.AUTHOR),
        ("stories.review_queue", _("Review"), "check2-square", Role.EDITOR),
        ("deliveries.attention", _("Needs attention"), "exclamation-triangle", Role.EDITOR),
        ("media.library", _("Media"), "images", Role.AUTHOR),
        ("feeds.index", _("Feeds"), "rss", Role.VIEWER),
        ("accounts.index", _("Accounts"), "plug", Role.EDITOR),
        ("people.profile", _("Settings"), "gear", Role.VIEWER),
    ]
    counts = {"deliveries.attention": sweep.attention_count()} if at_least(person.role, Role.EDITOR) else {}
    return [
        NavItem(
            endpoint=endpoint,
            label=label,
            icon=icon,
            url=url_for(endpoint),
            active=(request.blueprint or "") == endpoint.partition(".")[0]
            and (endpoint != "stories.index" or request.endpoint != "stories.review_queue"),
            count=counts.get(endpoint, 0),
        )
        for endpoint, label, icon, needed in items
        if at_least(person.role, needed)
    ]
