"""What may happen in a simulated newsroom, in any order: people, workers, platforms, faults and time.

A run, of up to thirty such steps and all that follows until everything has settled, takes about a second of
one core: `make simulate`'s 5,000 an hour and a half. Corrections and take-downs are side work of their own,
which is not simulated here.
"""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from tests.simulation.newsroom import STORIES, write
from tests.simulation.people import People
from tests.simulation.platform import Answer
from tests.simulation.world import World

POSTS = st.integers(1, len(sum(STORIES, ())))
LATER = st.sampled_from([0, 0, 0, 1, 20, 400])
PASSES = st.sampled_from([0.2, 1, 16, 31, 62, 125, 700, 3600, 8000])
POINTS = (
    *("bell-heard", "before-intent", "after-intent", "dialled", "instant", "before-wire"),
    *("after-wire", "answered", "before-outcome", "after-outcome"),
)
JUMPS = st.sampled_from([-7200, -90, 90, 7200])
STOPS = st.sampled_from(["", "", "", *POINTS])
FREEZES = st.sampled_from(["after-intent", "dialled", "after-wire", "answered"])
ANSWERS = st.sampled_from(
    [Answer.ACCEPTED] * 2 + [each for each in Answer if each is not Answer.BUG]
)
LAGS = st.sampled_from([0, 20, 59])


class Newsroom(RuleBasedStateMachine):
    """Hypothesis chooses what happens; `World` and `Ledger` hold what must always be true."""

    world: ClassVar[World]

    def __init__(self) -> None:
        super().__init__()
        self.world.begin()
        self.people = People(self.world)

    @initialize(due=st.tuples(*[st.sampled_from([0, 5, None]) for _ in STORIES]))
    def plan(self, due: tuple[float | None, ...]) -> None:
        """Some stories are on the calendar already."""
        for story, in_s in enumerate(due, 1):
            if in_s is not None:
                self.people.approve_story(story, in_s)

    # ---- People ----

    @precondition(lambda self: len(self.world.ledger.facts) == len(sum(STORIES, ())))
    @rule(slug=st.sampled_from(["x", "page"]))
    def draft(self, slug: str) -> None:
        write(self.world, ((slug, ""),))

    @rule(post=POSTS, in_s=LATER)
    def approve(self, post: int, in_s: float) -> None:
        self.people.approve(post, in_s)

    @rule(story=st.integers(1, len(STORIES)), in_s=LATER)
    def approve_story(self, story: int, in_s: float) -> None:
        self.people.approve_story(story, in_s)

    @rule(post=POSTS)
    def edit(self, post: int) -> None:
        self.people.edit(post)

    @rule(post=POSTS)
    def cancel(self, post: int) -> None:
        self.people.cancel(post)

    @rule(post=POSTS)
    def take_back(self, post: int) -> None:
        self.people.take_back(post)

    @rule(post=POSTS, in_s=LATER)
    def move(self, post: int, in_s: float) -> None:
        self.people.move(post, in_s)

    @rule(post=POSTS)
    def publish_now(self, post: int) -> None:
        self.people.publish_now(post)

    @rule(slug=st.sampled_from(["", "x", "page"]))
    def switch(self, slug: str) -> None:
        self.people.switch(slug)

    @precondition(lambda self: any(r["status"] == "needs_attention" for r in self.world.rows()))
    @rule(drop=st.booleans())
    def decide(self, drop: bool) -> None:
        self.people.decide(drop=drop)

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
        """The next thing is due, and a worker takes it up. It may freeze or die at `stop`, on a host whose
        processes nobody sees."""
        self.world.next_due(within_s=3600)
        self.world.hear(answer, stop=stop, dies=dies, lag_s=lag_s, slow=slow, far=far)

    @rule(answer=ANSWERS, stop=FREEZES, lag_s=LAGS)
    def freeze(self, answer: Answer, stop: str, lag_s: float) -> None:
        """A worker takes up the next thing and is not heard of for a while."""
        self.world.next_due(within_s=3600)
        self.world.hear(answer, stop=stop, lag_s=lag_s)

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

    @precondition(lambda self: not self.world.wrong_by)
    @rule(seconds=JUMPS)
    def jump(self, seconds: float) -> None:
        """Somebody moves the machine's clock, forwards or back."""
        self.world.jump(seconds)

    @precondition(lambda self: self.world.wrong_by)
    @rule()
    def mend_clock(self) -> None:
        """Rui sets it right and confirms it; a hold for it ends with that alone."""
        self.world.mend_clock(self.people.rui)

    @rule()
    def copy(self) -> None:
        """The hourly backup."""
        self.world.copy()

    @precondition(lambda self: self.world.copied)
    @rule()
    def restore(self) -> None:
        """An older copy of the database takes its place."""
        self.world.restore()

    def teardown(self) -> None:
        self.world.finish()
