"""What may happen in a simulated newsroom, in any order: people, workers, platforms, faults and time."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from publisher.accounts import service as accounts
from publisher.deliveries import service as deliveries
from publisher.stories import review
from publisher.stories import service as stories
from tests.simulation.ledger import Fact
from tests.simulation.newsroom import STORIES, words, write
from tests.simulation.platform import Answer
from tests.simulation.world import World

POSTS = st.integers(0, 9)
LATER = st.sampled_from([0, 0, 0, 1, 20, 400])
PASSES = st.sampled_from([0.2, 1, 16, 31, 62, 125, 700, 3600, 8000])
POINTS = (
    *("bell-heard", "before-intent", "after-intent", "dialled", "instant", "before-wire"),
    *("after-wire", "answered", "before-outcome", "after-outcome"),
)
STOPS = st.sampled_from(["", "", "", *POINTS])
ANSWERS = st.sampled_from([Answer.ACCEPTED, Answer.ACCEPTED, Answer.ACCEPTED, *Answer])
LAGS = st.sampled_from([0, 20, 59])


class Newsroom(RuleBasedStateMachine):
    """Hypothesis chooses what happens; `World` holds what must always be true."""

    world: ClassVar[World]

    def __init__(self) -> None:
        super().__init__()
        self.world.begin()
        self.rui, self.ana = self.world.person("Rui"), self.world.person("Ana")

    @initialize(due=st.tuples(*[st.sampled_from([None, 0, 5]) for _ in STORIES]))
    def plan(self, due: tuple[float | None, ...]) -> None:
        """Some stories are on the calendar already."""
        for number, in_s in enumerate(due):
            if in_s is not None:
                self.approve_story(in_s, number)

    # ---- People ----

    @rule(slug=st.sampled_from(["x", "page"]))
    @precondition(lambda self: len(self.world.ledger.facts) == len(sum(STORIES, ())))
    def draft(self, slug: str) -> None:
        write(self.world, ((slug, ""),))

    @rule(post=POSTS, in_s=LATER)
    def approve(self, post: int, in_s: float) -> None:
        """Submitted if need be, approved as it is, due then."""
        fact = self.fact(post)
        at = self.world.now + timedelta(seconds=in_s)
        row = self.world.post(fact.post_id)
        if row.status == "draft" and not self.world.attempt(lambda: review.submit(self.ana, row)):
            return
        if self.world.attempt(lambda: deliveries.approve(self.rui, row, row.revision, at)):
            fact.approved, fact.due = fact.written, at

    @rule(in_s=LATER, story=st.integers(0, 5))
    def approve_story(self, in_s: float, story: int) -> None:
        at = self.world.now + timedelta(seconds=in_s)
        whole = stories.get_story(None, story + 1)
        posts = {post.id: post.revision for post in whole.posts if post.status == "in_review"}
        if posts and self.world.attempt(
            lambda: deliveries.approve_story(self.rui, whole, posts, at)
        ):
            for post_id in posts:
                fact = self.world.ledger.facts[post_id]
                fact.approved, fact.due = fact.written, at

    @rule(post=POSTS)
    def edit(self, post: int) -> None:
        fact = self.fact(post)
        row = self.world.post(fact.post_id)
        draft = words(fact.post_id, fact.written + 1, fact.plan)
        if self.world.attempt(lambda: stories.edit(self.ana, row, draft, version=row.version)):
            fact.written, fact.approved = fact.written + 1, None

    @rule(post=POSTS)
    def cancel(self, post: int) -> None:
        row = self.world.post(self.fact(post).post_id)
        self.world.attempt(lambda: deliveries.cancel(self.rui, row))

    @rule(post=POSTS, in_s=LATER)
    def move(self, post: int, in_s: float) -> None:
        fact = self.fact(post)
        at = self.world.now + timedelta(seconds=in_s)
        row = self.world.post(fact.post_id)
        if self.world.attempt(lambda: deliveries.move(self.rui, row, at, "Asia/Seoul")):
            fact.due = at

    @rule(post=POSTS)
    def publish_now(self, post: int) -> None:
        fact = self.fact(post)
        row = self.world.post(fact.post_id)
        if self.world.attempt(lambda: deliveries.publish_now(self.rui, row)):
            fact.due = self.world.now

    @rule(slug=st.sampled_from(["", "x", "page"]))
    def switch(self, slug: str) -> None:
        """Hold an account or everything, release it, or take up an account that was paused."""
        account = accounts.by_slug(slug) if slug else None
        if account is not None and account.status != "active":
            self.world.attempt(lambda: accounts.resume(self.rui, account))
        elif not self.world.attempt(lambda: accounts.release(self.rui, account)):
            self.world.attempt(lambda: accounts.hold(self.rui, "stop", account))

    @precondition(lambda self: any(r["status"] == "needs_attention" for r in self.world.rows()))
    @rule(drop=st.booleans())
    def decide(self, drop: bool) -> None:
        """A person looks at the platform and says what they see."""
        for row in self.world.rows():
            if row["status"] != "needs_attention":
                continue
            there = self.world.ledger.of(row["post_id"], row["part"])
            verdict = "there" if there else "drop" if drop else "absent"
            delivery = deliveries.get(self.rui, row["id"])
            url = there[0].url if there else ""
            self.world.attempt(
                lambda d=delivery, v=verdict, u=url: deliveries.settle_by_hand(self.rui, d, v, u)
            )
            return

    # ---- Machines, platforms and time ----

    @rule(forgetful=st.booleans())
    def tick(self, forgetful: bool) -> None:
        """The dispatcher's round; a `forgetful` Redis loses what it rang."""
        self.world.tick()
        if forgetful:
            self.world.bells = 0

    @rule(
        answer=ANSWERS,
        stop=STOPS,
        dies=st.booleans(),
        lag_s=LAGS,
        slow=st.booleans(),
        far=st.booleans(),
    )
    def work(
        self, answer: Answer, stop: str, dies: bool, lag_s: float, slow: bool, far: bool
    ) -> None:
        """A worker hears a bell. It may freeze or die at `stop`, on a host whose processes nobody sees."""
        self.world.hear(answer, stop=stop, dies=dies, lag_s=lag_s, slow=slow, far=far)

    @rule(answer=ANSWERS, stop=STOPS, seconds=PASSES)
    def work_later(self, answer: Answer, stop: str, seconds: float) -> None:
        """Time passes, then a worker dies, or not."""
        self.world.now += timedelta(seconds=seconds)
        self.world.tick()
        self.world.hear(answer, stop=stop, dies=True)

    @precondition(lambda self: self.world.frozen())
    @rule(which=st.integers(0, 3), stop=STOPS, dies=st.booleans())
    def thaw(self, which: int, stop: str, dies: bool) -> None:
        """A frozen worker goes on: its answer is as late as can be."""
        frozen = self.world.frozen()
        self.world.thaw(frozen[which % len(frozen)], stop=stop, dies=dies)

    @precondition(lambda self: self.world.frozen())
    @rule(which=st.integers(0, 3))
    def kill(self, which: int) -> None:
        frozen = self.world.frozen()
        frozen[which % len(frozen)].kill()

    @rule(seconds=PASSES)
    def pass_time(self, seconds: float) -> None:
        self.world.now += timedelta(seconds=seconds)

    def teardown(self) -> None:
        self.world.finish()

    def fact(self, index: int) -> Fact:
        facts = list(self.world.ledger.facts.values())
        return facts[index % len(facts)]
