"""What each mail says, in the language and zone of whoever gets it: plain text, and the same as simple HTML.

Nothing in a mail is fetched from anywhere: no picture, no style sheet, no counted link.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from babel import dates
from flask import current_app
from flask_babel import force_locale, get_locale, ngettext
from flask_babel import gettext as _

from publisher import clock
from publisher.config import Config
from publisher.notices.models import Notice
from publisher.notices.rules import URGENT
from publisher.notices.sentences import quote_of, sentence_of
from publisher.people.models import User
from publisher.people.rules import LINK_LIFETIME, Purpose
from publisher.people.secrets import keyed_digest
from publisher.people.words import lasts

MOST_TOLD = 40
"""Notices in one digest; the others are on the page that it links to."""


@dataclass(frozen=True, slots=True)
class Told:
    """One piece of news as a mail tells it. `address` leads there, by way of signing in if need be."""

    sentence: str
    quote: str
    when: str
    address: str


def about_notice(user: User, notice: Notice) -> EmailMessage:
    """A mail that tells one piece of news."""
    with force_locale(user.language):
        told = _told(user, notice)
        return _message(user, told.sentence, [told], f"notice-{notice.id}", footer=True)


def digest(user: User, notices: Sequence[Notice]) -> EmailMessage:
    """A mail that tells several: first what cannot wait, then the others in the order of their coming."""
    with force_locale(user.language):
        ordered = sorted(notices, key=lambda each: (each.kind not in URGENT, each.id))
        shown = ordered[:MOST_TOLD]
        subject = ngettext(
            "%(num)s notice from %(site)s",
            "%(num)s notices from %(site)s",
            len(notices),
            site=_settings().site_name,
        )
        rest = len(notices) - len(shown)
        more = ngettext("%(num)s more:", "%(num)s more:", rest) if rest else ""
        name = f"digest-{user.id}-{notices[-1].id}"
        return _message(
            user,
            subject,
            [_told(user, each) for each in shown],
            name,
            lead=_("What you have not read yet:"),
            more=f"{more} {_address('/notices?show=unread')}" if more else "",
            footer=True,
        )


def with_link(user: User, purpose: Purpose, link: str) -> EmailMessage:
    """A mail with a one-time link, which is all that stands between its reader and the account."""
    with force_locale(user.language):
        site = _settings().site_name
        subject, text = {
            Purpose.SIGN_IN: (
                _("Sign in to %(site)s", site=site),
                _("Open this link and press the button to sign in:"),
            ),
            Purpose.INVITATION: (
                _("Your invitation to %(site)s", site=site),
                _("You were invited. Open this link to begin:"),
            ),
            Purpose.RESET: (
                _("A new password for %(site)s", site=site),
                _("Open this link to choose a new password:"),
            ),
        }[purpose]
        note = _("If you did not ask for it, you need not do anything.")
        told = [Told(text, "", f"{lasts(LINK_LIFETIME[purpose])} {note}", link)]
        return _message(user, subject, told, f"link-{keyed_digest(link)}")


def _told(user: User, notice: Notice) -> Told:
    return Told(
        sentence_of(notice.kind, notice.values),
        quote_of(notice.values),
        _moment(notice.at, user.timezone),
        _address(f"/notices/{notice.id}"),
    )


def _moment(at: datetime, zone: str) -> str:
    pattern = _("d MMM y, HH:mm")
    shown = dates.format_datetime(at, pattern, tzinfo=ZoneInfo(zone), locale=get_locale() or "ko")
    return f"{shown} ({zone})"


def _message(
    user: User,
    subject: str,
    told: Sequence[Told],
    name: str,
    *,
    lead: str = "",
    more: str = "",
    footer: bool = False,
) -> EmailMessage:
    """Both forms of a mail; `footer` says where to choose what is mailed."""
    config, site = _settings(), site_of(_settings())
    message = EmailMessage()
    message["From"] = config.mail_from or f"no-reply@{site}"
    message["To"] = user.email
    message["Subject"] = " ".join(subject.split())[:200]
    message["Date"] = format_datetime(clock.now())
    message["Message-ID"] = f"<{name}@{site}>"
    message["Auto-Submitted"] = "auto-generated"
    values = {
        "language": user.language,
        "subject": message["Subject"],
        "lead": lead,
        "told": told,
        "more": more,
        "choose": _address("/me/notices") if footer else "",
        "site_name": config.site_name,
    }
    pages = current_app.jinja_env
    message.set_content(pages.get_template("notices/mail.txt").render(values))
    html = pages.get_template("notices/mail.html").render(values)
    message.add_alternative(html, subtype="html")
    message["Content-Language"] = user.language
    return message


def _address(path: str) -> str:
    return _settings().base_url + path


def site_of(config: Config) -> str:
    """The host name by which this installation is known."""
    return urlsplit(config.base_url).hostname or "localhost"


def _settings() -> Config:
    config: Config = current_app.extensions["settings"]
    return config
