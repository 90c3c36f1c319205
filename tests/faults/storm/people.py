"""The people in a storm: they approve posts shortly before their time, and change their minds about some."""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path

from sqlalchemy.exc import OperationalError

from publisher import clock
from publisher.accounts import service as accounts
from publisher.deliveries import service as deliveries
from publisher.deliveries.models import Delivery
from publisher.errors import DomainError
from publisher.extensions import db
from publisher.people import service as people
from publisher.storage import writing
from publisher.stories import access, review
from publisher.stories import service as stories
from publisher.stories.models import Post
from publisher.stories.rules import Draft
from tests.faults.installation import Installation
from tests.faults.storm.plan import BLOG, Fault, Piece, Plan, Tale

LEAD_S = 4.0
"""How long before its time a story is approved."""
AGAIN_S, TRIES = 3.0, 8


@dataclass(frozen=True, slots=True)
class Dated:
    """A time that people gave a post, and between which instants that became true."""

    begun: datetime
    ended: datetime
    due: datetime


@dataclass
class Told:
    """What people did with one post, and were told."""

    piece: Piece
    tale: int
    post_id: int
    dues: list[Dated]
    cancelled: bool = False
    only: int = 0
    """The version that alone may go out, as nothing had been sent when it was edited."""
    said: list[str] = field(default_factory=list)

    def may_go_from(self, at: datetime) -> datetime:
        """The earliest due time that can have been in force at that instant."""
        known = [each for each in self.dues if each.ended <= at]
        unsure = [each.due for each in self.dues if each.begun <= at < each.ended]
        return min([*unsure, *(each.due for each in known[-1:])], default=self.dues[0].due)


