"""Playing the matrix: one running installation, one account and one story per case, all in one stream."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import select

from channels.facebook import BLOCK_MARK
from publisher import clock
from publisher.accounts import service as accounts
from publisher.accounts.models import Account
from publisher.deliveries import service as deliveries
from publisher.effects.models import Effect
from publisher.extensions import db
from publisher.storage import writing
from publisher.stories import review
from publisher.stories import service as stories
from publisher.stories.rules import Draft
from sandbox.ledger import Post as Remote
from tests.faults.gate import Gate
from tests.faults.installation import Installation
from tests.faults.matrix import AUTHORITY_LOST, BELL, Case, Fault
from tests.faults.oracle import Entry, Fate, judge

BATCH = 16
"""Cases that are written in one transaction: the installation's own writers wait meanwhile."""
AT_ONCE = 24
"""Cases that may be under way when the next ones begin: enough to let their waits overlap."""
LOOK_S = 0.2


@dataclass
class Play:
    """One case as it is played: its post, its account there, the order to die, and what became of it.

    `seconds` go from the first claim until it was seen settled: how long it waited for a free sender among
    all the others says nothing about it.
    """

    case: Case
    post_id: int
    platform: str
    remote: str
    order: Path | None
    gate: Gate | None
    settled_at: datetime | None = None
    fate: Fate = Fate.OPEN
    seconds: float = 0.0
    struck: int = 0
    reconnected: bool = False

    @property
    def broken(self) -> bool:
        """Not kept, not settled in time, or never tried: its crash did not come."""
        return self.fate.broken or self.fate is Fate.OPEN or (self.case.dies and not self.struck)


