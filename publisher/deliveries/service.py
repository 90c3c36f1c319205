"""What people do with deliveries: approve into the calendar, move, cancel, publish now, settle by hand."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from flask_babel import gettext as _
from sqlalchemy import func, select

from channels import channel_class
from channels.base import Receipt, Stages
from publisher import clock, zones
from publisher.deliveries import corrections, lateness, plan, preflight, proof, settle, state
from publisher.deliveries.authority import is_approved, require_editor
from publisher.deliveries.models import Delivery
from publisher.deliveries.rules import (
    CANCELLED,
    FAILED,
    FINAL,
    MISSED,
    NEEDS_ATTENTION,
    PUBLISHED,
    SCHEDULED,
    SENDING,
    TAKEN_DOWN,
    UNCONFIRMED,
)
from publisher.effects import service as effects
from publisher.errors import Conflict, Invalid, NotFound
from publisher.extensions import db
from publisher.people.models import User
from publisher.storage import writing
from publisher.stories import access, approvals, contents, problems, review
from publisher.stories import service as stories
from publisher.stories.models import Post, Story

PAST = timedelta(minutes=1)
"""A time that has just passed is meant as "now"; an older one is a mistake."""
ON_ITS_WAY = frozenset({SENDING, UNCONFIRMED, NEEDS_ATTENTION})


def approve(
    actor: User | None,
    post: Post,
    revision: int,
    due_at: datetime | None = None,
    zone: str = "",
) -> Post:
    """Approve that revision and put it on the calendar at `due_at`, or at its planned time, if it has one.

    While further approvals are missing `due_at` is its planned time, and the last one schedules it. If the
    post is out, the last one corrects what the world sees of it instead, at once.
    Raises what `review.approve`, `schedule` and `corrections.correct` raise; then neither has happened.
    """
    with writing():
        _mean(actor, post, due_at, zone)
        review.approve(actor, post, revision)
        _onto_calendar(actor, post, due_at, zone)
    return post


def approve_story(
    actor: User | None,
    story: Story,
    revisions: Mapping[int, int],
    due_at: datetime | None = None,
    zone: str = "",
) -> list[Post]:
    """Approve the story's posts in review together: all or none. `revisions` maps post ids to revisions.

    With one `due_at` for all, the posts keep the order of their links: who links waits for whom it links to.
    Raises Conflict when one is in review that `revisions` does not name: its approver has not read it.
    """
    with writing():
        posts = {post.id: post for post in story.posts}
        if unknown := sorted(set(revisions) - set(posts)):
            raise NotFound(_("This story has no post %(ids)s.", ids=", ".join(map(str, unknown))))
        chosen = [posts[post_id] for post_id in revisions]
        approvals.require_all(actor, story, chosen)
        for post in chosen:
            _mean(actor, post, due_at, zone)
        for post in chosen:
            review.approve(actor, post, revisions[post.id])
        for post in chosen:
            _onto_calendar(actor, post, due_at, zone)
        return chosen


def _mean(actor: User | None, post: Post, due_at: datetime | None, zone: str) -> None:
    """Plan the post for the time that comes with its approval, before its problems are looked for: they
    depend on it. What is out keeps its time."""
    if due_at is not None and not corrections.is_out(post):
        zone = zone or post.planned_zone or post.story.owner.timezone
        stories.plan(actor, post, future(due_at), zone)
        db.session.flush()


def _onto_calendar(actor: User | None, post: Post, due_at: datetime | None, zone: str) -> None:
    """Schedule what is approved by all who have to; else keep the time for when it is. What is out already is
    corrected."""
    if corrections.is_out(post):
        if is_approved(post):
            corrections.correct(actor, post)
        return
    at, meant = (due_at, zone) if due_at else (post.planned_at, post.planned_zone)
    if at is not None and is_approved(post):
        _schedule(actor, post, at, meant)


def schedule(actor: User | None, post: Post, due_at: datetime, zone: str = "") -> list[Delivery]:
    """Write the deliveries of an approved post, due at `due_at`; or give its waiting ones that time.

    Raises Conflict when it is not approved, on its way or already out, Invalid for a time in the past or
    before that of a post that it links to.
    """
    with writing():
        run = _schedule(actor, post, due_at, zone)
        for found in problems.of_plan(contents.node(post), contents.nodes(post)):
            if found.code == "before_target":
                raise Invalid(problems.sentence(found), code=found.code)
        return run


def _schedule(actor: User | None, post: Post, due_at: datetime, zone: str) -> list[Delivery]:
    """As `schedule`, also to a time at which it has to wait for what it links to."""
    with writing():
        access.lock(post)
        require_editor(actor, post)
        if not is_approved(post):
            raise Conflict(_("Only an approved post can be scheduled."), code="not_approved")
        due_at = future(due_at)
        zone = zone or post.planned_zone or post.story.owner.timezone
        run = list(state.latest_run(post))
        if any(delivery.status in ON_ITS_WAY for delivery in run):
            raise Conflict(
                _("This post is on its way and cannot be scheduled again."), code="on_its_way"
            )
        if run and all(delivery.status == PUBLISHED for delivery in run):
            raise Conflict(_("This post is already out."), code="already_published")
        corrections.require_gone(post)
        stories.plan(actor, post, due_at, zone)
        waiting = [delivery for delivery in run if delivery.status in {SCHEDULED, MISSED}]
        out = [delivery for delivery in run if delivery.status == PUBLISHED]
        if out:
            _require_rest(post, out, waiting, run)
        if waiting:
            texts = contents.parts(post.head.draft, post.account.kind)
            if len(out) + len(waiting) == len(run) == len(texts):
                for delivery in waiting:
                    _retime(actor, delivery, due_at, zone)
                plan.make_ready(run)
                state.mirror(post)
                _stage(run)
                return run
            for delivery in waiting:
                state.move(delivery, CANCELLED, actor=actor, next_at=None, note="replaced")
        return new_run(actor, post, due_at, zone)


def move(actor: User | None, post: Post, at: datetime, zone: str = "") -> Post:
    """Give a post another time: its planned one, and its delivery's if it is scheduled or was missed.

    Raises Conflict when it is on its way or out; the missed rest of a thread may still move.
    """
    with writing():
        access.lock(post)
        run = state.latest_run(post)
        statuses = {delivery.status for delivery in run}
        if statuses & ON_ITS_WAY or (PUBLISHED in statuses and MISSED not in statuses):
            raise Conflict(
                _("This post is on its way or out and cannot be moved."), code="on_its_way"
            )
        if statuses & {SCHEDULED, MISSED}:
            require_editor(actor, post)
            schedule_or_replan(actor, post, at, zone)
        elif not run and is_approved(post):
            _schedule(actor, post, at, zone)
        else:
            stories.plan(actor, post, future(at), zone)
    return post


def unplan(actor: User | None, post: Post) -> Post:
    """Take back a post's planned time. Raises Conflict when it is scheduled, on its way or out."""
    with writing():
        access.lock(post)
        statuses = {delivery.status for delivery in state.latest_run(post)}
        if statuses - {FAILED, CANCELLED, TAKEN_DOWN}:
            raise Conflict(
                _(
                    "This post is scheduled, on its way or out. Cancel it instead of taking its time."
                ),
                code="scheduled",
            )
        stories.plan(actor, post, None, "")
    return post


