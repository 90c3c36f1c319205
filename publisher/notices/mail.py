"""Sending mail: the effect of kind "mail". Its text is made when it goes out, so no link lies around.

`desired` is {"notice": id}, or {"link": purpose, "email": address} for a one-time link.
"""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Sequence
from datetime import timedelta
from email.message import EmailMessage
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from flask import current_app
from sqlalchemy import ColumnElement, String, cast, literal, select, update

from publisher import clock
from publisher.config import Config
from publisher.effects import service as effects
from publisher.effects.models import Effect
from publisher.extensions import db
from publisher.notices import letters, wishes
from publisher.notices.models import Notice
from publisher.notices.rules import Kind, Way, Wishes
from publisher.people import service as people
from publisher.people.models import User
from publisher.people.rules import Purpose
from publisher.storage import writing

TIMEOUT_S = 20
LOOPBACK = {"localhost", "127.0.0.1", "::1"}
OLD_NEWS = timedelta(days=7)
"""What is older is in no digest any more."""


class MailError(Exception):
    """Mail cannot be sent as it is set up. `message` says what to change."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


def send(desired: dict[str, Any]) -> None:
    """Bring the mail about. After a crash it may go out twice, with the same Message-ID.

    Raises MailError, smtplib.SMTPException or OSError, and the effect is then tried again; Later where the
    reader's wishes say so.
    """
    if "notice" in desired:
        _tell(desired["notice"])
    else:
        _send_link(desired["email"], Purpose(desired["link"]))


def _tell(notice_id: int) -> None:
    """Mail a notice as its reader wants it by now, alone or with the others of that day's digest.

    Nothing when it was read meanwhile, or its reader left.
    """
    notice = db.session.get(Notice, notice_id)
    user = db.session.get(User, notice.user_id) if notice else None
    if notice is None or user is None or not user.active:
        return
    chosen, now = wishes.of(user), clock.now()
    due = chosen.due(notice.kind, notice.at)
    if due is None:
        return
    if (wait := max(due, chosen.free(notice.kind, now)) - now) > timedelta():
        raise effects.Later(wait.total_seconds())
    if chosen.way(notice.kind) is Way.DIGEST:
        _send_digest(user, _gathered(user, chosen, notice))
    elif notice.read_at is None and notice.mailed_at is None:
        _hand_over(letters.about_notice(user, notice))
        _note([notice_id])


def _gathered(user: User, chosen: Wishes, notice: Notice) -> Sequence[Notice]:
    """What a digest tells. Each of its notices has an effect that comes here, and the last one sends it for
    all: decided by what was told when, not by who comes first, so that two workers never send it twice. One
    whose effect is over, or that never had one since its reader wished otherwise then, sends nothing."""
    mine, until = _gathers(user, chosen), chosen.digest_after(notice.at)
    key = literal("mail:notice:").concat(cast(Notice.id, String))
    later = (
        select(Notice.id)
        .join(Effect, (Effect.key == key) & Effect.done_at.is_(None))
        .where(*mine, Notice.id > notice.id, Notice.at >= notice.at, Notice.at < until)
    )
    if db.session.scalar(later.limit(1)) is not None:
        return ()
    unread = select(Notice).where(
        *mine,
        Notice.read_at.is_(None),
        Notice.mailed_at.is_(None),
        Notice.at > until - OLD_NEWS,
    )
    return db.session.scalars(unread.order_by(Notice.id)).all()


def _gathers(user: User, chosen: Wishes) -> tuple[ColumnElement[bool], ...]:
    kinds = [str(kind) for kind in Kind if chosen.way(kind) is Way.DIGEST]
    return Notice.user_id == user.id, Notice.kind.in_(kinds)


def _send_digest(user: User, notices: Sequence[Notice]) -> None:
    if notices:
        told = [notice.id for notice in notices]
        _hand_over(letters.digest(user, notices))
        _note(told)


def _note(told: Sequence[int]) -> None:
    with writing() as session:
        session.execute(update(Notice).where(Notice.id.in_(told)).values(mailed_at=clock.now()))


def _send_link(email: str, purpose: Purpose) -> None:
    """Nothing when nobody active has that address: whoever asked for it learns nothing."""
    user = people.by_email(email)
    if user is not None and user.active:
        link = people.make_link(None, user, purpose)
        _hand_over(letters.with_link(user, purpose, link))


def _hand_over(message: EmailMessage) -> None:
    """Give the mail to the server, with no transaction open meanwhile: it may take its time."""
    db.session.rollback()
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
        "local_hostname": letters.site_of(_settings()),
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


def _settings() -> Config:
    config: Config = current_app.extensions["settings"]
    return config
