"""How a story will go out, before it does: the rules of dispatching, applied to what is planned.

`foresee` is pure; `of_story` reads what it needs. A forecast promises nothing: a platform may be slow.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import func, select

from publisher import clock
from publisher.accounts.models import Account
from publisher.deliveries.models import Delivery
from publisher.deliveries.plan import Targets, timings
from publisher.deliveries.rules import SCHEDULED, TAKEN_DOWN
from publisher.extensions import db
from publisher.stories import contents
from publisher.stories.links import WhenLate
from publisher.stories.models import Post, Story
from publisher.stories.rules import ARCHIVED

GOES, OUT, WITHOUT, DROPPED, HELD, UNPLANNED, STOPPED = (
    "goes",
    "out",
    "without",
    "dropped",
    "held",
    "unplanned",
    "stopped",
)
"""What is foreseen of a post: it goes out in its order, is out already, goes without a link, is dropped for
the lack of one, waits for something that has no time, has no time, or does not go out as things are."""

OVER = frozenset(
    {"failed", "cancelled", "missed", "needs_attention", "partly_published", "taken_down"}
)
TAKES_LINKS = frozenset({"blog", "facebook"})
QUEUE = 100
"""How many of an account's posts before ours are looked at: a longer queue is no forecast's matter."""


@dataclass(frozen=True, slots=True)
class Planned:
    """One post as it is planned: `waits` are the posts whose addresses it wants, and what if one is late."""

    post_id: int
    account_id: int
    due: datetime | None
    waits: Mapping[int, WhenLate] = field(default_factory=dict)
    parts: int = 1
    spacing: timedelta = timedelta()
    out_at: datetime | None = None
    stopped: bool = False
    hopeless: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """What becomes of one post: when (of a thread, until when), after whose addresses, and how."""

    post_id: int
    at: datetime | None
    until: datetime | None
    waits_for: tuple[int, ...]
    outcome: str


Free = Callable[[int, datetime], datetime]
"""(account, instant) → the earliest instant from then on at which the account may post."""


def foresee(
    planned: Sequence[Planned], *, late: timedelta, free: Free = lambda _account, at: at
) -> list[Step]:
    """The steps in their order; what has no time comes last. Posts that wait in a circle are held."""
    known: dict[int, Step] = {}
    taken: dict[int, datetime] = {}
    left = list(planned)
    here = {each.post_id for each in planned}
    while ready := [each for each in left if set(each.waits) & here <= known.keys()]:
        first = min(ready, key=_order)
        step = _step(first, known, late)
        if step.at is not None and step.outcome in {GOES, WITHOUT}:
            at = max(free(first.account_id, step.at), taken.get(first.account_id, step.at))
            until = at + (first.parts - 1) * first.spacing
            taken[first.account_id] = until + first.spacing
            step = Step(step.post_id, at, until, step.waits_for, step.outcome)
        known[first.post_id] = step
        left.remove(first)
    steps = [*known.values(), *(_held(each) for each in left)]
    return sorted(steps, key=lambda step: (step.at is None, step.at.timestamp() if step.at else 0))


def _order(post: Planned) -> tuple[bool, float]:
    at = post.out_at or post.due
    return at is None, at.timestamp() if at else 0.0


def _held(post: Planned) -> Step:
    return Step(post.post_id, None, None, tuple(post.waits), HELD)


def _step(post: Planned, known: Mapping[int, Step], late: timedelta) -> Step:
    waits_for = tuple(post.waits)
    if post.out_at is not None:
        return Step(post.post_id, post.out_at, post.out_at, waits_for, OUT)
    if post.stopped:
        return Step(post.post_id, None, None, waits_for, STOPPED)
    if post.due is None:
        return Step(post.post_id, None, None, waits_for, UNPLANNED)
    if post.hopeless:
        return _held(post)
    at, missing = post.due, set()
    for target, policy in post.waits.items():
        there = known[target].at if target in known and _comes(known[target]) else None
        if policy is WhenLate.HOLD and there is None:
            return _held(post)
        if policy is not WhenLate.HOLD and (there is None or there > post.due + late):
            missing.add(policy)
        elif there is not None:
            at = max(at, there)
    if not missing:
        return Step(post.post_id, at, at, waits_for, GOES)
    at = max(at, post.due + late)
    outcome = DROPPED if WhenLate.DROP in missing else WITHOUT
    return Step(post.post_id, at, at, waits_for, outcome)


def _comes(step: Step) -> bool:
    return step.outcome in {GOES, OUT, WITHOUT}


# ---- Of a story ----


@dataclass(frozen=True, slots=True)
class Stop:
    """One step with its posts, for a page."""

    post: Post
    step: Step
    waits_for: tuple[Post, ...]


@dataclass(frozen=True, slots=True)
class Forecast:
    """How a story goes out: its stops, and at last under which posts links are written, and when."""

    stops: tuple[Stop, ...]
    linked: tuple[Post, ...]
    linked_at: datetime | None

    @property
    def ahead(self) -> bool:
        """Whether anything is still to come, and more than one thing."""
        to_come = [stop for stop in self.stops if stop.step.outcome != OUT]
        return bool(to_come) and len(self.stops) > 1

    def waiting(self, post: Post) -> tuple[Post, ...]:
        """Who waits for that post's address."""
        return tuple(stop.post for stop in self.stops if post in stop.waits_for)