class People:
    """Everything that people do, in the order of its time."""

    def __init__(self, installation: Installation, plan: Plan) -> None:
        self.installation = installation
        self.plan = plan
        self.told: list[Told] = []
        self.begin = clock.now()
        self._agenda: list[tuple[datetime, int, Callable[[], object]]] = []
        self._order = count()
        self.owners: dict[str, int] = {}
        self.orders: list[Path] = []
        """To die at named places; they vanish when they are carried out."""

    def connect(self) -> None:
        """The accounts. Every fourth keeps a short distance between its posts."""
        sandbox = self.installation.sandbox
        with writing():
            for number, slug in enumerate(self.plan.owners):
                kind = slug.rstrip("0123456789")
                credentials, url = {
                    "blog": lambda: ({}, ""),
                    "x": lambda n=number: (sandbox.add_x(str(5000 + n), f"acme{n}"), sandbox.x_url),
                    "page": lambda n=number: (
                        sandbox.add_page(str(70000 + n), f"Acme {n}"),
                        sandbox.facebook_url,
                    ),
                }[kind]()
                self.owners[slug] = accounts.connect(
                    None,
                    kind={"x": "twitter", "page": "facebook"}.get(kind, kind),
                    slug=slug,
                    credentials=credentials,
                    api_url=url,
                    spacing_s=0.3 if number % 4 == 3 else 0.0,
                ).id

    def work(self, stop: Callable[[], bool]) -> None:
        """Go through the agenda to its end, unless told to `stop`."""
        self.begin = clock.now() + timedelta(seconds=LEAD_S)
        for tale in self.plan.tales:
            self._at(
                self.begin + timedelta(seconds=tale.at - LEAD_S), lambda t=tale: self.approve(t)
            )
        for seconds in range(10, int(self.plan.seconds) + 10, 10):
            self._at(self.begin + timedelta(seconds=seconds), self.reconnect)
        while self._agenda and not stop():
            at, _, deed = heapq.heappop(self._agenda)
            time.sleep(max(0.0, (at - clock.now()).total_seconds()))
            self._patiently(deed)

    def _at(self, at: datetime, deed: Callable[[], object]) -> None:
        heapq.heappush(self._agenda, (at, next(self._order), deed))

    def _patiently(self, deed: Callable[[], object]) -> None:
        """A database that is busy or away is asked again, as people do."""
        for _ in range(TRIES):
            try:
                deed()
            except OperationalError:
                db.session.rollback()
                time.sleep(0.5)
            else:
                return
        raise AssertionError(f"the database stayed away\n{self.installation.logs()}")

    def approve(self, tale: Tale) -> None:
        """Write, submit and approve a story, due at its time or, when that is almost over, in a moment."""
        begun = clock.now()
        due = max(self.begin + timedelta(seconds=tale.at), begun + timedelta(seconds=0.5))
        with writing():
            author = people.by_email("ana@example.com")
            story = stories.create_story(author, title=f"이야기 {tale.number}", language="ko")
            posts = [
                stories.add_post(
                    author, story, accounts.get(self.owners[piece.slug]), _draft(piece, 1)
                )
                for piece in tale.pieces
            ]
            review.submit_story(author, story)
            revisions = {post.id: post.revision for post in posts}
            deliveries.approve_story(people.by_email("rui@example.com"), story, revisions, due)
            found = [(post.id, [each.id for each in deliveries.of_post(post)]) for post in posts]
        for piece, (post_id, delivery_ids) in zip(tale.pieces, found, strict=True):
            told = Told(piece, tale.number, post_id, [Dated(begun, clock.now(), due)])
            self.told.append(told)
            if piece.fault:
                self._spoil(piece.fault)
            if piece.crash:
                self.orders.append(self.installation.order(piece.crash, delivery_ids[-1]))
            if piece.deed:
                deed = {
                    "cancel": self.cancel,
                    "move": self.move,
                    "edit": self.edit,
                    "now": self.now,
                }
                at = due + timedelta(seconds=piece.deed.at)
                self._at(at, lambda t=told, d=deed[piece.deed.kind]: self._try(t, d))

    def _spoil(self, fault: Fault) -> None:
        deadline = self.installation.app.extensions["settings"].timings.deadline
        kind, more = {
            "accept_then_hang": ("accept_then_hang", {"seconds": deadline * 1.3}),
            "html_502_posted": ("html_502", {"posted": True}),
            "rate_limited": ("rate_limited", {"reset_after": 2}),
            "latency": ("latency", {"seconds": 0.4}),
            "slow": ("slow", {"seconds": 0.3}),
            "refused": ("status", {"code": 400, "body": {"error": {"code": 100, "message": "no"}}}),
        }.get(fault.kind, (fault.kind, {}))
        self.installation.sandbox.fault(kind, {"text": fault.tag}, fault.times, **more)

    def _try(self, told: Told, deed: Callable[[Told, Post], None]) -> None:
        """Do it; what is refused is remembered with the reason."""
        name = deed.__name__
        try:
            with writing():
                post = db.session.get_one(Post, told.post_id)
                access.lock(post)
                deed(told, post)
        except DomainError as error:
            told.said.append(f"{clock.now():%T.%f} {name}: {error}")
        else:
            told.said.append(f"{clock.now():%T.%f} {name}: done")

    def cancel(self, told: Told, post: Post) -> None:
        deliveries.cancel(people.by_email("rui@example.com"), post)
        told.cancelled = True

    def move(self, told: Told, post: Post) -> None:
        begun = clock.now()
        due = begun + timedelta(seconds=3)
        deliveries.move(people.by_email("rui@example.com"), post, due)
        self._dated(told, begun, due)

    def now(self, told: Told, post: Post) -> None:
        begun = clock.now()
        run = deliveries.publish_now(people.by_email("rui@example.com"), post)
        self._dated(told, begun, run[0].due_at)

    def edit(self, told: Told, post: Post) -> None:
        """Another text. When nothing can have been sent by now, the old one must never appear."""
        waiting = all(_untouched(each) for each in deliveries.of_post(post))
        stories.edit(
            people.by_email("ana@example.com"), post, _draft(told.piece, 2), version=post.version
        )
        told.only = 2 if waiting else 0
        self._again(told, 1)

    def reapprove(self, told: Told, post: Post) -> None:
        begun = clock.now()
        due = begun + timedelta(seconds=0.5)
        if post.status == "draft":
            review.submit(people.by_email("ana@example.com"), post)
        deliveries.approve(people.by_email("rui@example.com"), post, post.revision, due)
        self._dated(told, begun, due)

    def _again(self, told: Told, tries: int) -> None:
        """Approve the new text a moment later; again and again while the old one is on its way."""

        def go() -> None:
            before = len(told.dues)
            self._try(told, self.reapprove)
            if len(told.dues) == before and tries < TRIES:
                self._again(told, tries + 1)

        self._at(clock.now() + timedelta(seconds=1 if tries == 1 else AGAIN_S), go)

    def _dated(self, told: Told, begun: datetime, due: datetime) -> None:
        """Remember a due time; until the commit is over, the old one may still be in force."""
        told.dues.append(Dated(begun, clock.now() + timedelta(seconds=1), due))

    def reconnect(self) -> None:
        """What people do now and then: accounts that are paused, or throttled for long, are resumed, holds
        released."""
        soon = clock.now() + timedelta(seconds=LEAD_S)
        with writing():
            for account in accounts.all_accounts():
                throttled = account.paused_until is not None and account.paused_until > soon
                if account.status != "active" or throttled:
                    accounts.resume(None, account)
            for account_id in accounts.holds():
                accounts.release(None, accounts.get(account_id) if account_id else None)


def _draft(piece: Piece, version: int) -> Draft:
    return Draft(
        title=f"{piece.tags[0]} v{version}" if piece.slug == BLOG else "",
        text=piece.text(version),
        thread=len(piece.tags) > 1,
        when_late={BLOG: piece.when_late} if piece.linked else {},
    )


def _untouched(delivery: Delivery) -> bool:
    """Whether no create of it can be on the wire now or ever have been."""
    return delivery.status == "scheduled" and all(each.wire_at is None for each in delivery.tries)
