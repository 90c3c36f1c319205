"""Sending mail: the effect of kind "mail". Its text is made when it goes out, so no link lies around.

`desired` is {"notice": id}, or {"link": purpose, "email": address} for a one-time link.
"""

from __future__ import annotations

import smtplib
import ssl
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from flask import current_app
from flask_babel import force_locale
from flask_babel import gettext as _

from publisher import clock
from publisher.config import Config
from publisher.extensions import db
from publisher.notices.models import Notice
from publisher.notices.sentences import quote_of, sentence_of
from publisher.people import service as people
from publisher.people.models import User
from publisher.people.rules import LINK_LIFETIME, Purpose
from publisher.people.secrets import keyed_digest
from publisher.people.words import lasts

TIMEOUT_S = 20
LOOPBACK = {"localhost", "127.0.0.1", "::1"}


class MailError(Exception):
    """Mail cannot be sent as it is set up. `message` says what to change."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


def send(desired: dict[str, Any]) -> None:
    """Bring the mail about. After a crash it may go out twice, with the same Message-ID.

    Raises MailError, smtplib.SMTPException or OSError; the effect is then tried again.
    """
    written = _about_notice(desired["notice"]) if "notice" in desired else _with_link(desired)
    if written is not None:
        _hand_over(written)


def _about_notice(notice_id: int) -> EmailMessage | None:
    """None when it was read meanwhile, or its reader left."""
    notice = db.session.get(Notice, notice_id)
    user = db.session.get(User, notice.user_id) if notice else None
    if notice is None or user is None or notice.read_at is not None or not user.active:
        return None
    with force_locale(user.language):
        sentence, quote = sentence_of(notice.kind, notice.values), quote_of(notice.values)
        lines = [
            sentence,
            *([f"> {line}" for line in quote.splitlines()]),
            "",
            _settings().base_url,
        ]
        lines[-1] += notice.path
        return _message(user, sentence, "\n".join(lines), f"notice-{notice.id}")


def _with_link(desired: dict[str, Any]) -> EmailMessage | None:
    """None when nobody active has that address: whoever asked for it learns nothing."""
    user = people.by_email(desired["email"])
    if user is None or not user.active:
        return None
    purpose = Purpose(desired["link"])
    link = people.make_link(None, user, purpose)
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
        body = f"{text}\n\n{link}\n\n{lasts(LINK_LIFETIME[purpose])}\n{note}"
        return _message(user, subject, body, f"link-{keyed_digest(link)}")


def _message(user: User, subject: str, body: str, name: str) -> EmailMessage:
    config, site = _settings(), _site()
    message = EmailMessage()
    message["From"] = config.mail_from or f"no-reply@{site}"
    message["To"] = user.email
    message["Subject"] = " ".join(subject.split())[:200]
    message["Date"] = format_datetime(clock.now())
    message["Message-ID"] = f"<{name}@{site}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(f"{body}\n\n-- \n{config.site_name}\n")
    return message


def _hand_over(message: EmailMessage) -> None:
    address = urlsplit(_settings().mail_url)
    with _connected(address) as server:
        if address.username:
            server.login(unquote(address.username), unquote(address.password or ""))
        server.send_message(message)


def _connected(address: SplitResult) -> smtplib.SMTP:
    """An open connection, encrypted where the server can. A password never crosses a network in clear."""
    host = address.hostname or "localhost"
    more: dict[str, Any] = {
        "timeout": TIMEOUT_S,
        "local_hostname": _site(),
    }  # else smtplib asks DNS who we are
    context = ssl.create_default_context()
    if address.scheme == "smtps":
        return smtplib.SMTP_SSL(host, address.port or 465, context=context, **more)
    server = smtplib.SMTP(host, address.port or 587, **more)
    try:
        server.ehlo()
        if server.has_extn("starttls"):
            server.starttls(context=context)
            server.ehlo()
        elif address.username and host not in LOOPBACK:
            raise MailError(
                "The mail server offers no encryption: use smtps:// or leave out the password."
            )
    except BaseException:
        server.close()
        raise
    return server


def _site() -> str:
    return urlsplit(_settings().base_url).hostname or "localhost"


def _settings() -> Config:
    config: Config = current_app.extensions["settings"]
    return config