def of_story(story: Story) -> Forecast:
    """What the story's posts will do as they stand now, approved or not."""
    posts = {post.id: post for post in story.posts if post.status != ARCHIVED}
    planned = [_planned(post) for post in posts.values()]
    late = timedelta(seconds=timings().late)
    steps = foresee(planned, late=late, free=_free(story.id))
    stops = tuple(
        Stop(
            posts[step.post_id],
            step,
            tuple(posts[each] for each in step.waits_for if each in posts),
        )
        for step in steps
    )
    coming = [stop for stop in stops if _comes(stop.step)]
    takes = tuple(stop.post for stop in coming if stop.post.account.kind in TAKES_LINKS)
    linked = takes if len(coming) > 1 else ()
    last = max((stop.step.until for stop in coming if stop.step.until), default=None)
    return Forecast(stops, linked, last if linked else None)


def _planned(post: Post) -> Planned:
    head = post.head
    targets = Targets(post, head)
    waits = {
        target: targets.policy(reference)
        for reference, target in targets.found.items()
        if target is not None
    }
    unknown = [
        reference
        for reference, target in targets.found.items()
        if target is None and targets.policy(reference) is WhenLate.HOLD
    ]
    due = post.due_at if post.delivery_status in {"scheduled", "waiting"} else post.planned_at
    if due is not None and post.published_at is None:
        due = max(due, clock.now())
    return Planned(
        post_id=post.id,
        account_id=post.account_id,
        due=due,
        waits=waits,
        parts=len(contents.parts(head.draft, post.account.kind)),
        spacing=timedelta(seconds=post.account.spacing_s),
        out_at=None if post.delivery_status == TAKEN_DOWN else post.published_at,
        stopped=post.delivery_status in OVER,
        hopeless=bool(unknown),
    )


def _free(story_id: int) -> Free:
    """When an account is free, given what it already has to send for other stories."""

    def free(account_id: int, at: datetime) -> datetime:
        account = db.session.get_one(Account, account_id)
        slot = max([at, *filter(None, (account.next_slot_at, account.paused_until))])
        if not account.spacing_s:
            return slot
        spacing = timedelta(seconds=account.spacing_s)
        free_at = account.next_slot_at
        for next_at in _before(account_id, story_id, at):
            free_at = max(next_at, free_at or next_at) + spacing
        return max(slot, free_at or slot)

    return free


def _before(account_id: int, story_id: int, at: datetime) -> list[datetime]:
    """When the account's posts that come before that instant may go, the oldest first."""
    query = (
        select(Delivery.next_at)
        .join(Post, Post.id == Delivery.post_id)
        .where(
            Delivery.account_id.between(account_id, account_id),
            func.coalesce(Delivery.status, "") == SCHEDULED,
            Delivery.next_at.is_not(None),
            Delivery.next_at <= at,
            Post.story_id != story_id,
        )
        .order_by(Delivery.next_at.desc())
        .limit(QUEUE)
    )
    return [each for each in reversed(db.session.scalars(query).all()) if each is not None]