class Matrix:
    """All cases on one installation, which must have one sender per horse: a crash then hits its own case."""

    def __init__(self, installation: Installation, cases: Sequence[Case]) -> None:
        self.installation = installation
        self.cases = cases
        self.plays: list[Play] = []

    def play(self, limit_s: float) -> list[Play]:
        """Let every case happen, then connect anew what lost its authority; returns what became of each. What
        needs more than `limit_s` stays open."""
        self.installation.sandbox.settings(duplicate_window_seconds=0)  # no help from the platforms
        with writing():
            accounts.connect(None, kind="blog", slug="blog", spacing_s=0.0)
        self._begin([case for case in self.cases if case.point == BELL])
        rest = [case for case in self.cases if case.point != BELL]
        for first in range(0, len(rest), BATCH):
            self._begin(rest[first : first + BATCH])
            self._wait(limit_s, AT_ONCE)
        self._wait(limit_s)
        self._settle_down()
        self._reconnect(limit_s)
        for play in self.plays:
            if play.gate is not None:
                play.gate.close()
        return self.plays

    def _wait(self, limit_s: float, left: int = 0) -> None:
        """Until at most `left` cases are still under way."""
        deadline = time.monotonic() + limit_s
        self._look()
        while sum(play.fate is Fate.OPEN for play in self.plays) > left:
            if time.monotonic() > deadline:
                return
            time.sleep(LOOK_S)
            self._look()

    def _reconnect(self, limit_s: float) -> None:
        """A person connects the accounts anew that lost their authority: all that waited goes out, once."""
        lost = [play for play in self.plays if play.case.outcome == AUTHORITY_LOST]
        self.installation.sandbox.clear_faults()
        for play in lost:
            if play.fate is Fate.WAITS:
                self._connect(play.case)
                play.fate, play.reconnected = Fate.OPEN, True
        self._wait(limit_s)
        self._judge(self.plays)

    def _begin(self, cases: Sequence[Case]) -> None:
        """Write these cases, due now. Faults and orders are in place before anybody can see them."""
        with writing():
            now = clock.now()
            begun = [self._write(case, now) for case in cases]
        self.plays += begun
        if any(play.case.point == BELL for play in begun):
            self._strike_bells(begun)

    def _write(self, case: Case, due: datetime) -> Play:
        here, number = self.installation, case.number
        page = case.kind != "twitter"
        gate = Gate(here.sandbox.port) if case.outcome.gate else None
        account = self._connect(case, f"http://127.0.0.1:{gate.port}" if gate else "")
        platform, remote = (
            ("facebook", str(700000 + number)) if page else ("x", str(500000 + number))
        )
        for fault in case.outcome.faults(case.kind):
            self._fault(fault, platform, remote, patch=case.kind == "patch")
        text = f"{case.word} 한글과 English"
        if case.kind == "patch":
            post_id = self._story_with_article(account, text, due)
        else:
            post_id = here.approve(account, text, due).id
        return Play(case, post_id, platform, remote, self._arm(case, post_id), gate)

    def _connect(self, case: Case, base: str = "") -> Account:
        here = self.installation
        page = case.kind != "twitter"
        api_url = f"{base or here.sandbox.url}/{'facebook' if page else 'x'}"
        return (here.page_account if page else here.x_account)(case.number, api_url=api_url)

    def _story_with_article(self, account: Account, text: str, due: datetime) -> int:
        """A story of two posts that come to link to each other; the id of the one on Facebook."""
        here = self.installation
        story = stories.create_story(here.author, title=text, language="ko")
        article = Draft(title=text, text="본문입니다.")
        stories.add_post(here.author, story, accounts.by_slug("blog"), article)
        post = stories.add_post(here.author, story, account, Draft(text=text))
        review.submit_story(here.author, story)
        revisions = {each.id: each.revision for each in story.posts}
        deliveries.approve_story(here.editor, story, revisions, due)
        return post.id

    def _fault(self, fault: Fault, platform: str, remote: str, *, patch: bool) -> None:
        x = platform == "x"
        places = {
            "create": ("POST", "/2/tweets" if x else f"/{remote}/feed"),
            "patch": ("POST", f"/{remote}_*"),
            "read": ("GET", f"/2/users/{remote}/tweets" if x else f"/{remote}/published_posts"),
            "any": ("*", "*"),
        }
        method, path = places["patch" if patch and fault.on == "create" else fault.on]
        match = {"platform": platform, "account": remote, "method": method, "path": path}
        self.installation.sandbox.fault(fault.kind, match, fault.times, **fault.args)

    def _arm(self, case: Case, post_id: int) -> Path | None:
        here, place = self.installation, case.point.place
        if not case.dies or case.point == BELL:
            return None
        subject = post_id if case.kind == "patch" else here.delivery(post_id)
        who = case.word if place == "half-written" else case.point.who
        return here.order(place, subject, who)

    def _strike_bells(self, begun: Sequence[Play]) -> None:
        """Bells that ring for these cases die unheard, until each worker has lost one or a while is over."""
        order = self.installation.order("bell-heard", 0)
        struck, deadline = 0, time.monotonic() + 60
        while struck < self.installation.knobs.workers and time.monotonic() < deadline:
            if not order.exists():
                deadline = deadline if struck else time.monotonic() + 5
                struck += 1
                self.installation.order("bell-heard", 0)
            time.sleep(0.002)
        order.unlink(missing_ok=True)
        for play in begun:
            play.struck = struck

    def _look(self) -> None:
        """Tend what died, open gates that have refused, and judge what is still open."""
        self.installation.tend()
        tried = self.installation.tried("unavailable")
        for play in self.plays:
            if play.order is not None and not play.order.exists():
                play.struck, play.order = 1, None
            if play.gate is not None and not play.gate.opened and play.post_id in tried:
                play.gate.open()
        self._judge([play for play in self.plays if play.fate is Fate.OPEN])

    def _judge(self, plays: Sequence[Play]) -> None:
        if not plays:
            return
        gave_up = select(Effect.key).where(Effect.next_at.is_(None), Effect.done_at.is_(None))
        stuck = set(db.session.scalars(gave_up))
        now = clock.now()
        entries = self.installation.shown([play.post_id for play in plays])
        for play, entry in zip(plays, entries, strict=True):
            play.fate = self._fate(play, entry, stuck)
            if play.fate is not Fate.OPEN:
                play.settled_at = play.settled_at or now

    def _fate(self, play: Play, entry: Entry, stuck: set[str]) -> Fate:
        held = self.held(play)
        fate = judge(len(held), entry)
        if fate is Fate.SETTLED and any(play.case.word not in post.text for post in held):
            return Fate.LOST
        if play.case.kind != "patch" or fate is not Fate.SETTLED:
            return fate
        if held[0].current.count(BLOCK_MARK) == 2 and "/blog/" in held[0].current:
            return Fate.SETTLED
        return Fate.WAITS if f"links:{play.post_id}" in stuck else Fate.OPEN

    def held(self, play: Play) -> list[Remote]:
        """What the platform holds on the case's account: the truth."""
        return self.installation.sandbox.world.ledger.of(play.platform, play.remote)

    def _settle_down(self) -> None:
        """When nobody sends any more, judge everything once again: a late second post would show now."""
        here = self.installation
        deadline = time.monotonic() + 30
        while here.on_the_wire() and time.monotonic() < deadline:
            here.tend()
            time.sleep(LOOK_S)
        self._judge(self.plays)
        begun, now = here.first_claims(), clock.now()
        for play in self.plays:
            end = play.settled_at or now
            play.seconds = (end - begun.get(play.post_id, end)).total_seconds()


def by_point(plays: Sequence[Play]) -> Iterator[tuple[str, list[Play]]]:
    """Rows of the table: point and channel, in the order of the matrix."""
    rows: dict[str, list[Play]] = {}
    for play in plays:
        kind = {"twitter": "X", "facebook": "Facebook", "patch": "Facebook"}[play.case.kind]
        rows.setdefault(f"{play.case.point.name} ({kind})", []).append(play)
    yield from rows.items()