def schedule_or_replan(actor: User | None, post: Post, at: datetime, zone: str) -> None:
    """Move what is scheduled. While its approval is void the time is kept for when it is approved again."""
    if is_approved(post):
        _schedule(actor, post, at, zone)
        return
    at = future(at)
    zone = zone or post.planned_zone
    stories.plan(actor, post, at, zone)
    for delivery in state.latest_run(post):
        if delivery.status in {SCHEDULED, MISSED}:
            _retime(actor, delivery, at, zone)
            delivery.next_at, delivery.waits_for = None, "approval"
    state.mirror(post)


def cancel(actor: User | None, post: Post) -> Post:
    """Take a post off the calendar. At once while it waits; before its last commit while it is being sent.

    Raises Conflict when there is nothing to cancel, or when it may already be out.
    """
    with writing():
        access.lock(post)
        require_editor(actor, post)
        run = state.latest_run(post)
        alive = [delivery for delivery in run if delivery.status not in FINAL]
        if not alive:
            raise Conflict(_("This post is not scheduled."), code="not_scheduled")
        if any(delivery.status in {UNCONFIRMED, NEEDS_ATTENTION} for delivery in alive):
            raise Conflict(_("This post may already be out. Settle that first."), code="on_its_way")
        for delivery in alive:
            if delivery.status == SENDING:
                delivery.cancel_requested = True
            else:
                state.move(delivery, CANCELLED, actor=actor, next_at=None, waits_for="")
        for woken in plan.wake(post.story_id, but=post.id):
            state.mirror(woken)
    return post


def publish_now(actor: User | None, post: Post) -> list[Delivery]:
    """Send an approved post now, scheduled, missed or not: the same path, due at once."""
    return _schedule(actor, post, clock.now(), "")


