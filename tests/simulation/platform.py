"""Simulated platforms: they accept, refuse, say nothing, answer late, and hide what they accepted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from channels.base import Content, Found, Link, Receipt
from channels.errors import ChannelError, Disconnected, Rejected, Unavailable, Unconfirmed
from channels.facebook import Facebook
from channels.twitter import Twitter


class Answer(StrEnum):
    """What the platform does with one call."""

    ACCEPTED = "accepted"
    LOST = "accepted, but the answer is lost"
    VANISHED = "neither accepted nor answered"
    REFUSED = "refused for good"
    CONNECTION_REFUSED = "connection refused"
    TOO_MANY = "too many requests"
    UNAUTHORIZED = "unauthorized"
    DUPLICATE = "said to be a duplicate"
    UNREADABLE = "the timeline cannot be read"
    BUG = "accepted, and then our own code breaks"


@dataclass(frozen=True)
class Posted:
    """One line of the ledger: what is really there, since when, and from when on a timeline shows it."""

    account: str
    remote_id: str
    text: str
    link: str
    reply_to: str
    at: datetime
    visible_at: datetime

    @property
    def url(self) -> str:
        if self.account == "page":
            return f"https://www.facebook.com/{self.remote_id.replace('_', '/posts/')}"
        return f"https://x.com/i/web/status/{self.remote_id}"


class Desk(Protocol):
    """Who decides on every call, and keeps the ledger."""

    now: datetime

    def create(self, account: str, content: Content, on_wire: Callable[[], None]) -> Posted: ...

    def reads(self, account: str) -> Sequence[Posted]: ...


desk: Desk | None = None


def publish(account: str, content: Content, on_wire: Callable[[], None]) -> Receipt:
    assert desk is not None
    posted = desk.create(account, content, on_wire)
    return Receipt(posted.remote_id, posted.url)


def find(account: str, content: Content, since: datetime) -> Sequence[Found]:
    assert desk is not None
    return [
        Found(each.remote_id, each.url, each.at)
        for each in desk.reads(account)
        if each.visible_at <= desk.now
        and each.at >= since - timedelta(seconds=5)
        and (each.text, each.reply_to) == (content.text, content.reply_to)
    ]


class SimulatedX(Twitter):
    """X without a network; limits, threads and addresses are the real adapter's."""

    def publish(self, content: Content, *, key: str, on_wire: Callable[[], None]) -> Receipt:
        return publish("x", content, on_wire)

    def find(self, content: Content, *, since: datetime) -> Sequence[Found]:
        return find("x", content, since)


class SimulatedPage(Facebook):
    """Facebook without a network."""

    def publish(self, content: Content, *, key: str, on_wire: Callable[[], None]) -> Receipt:
        return publish("page", content, on_wire)

    def find(self, content: Content, *, since: datetime) -> Sequence[Found]:
        return find("page", content, since)

    def show_links(self, remote_id: str, content: Content, links: Sequence[Link]) -> None:
        """Links under a post change nothing that this simulation asks about."""


def said(answer: Answer) -> ChannelError | None:
    """What the adapter makes of an answer; None for a receipt, or a page of the timeline."""
    match answer:
        case Answer.ACCEPTED | Answer.BUG:
            return None
        case Answer.REFUSED:
            return Rejected("No.", code="187")
        case Answer.DUPLICATE:
            return Rejected("You said so before.", duplicate=True)
        case Answer.UNAUTHORIZED:
            return Disconnected("Who are you?")
        case Answer.TOO_MANY:
            return Unavailable("Later.", throttled=True)
        case Answer.CONNECTION_REFUSED | Answer.UNREADABLE:
            return Unavailable("Not now.")
        case _:
            return Unconfirmed("No answer.")
