"""What people want of a post that is out: that it says what a newer approved revision says, or is taken down.

Both are wishes, which `patch.py` brings about. Until then, and when it cannot be done, everybody sees that.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, ScalarSelect, and_, or_, select

from channels import channel_class
from publisher import clock
from publisher.crosslinks import service as crosslinks
from publisher.crosslinks.models import Address
from publisher.deliveries import patch, plan, state
from publisher.deliveries.authority import is_approved, require_editor
from publisher.deliveries.models import Correction
from publisher.deliveries.patch import BY_HAND, REPLACED
from publisher.deliveries.rules import (
    CANCELLED,
    MISSED,
    NEEDS_ATTENTION,
    PUBLISHED,
    SCHEDULED,
    SENDING,
    TAKEN_DOWN,
    UNCONFIRMED,
    CorrectionKind,
    uncorrectable,
)
from publisher.errors import Conflict, Invalid, NotFound
from publisher.extensions import db
from publisher.notices import service as notices
from publisher.people import audit
from publisher.people.models import User
from publisher.storage import counted, when_run, writing
from publisher.stories import access, rules
from publisher.stories.models import Post, Revision

CORRECT, TAKE_DOWN = CorrectionKind
OVERDUE = timedelta(minutes=15)
"""A wish that is older than this waits for somebody to look at it."""
REASON_MAX = 1000


def is_out(post: Post) -> bool:
    """Whether the whole post can be seen by the world now."""
    run = state.latest_run(post)
    return bool(run) and all(delivery.status == PUBLISHED for delivery in run)


def require_gone(post: Post) -> None:
    """Raise Conflict while a post that was taken down may still be seen: sent now, it was there twice."""
    wish = next(iter(patch.of_post(post)), None)
    if wish is not None and wish.kind == TAKE_DOWN and wish.ended_at is None:
        raise Conflict(
            _("This post is still being taken down. Try again in a moment."),
            code="being_taken_down",
        )


def correct(actor: User | None, post: Post) -> Correction:
    """Let the post that is out say what its newest, approved revision says. Call inside `writing()`.

    Raises Conflict when the channel cannot change that (`uncorrectable`), or when the new words link to a
    post that is not out (`link_missing`).
    """
    if not is_approved(post):
        raise Conflict(_("Only an approved post can be scheduled."), code="not_approved")
    address = db.session.get(Address, post.id)
    if address is None:
        raise Conflict(_("This post is not out."), code="not_out")
    _require_possible(post, db.session.get_one(Revision, address.revision_id))
    if plan.Targets(post, post.head).held():
        raise Conflict(
            _("The new text links to a post that is not out yet. Publish that one first."),
            code="link_missing",
        )
    return _wish(actor, post, CORRECT, revision_id=post.head.id)


def take_down(actor: User | None, post: Post, reason: str) -> Correction:
    """Take what is out of a post off its platform, and its address from under its siblings.

    What is still to come of it is cancelled. Raises Invalid without a reason, Conflict when nothing is out or
    part of it may be on its way this moment.
    """
    with writing():
        access.lock(post)
        require_editor(actor, post)
        reason = _worded(reason)
        run = state.latest_run(post)
        statuses = {delivery.status for delivery in run}
        if statuses & {SENDING, UNCONFIRMED, NEEDS_ATTENTION}:
            raise Conflict(
                _("Part of this post may be on its way. Wait for that, or settle it first."),
                code="on_its_way",
            )
        if PUBLISHED not in statuses:
            raise Conflict(_("This post is not out."), code="not_out")
        for delivery in run:
            if delivery.status == PUBLISHED:
                state.move(delivery, TAKEN_DOWN, actor=actor, note=reason)
            elif delivery.status in {SCHEDULED, MISSED}:
                state.move(delivery, CANCELLED, actor=actor, next_at=None, waits_for="")
        crosslinks.went_away(post)
        for touched in [*_lost_target(post), *plan.wake(post.story_id, but=post.id)]:
            state.mirror(touched)
        _tell_writers(actor, post, reason)
        return _wish(actor, post, TAKE_DOWN, reason=reason)


def try_again(actor: User | None, correction: Correction) -> None:
    """Try a wish that has not come true once more, now."""
    with writing():
        post = _open_to(actor, correction)
        correction.problem = ""
        audit.record(actor, "try_again", "post", post.id, story_id=post.story_id)
        patch.ask(correction, again=True)


def done_by_hand(actor: User | None, correction: Correction) -> None:
    """A person says that they did it on the platform themselves. Their word is recorded with their name."""
    with writing():
        post = _open_to(actor, correction)
        patch.end(correction, BY_HAND)
        audit.record(actor, "done_by_hand", "post", post.id, story_id=post.story_id)
        if correction.revision is not None:
            patch.now_says(correction, patch.content_of(correction))


def get(actor: User | None, correction_id: int) -> Correction:
    """The wish of that id, if its story may be seen; raises NotFound."""
    correction = db.session.get(Correction, correction_id)
    if correction is None or not access.sees(actor, correction.post.story):
        raise NotFound(_("There is no such post, or it is not shared with you."))
    return correction


def troubled() -> Sequence[Correction]:
    """Wishes that have not come true and need a person, oldest first."""
    query = select(Correction).where(_in_trouble()).order_by(Correction.asked_at)
    return db.session.scalars(query.limit(100)).all()


def count_troubled() -> ScalarSelect[int]:
    """How many those are, counted up to a thousand, within one statement that counts more."""
    return counted(select(Correction.id).where(_in_trouble()), 1000)


def _in_trouble() -> ColumnElement[bool]:
    late = Correction.asked_at < when_run(OVERDUE)
    return and_(Correction.ended_at.is_(None), or_(Correction.problem != "", late))


def _require_possible(post: Post, shown: Revision) -> None:
    channel = channel_class(post.account.kind)
    if not channel.limits.corrects:
        raise Conflict(
            _(
                "%(channel)s lets nobody change a post that is out. Take it down first; then it can go out "
                "anew.",
                channel=channel.label,
            ),
            code="uncorrectable",
        )
    if uncorrectable(shown.draft, post.head.draft, channel.limits.corrects):
        raise Conflict(
            _(
                "%(channel)s lets only the text of a post be changed. Put its link and pictures back as they "
                "were, or take it down and publish it again.",
                channel=channel.label,
            ),
            code="uncorrectable",
        )


def _worded(reason: str) -> str:
    reason = rules.clean(reason).strip()
    if not reason:
        missing = _("Say why it is taken down. It stays with the post.")
        raise Invalid(missing, fields={"reason": missing})
    if len(reason) > REASON_MAX:
        long = _("Please write at most %(max)s characters.", max=REASON_MAX)
        raise Invalid(long, fields={"reason": long})
    return reason


def _tell_writers(actor: User | None, post: Post, reason: str) -> None:
    story, by = post.story, actor.name if actor else audit.SYSTEM
    values = {"title": story.title, "account": post.account.label, "by": by, "reason": reason[:300]}
    for person in {story.owner, *story.authors}:
        if actor is None or person.id != actor.id:
            notices.notify(person, "taken_down", values, f"/posts/{post.id}/deliveries")


def _lost_target(post: Post) -> list[Post]:
    """Look again at every scheduled part of the story that links to `post`, whose address is gone."""
    touched = []
    for other in post.story.posts:
        run = state.latest_run(other) if other.delivery_status in {"scheduled", "waiting"} else ()
        if run and post.id in plan.Targets(other, run[0].revision).found.values():
            plan.make_ready(run)
            touched.append(other)
    return touched


def _wish(
    actor: User | None,
    post: Post,
    kind: CorrectionKind,
    *,
    reason: str = "",
    revision_id: int | None = None,
) -> Correction:
    """Write the wish down, in place of any that has not come true yet, and ask for it."""
    for older in patch.of_post(post):
        if older.ended_at is None:
            patch.end(older, REPLACED)
    correction = Correction(
        post=post,
        run=state.latest_run(post)[0].run,
        kind=kind,
        revision_id=revision_id,
        reason=reason,
        actor_name=actor.name if actor else audit.SYSTEM,
        asked_at=clock.now(),
    )
    db.session.add(correction)
    db.session.flush()
    audit.record(
        actor,
        str(kind),
        "post",
        post.id,
        story_id=post.story_id,
        account_id=post.account_id,
        note=reason,
        account=post.account.slug,
    )
    patch.ask(correction)
    return correction


def _open_to(actor: User | None, correction: Correction) -> Post:
    """Lock the wish's post for an editor. Raises Conflict when the wish has come true or was replaced."""
    access.lock(correction.post)
    db.session.refresh(correction)
    require_editor(actor, correction.post)
    if correction.ended_at is not None:
        raise Conflict(_("That is settled already."), code="settled")
    return correction.post