def settle_by_hand(actor: User | None, delivery: Delivery, verdict: str, url: str = "") -> Delivery:
    """A person decides on a delivery that needs attention: `there` (with its address), `absent` (send it
    again) or `drop`. The person's word is recorded with their name."""
    with writing():
        state.locked(delivery.id)
        require_editor(actor, delivery.post)
        if delivery.status != NEEDS_ATTENTION:
            raise Conflict(_("This delivery does not wait for a decision."), code="delivery_state")
        if verdict == "there":
            address = proof.address(url)
            receipt = Receipt(proof.remote_id(delivery, address), address)
            if not settle.published(delivery, receipt, actor):
                raise Conflict(str(settle.PROBLEMS["two_owners"]), code="two_owners")
        elif verdict == "absent":
            delivery.resends = delivery.absences = delivery.crashes = 0
            delivery.cancel_requested = False
            state.move(delivery, SCHEDULED, actor=actor, next_at=clock.now(), problem_code="")
            delivery.expires_at = clock.now() + lateness.grace(delivery.post)
            plan.make_ready(state.run_of(delivery))
        elif verdict == "drop":
            settle.cancelled(delivery, actor)
            settle.end_rest(delivery, actor)
        else:
            raise Invalid(_("Say whether it is there, is not there, or shall be dropped."))
    return delivery


def of_post(post: Post) -> Sequence[Delivery]:
    """The parts of the newest run."""
    return state.latest_run(post)


def earlier(post: Post) -> Sequence[Delivery]:
    """The deliveries of former runs, newest first."""
    newest = select(func.max(Delivery.run)).where(Delivery.post_id == post.id).scalar_subquery()
    query = select(Delivery).where(Delivery.post_id == post.id, Delivery.run < newest)
    return db.session.scalars(query.order_by(Delivery.run.desc(), Delivery.part)).all()


def get(actor: User | None, delivery_id: int) -> Delivery:
    """The delivery of that id, if its story may be seen; raises NotFound."""
    delivery = db.session.get(Delivery, delivery_id)
    if delivery is None or not access.sees(actor, delivery.post.story):
        raise NotFound(_("There is no such delivery."))
    return delivery


def new_run(
    actor: User | None,
    post: Post,
    due_at: datetime,
    zone: str,
    *,
    out: Sequence[Delivery] = (),
) -> list[Delivery]:
    """Another run of an approved post, due at `due_at`. Parts of it that are `out` go along and are not sent
    again: the run begins after them. Call inside `writing()`, with the post locked."""
    revision = post.head
    texts = contents.parts(revision.draft, post.account.kind)
    newest = db.session.scalar(select(func.max(Delivery.run)).where(Delivery.post_id == post.id))
    number, first = (newest or 0) + 1, len(out) + 1
    for delivery in out:
        delivery.run = number
    missing = [
        Delivery(
            post=post,
            revision=revision,
            account=post.account,
            run=number,
            part=part,
            parts=len(texts),
            due_at=due_at,
            zone=zone,
            wall=zones.wall(due_at, zone),
            expires_at=due_at + lateness.grace(post),
            marker=secrets.token_hex(5),
            changed_at=clock.now(),
            look_at=preflight.first_look(due_at) if part == first else None,
        )
        for part in range(first, len(texts) + 1)
    ]
    db.session.add_all(missing)
    db.session.flush()
    run = [*out, *missing]
    plan.make_ready(run)
    for delivery in missing:
        state.move(delivery, SCHEDULED, actor=actor, note=f"due {due_at.isoformat()}")
    if not out:  # pictures go with the first part
        _stage(run)
    return run


def _retime(actor: User | None, delivery: Delivery, due_at: datetime, zone: str) -> None:
    """Another time, and the revision that is approved now."""
    state.move(
        delivery,
        SCHEDULED,
        actor=actor,
        note=f"due {due_at.isoformat()}",
        revision_id=delivery.post.head.id,
        due_at=due_at,
        zone=zone,
        wall=zones.wall(due_at, zone),
        expires_at=due_at + lateness.grace(delivery.post),
        waits_for="",
        problem="",
        problem_code="",
        cancel_requested=False,
        look_at=preflight.first_look(due_at) if delivery.part == 1 else None,
        concerns="",
    )
    db.session.flush()
    db.session.refresh(delivery)


def _stage(run: Sequence[Delivery]) -> None:
    """Ask for the pictures to be uploaded ahead of time, where the channel can."""
    first = run[0]
    if not first.revision.media or not issubclass(channel_class(first.account.kind), Stages):
        return
    at = first.due_at - timedelta(seconds=plan.timings().stage_ahead)
    key = f"stage:{first.id}:{first.revision_id}"
    wish = {"delivery_id": first.id, "due_at": first.due_at.isoformat()}
    effects.ask("stage", key, wish, at=max(at, clock.now()))


def _require_rest(
    post: Post, out: Sequence[Delivery], waiting: Sequence[Delivery], run: Sequence[Delivery]
) -> None:
    """A thread goes on where it stopped, with the words its first parts had; what is out never goes twice."""
    same = all(delivery.revision.hash == post.head.hash for delivery in out)
    if not same or len(out) + len(waiting) != len(run):
        raise Conflict(
            _("Part of this thread is out already. Write what is missing as a new post."),
            code="partly_published",
        )


def future(at: datetime) -> datetime:
    now = clock.now()
    if at < now - PAST:
        raise Invalid(_("This time has passed. Choose a later one."), code="time_passed")
    return max(at, now)
