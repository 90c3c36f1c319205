"""The audit trail's verbs in words, and what a browser calls itself in short."""

from __future__ import annotations

import re
from datetime import timedelta

from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

VERBS = {
    "account.answers": _l("heard a platform answer again"),
    "account.checked": _l("checked an account"),
    "account.connected": _l("connected an account"),
    "account.paced": _l("changed an account's spacing"),
    "account.paused": _l("paused an account"),
    "account.resumed": _l("resumed an account"),
    "account.silent": _l("found a platform silent"),
    "activate": _l("activated"),
    "add": _l("added a person"),
    "approve": _l("approved"),
    "allow_late": _l("said how late it may go out"),
    "approve_in_part": _l("approved; more approvals are needed"),
    "archive": _l("archived"),
    "assign": _l("handed over"),
    "away": _l("said when they are away"),
    "back": _l("is back"),
    "blackout.added": _l("closed days"),
    "blackout.removed": _l("opened days again"),
    "campaign.moved": _l("moved a campaign"),
    "cancel": _l("cancelled"),
    "change": _l("changed"),
    "clock.confirmed": _l("confirmed the time"),
    "comment": _l("commented"),
    "correct": _l("corrected what is out"),
    "category.changed": _l("changed a category"),
    "category.merged": _l("merged a category"),
    "create": _l("created"),
    "create_token": _l("made an API token"),
    "deactivate": _l("deactivated"),
    "database.quarantined": _l("looked for what an older copy of the database does not know"),
    "database.restored": _l("put an older copy of the database back"),
    "delivery.cancelled": _l("delivery cancelled"),
    "delivery.failed": _l("delivery failed"),
    "delivery.missed": _l("delivery missed its time"),
    "delivery.needs_attention": _l("delivery needs attention"),
    "delivery.published": _l("delivery published"),
    "delivery.scheduled": _l("delivery scheduled"),
    "delivery.sending": _l("delivery on its way"),
    "delivery.taken_down": _l("delivery taken down"),
    "delivery.unconfirmed": _l("delivery being checked"),
    "describe": _l("described an image"),
    "done_by_hand": _l("did it on the platform"),
    "edit": _l("edited"),
    "effect.again": _l("had background work tried again"),
    "effect.let_go": _l("let background work go"),
    "end_sessions": _l("ended sessions"),
    "expire": _l("approval expired"),
    "give_back": _l("gave a review back"),
    "held": _l("held everything"),
    "make": _l("made"),
    "make_link": _l("made a one-time link"),
    "move": _l("moved"),
    "plan": _l("planned"),
    "post.out_unknown": _l("it went out after this copy of the database was made"),
    "released": _l("released"),
    "remove": _l("removed"),
    "renew": _l("renewed"),
    "request_changes": _l("requested changes"),
    "resolve": _l("resolved"),
    "restore": _l("restored"),
    "revoke": _l("revoked"),
    "revoke_token": _l("revoked an API token"),
    "rule.added": _l("added a rule of approval"),
    "rule.removed": _l("removed a rule of approval"),
    "schedule": _l("scheduled"),
    "set_password": _l("set a password"),
    "set_role": _l("changed a role"),
    "sign_in": _l("signed in"),
    "slot.added": _l("added queue slots"),
    "slot.removed": _l("removed a queue slot"),
    "submit": _l("submitted"),
    "take": _l("took a review"),
    "take_back": _l("took an approval back"),
    "take_down": _l("took down"),
    "try_again": _l("tried again"),
    "upload": _l("uploaded"),
    "withdraw": _l("took back from review"),
}

SUBJECTS = {
    "account": _l("Account"),
    "approval_rule": _l("Rule of approval"),
    "blackout": _l("Blackout date"),
    "campaign": _l("Campaign"),
    "category": _l("Category"),
    "clock": _l("Clock"),
    "comment": _l("Comment"),
    "database": _l("Database"),
    "delivery": _l("Delivery"),
    "effect": _l("Background work"),
    "feed": _l("Calendar feed"),
    "media": _l("Image"),
    "post": _l("Post"),
    "slot": _l("Queue slot"),
    "story": _l("Story"),
    "template": _l("Template"),
    "token": _l("API token"),
    "user": _l("Person"),
}

_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Whale/", "Whale"),
    ("SamsungBrowser", "Samsung Internet"),
    ("KAKAOTALK", "KakaoTalk"),
    ("Firefox/|FxiOS", "Firefox"),
    ("Chrome/|CriOS", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("iPhone|iPad", "iOS"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X|Macintosh", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def lasts(lifetime: timedelta) -> str:
    """How long a one-time link works, in a sentence."""
    if lifetime.days:
        return ngettext(
            "It works once, for %(num)s day.", "It works once, for %(num)s days.", lifetime.days
        )
    minutes = int(lifetime.total_seconds() // 60)
    if minutes % 60 == 0:
        return ngettext(
            "It works once, for %(num)s hour.", "It works once, for %(num)s hours.", minutes // 60
        )
    return ngettext(
        "It works once, for %(num)s minute.", "It works once, for %(num)s minutes.", minutes
    )


def browser_of(agent: str) -> str:
    """ "Chrome · Windows" of a User-Agent; its own beginning when it is none we know."""
    named = [
        next((name for pattern, name in known if re.search(pattern, agent)), "")
        for known in (_BROWSERS, _SYSTEMS)
    ]
    return " · ".join(name for name in named if name) or agent[:40] or "–"
