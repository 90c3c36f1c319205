"""What became of each post of a storm: what platforms hold, against what people asked for and are shown."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import select

from publisher.accounts import service as accounts
from publisher.blog.models import Article
from publisher.deliveries import service as deliveries
from publisher.deliveries.models import Delivery
from publisher.extensions import db
from publisher.people.models import Event
from publisher.stories.models import Post
from tests.faults.storm.people import Told
from tests.faults.storm.plan import BLOG
from tests.faults.storm.weather import LAGS_S

TAGGED = re.compile(r"\b(s\d+[a-z]\d+e) v(\d)")
STOPPED = frozenset({"failed", "needs_attention", "missed", "partly_published"})
UNAPPROVED = frozenset({"draft", "in_review", "changes_requested"})


class Fate(StrEnum):
    """What became of a post; the last ones break the promise."""

    PUBLISHED = "published"
    CALLED_OFF = "called off as asked"
    WAITS = "waits for a person"
    HIDDEN_LONGER = "twice: hidden longer than the settle time"
    DUPLICATED = "DUPLICATED"
    LOST = "SILENTLY LOST"
    OPEN = "NEVER SETTLED"
    DENIED = "OUT BUT CALLED REFUSED"
    EARLY = "EARLY"
    CANCELLED = "POSTED AFTER A CONFIRMED CANCEL"
    UNAPPROVED = "POSTED WITH WORDS THAT WERE NOT APPROVED"
    LINKLESS = "POSTED BEFORE ITS BLOG POST"

    @property
    def broken(self) -> bool:
        return self.isupper()


@dataclass(frozen=True, slots=True)
class Copy:
    """One post that a platform really holds."""

    tag: str
    version: int
    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class Shown:
    """What the pages say of a post, and why its account does not send, if so."""

    status: str
    stopped: bool
    run: Sequence[Delivery]


@dataclass(frozen=True, slots=True)
class Verdict:
    """A post, what became of it, and its copies on the platform."""

    told: Told
    fate: Fate
    copies: Sequence[Copy]
    shown: str


class Court:
    """Judges all posts of a storm when nothing moves any more."""

    def __init__(
        self, ledger: Sequence[dict[str, Any]], told: Sequence[Told], settle: float
    ) -> None:
        db.session.rollback()
        self.told = told
        self.settle = timedelta(seconds=settle)
        self.copies: dict[str, list[Copy]] = defaultdict(list)
        for copy in [*_posted(ledger), *_shelved()]:
            self.copies[copy.tag].append(copy)
        self.blogs = {each.tale: each for each in told if each.piece.slug == BLOG}
        self.held = accounts.holds()

    def verdicts(self) -> list[Verdict]:
        return [self._judge(each) for each in self.told]

    def _judge(self, told: Told) -> Verdict:
        post = db.session.get_one(Post, told.post_id)
        stopped = post.account.status != "active" or bool({None, post.account_id} & set(self.held))
        shown = Shown(post.shown_status, stopped, deliveries.of_post(post))
        copies = [copy for tag in told.piece.tags for copy in self.copies[tag]]
        fate = self._fate(told, shown, copies)
        if not fate.broken:
            fate = self._manners(told, copies) or fate
        return Verdict(told, fate, copies, shown.status)

    def _fate(self, told: Told, shown: Shown, copies: Sequence[Copy]) -> Fate:
        """Once, or not more than once and visibly waiting for a person, or never because nobody wanted it."""
        tags = [copy.tag for copy in copies]
        if len(tags) > len(set(tags)):
            return Fate.HIDDEN_LONGER if self._hidden_longer(shown, copies) else Fate.DUPLICATED
        if shown.status == "published":
            return Fate.PUBLISHED if len(tags) == len(told.piece.tags) else Fate.LOST
        if shown.status == "cancelled":
            if copies:
                return Fate.CANCELLED
            asked = told.cancelled or told.piece.when_late == "drop"
            return Fate.CALLED_OFF if asked else Fate.LOST
        if shown.status in STOPPED:
            denied = copies and shown.status in {"failed", "missed"}
            return Fate.DENIED if denied else Fate.WAITS
        return Fate.WAITS if self._visibly_waits(told, shown) else Fate.OPEN

    def _visibly_waits(self, told: Told, shown: Shown) -> bool:
        """Held back by its account, for the blog post that it links to, or until its edit is approved."""
        if any(each.status in {"sending", "unconfirmed"} for each in shown.run):
            return False
        if shown.stopped or shown.status in UNAPPROVED:
            return True
        blog = self.blogs.get(told.tale)
        return (
            shown.status == "waiting" and blog is not None and not self.copies[blog.piece.tags[0]]
        )

    def _manners(self, told: Told, copies: Sequence[Copy]) -> Fate | None:
        """Never early, never other words than the approved ones, never before the blog post it links to."""
        for copy in copies:
            if copy.at < told.may_go_from(copy.at):
                return Fate.EARLY
            if told.only and copy.version != told.only:
                return Fate.UNAPPROVED
            if told.piece.linked and copy.tag == told.piece.tags[0] and not self._led(told, copy):
                return Fate.LINKLESS
        return None

    def _led(self, told: Told, copy: Copy) -> bool:
        """Whether its link led to an article that was out before it, or its author let it go without."""
        if "/blog/" not in copy.text:
            return told.piece.when_late == "send_without"
        blog = self.blogs[told.tale]
        return any(article.at <= copy.at for article in self.copies[blog.piece.tags[0]])

    def _hidden_longer(self, shown: Shown, copies: Sequence[Copy]) -> bool:
        """The hole in the promise: the first copy could not be read until its settle time was over."""
        first = min(copy.at for copy in copies)
        wires = [each.wire_at for delivery in shown.run for each in delivery.tries if each.wire_at]
        sent = max((wire for wire in wires if wire <= first), default=first)
        return first + timedelta(seconds=max(LAGS_S)) >= sent + self.settle


@dataclass(frozen=True, slots=True)
class Doubts:
    """How unconfirmed deliveries ended: how many a person has now, how many seconds the longest took."""

    count: int
    by_hand: int
    longest_s: float


def doubts() -> Doubts:
    """Read from the events of all deliveries."""
    query = select(Event).where(Event.verb.like("delivery.%")).order_by(Event.id)
    since: dict[int, datetime] = {}
    by_hand: set[int] = set()
    seen: set[int] = set()
    longest = 0.0
    for event in db.session.scalars(query):
        delivery, verb = event.subject_id or 0, event.verb.removeprefix("delivery.")
        if verb == "unconfirmed":
            seen.add(delivery)
            since.setdefault(delivery, event.at)
        elif delivery in since and verb in {"published", "failed", "needs_attention", "cancelled"}:
            longest = max(longest, (event.at - since.pop(delivery)).total_seconds())
            if verb == "needs_attention":
                by_hand.add(delivery)
    return Doubts(len(seen), len(by_hand), longest)


def timeline(verdict: Verdict) -> str:
    """All that is known of a post, in the order of its time."""
    told = verdict.told
    post = db.session.get_one(Post, told.post_id)
    lines = [(copy.at, f"PLATFORM {copy.text!r}") for copy in verdict.copies]
    lines += [(each.ended, f"people: due {each.due:%T.%f}") for each in told.dues]
    ids = [each.id for each in deliveries.of_post(post)]
    events = select(Event).where(
        ((Event.subject == "delivery") & Event.subject_id.in_(ids))
        | ((Event.subject == "post") & (Event.subject_id == post.id))
    )
    lines += [
        (each.at, f"{each.verb} {each.subject_id} {each.note}")
        for each in db.session.scalars(events)
    ]
    for delivery in deliveries.of_post(post):
        for each in delivery.tries:
            name = f"{each.kind} {delivery.id} fence {each.fence} by {each.owner}"
            lines.append((each.started_at, f"{name} begins"))
            lines += [(each.wire_at, f"{name} on the wire")] if each.wire_at else []
            ended = f"{name}: {each.outcome} {each.code} {each.detail[:200]!r}"
            lines += [(each.ended_at, ended)] if each.ended_at else []
    head = f"== {verdict.fate}: {told.piece} is shown as {verdict.shown!r} (post {post.id})"
    said = [f"   {each}" for each in told.said] + [_now(each) for each in deliveries.of_post(post)]
    body = [f"   {at:%T.%f} {what}" for at, what in sorted(lines, key=lambda line: line[0])]
    return "\n".join([head, *said, *body])


def _now(delivery: Delivery) -> str:
    """Where a delivery stands now, with what its account waits for."""
    account = delivery.account
    return (
        f"   now: delivery {delivery.id} {delivery.status} next_at {delivery.next_at} {delivery.waits_for}"
        f" {delivery.problem_code} {delivery.problem!r}, account {account.status} {account.problem!r}"
        f" slot {account.next_slot_at} paused until {account.paused_until}"
    )


def unsettled() -> int:
    """How many deliveries still move by themselves."""
    db.session.rollback()
    query = select(Delivery.id).where(
        Delivery.status.in_(["sending", "unconfirmed"])
        | ((Delivery.status == "scheduled") & Delivery.next_at.is_not(None))
    )
    return len(db.session.scalars(query).all())


def _posted(ledger: Sequence[dict[str, Any]]) -> Iterator[Copy]:
    for entry in ledger:
        at = datetime.fromisoformat(entry["created_at"])
        text = f"{entry['text']} {entry['link']}"
        for tag, version in TAGGED.findall(entry["text"]):
            yield Copy(tag, int(version), at, text)


def _shelved() -> Iterator[Copy]:
    """Articles of the hosted blog: it is its own platform."""
    for title, at in db.session.execute(select(Article.title, Article.published_at)):
        for tag, version in TAGGED.findall(title):
            yield Copy(tag, int(version), at, title)
