"""Bringing about what people want of a post that is out: it says something else in its place, or is gone.

Effects: repeatable, and never a second post. What keeps them from it is written down with the wish.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from channels.base import Content, Edits, Retracts
from channels.errors import Rejected
from publisher import clock
from publisher.accounts import service as accounts
from publisher.crashes import crash_point
from publisher.crosslinks import service as crosslinks
from publisher.crosslinks.models import Address
from publisher.deliveries import plan, state
from publisher.deliveries.models import Correction, Delivery
from publisher.deliveries.rules import TAKEN_DOWN, CorrectionKind
from publisher.effects import service as effects
from publisher.extensions import db
from publisher.storage import writing
from publisher.stories import access, contents, rules
from publisher.stories import service as stories
from publisher.stories.models import Post

DONE, BY_HAND, REPLACED, VOID = "done", "by_hand", "replaced", "void"
HELD_S, LINKS_S = 10.0, 1.0
"""Seconds until the next look while the account is held or a link leads nowhere yet, or while the links under
the post are written."""
UNKNOWN_ID = "by-hand-"
"""How the remote id of a post begins that a person found: the platform's own is not known."""
NO_ID, LINK_MISSING = "no_id", "link_missing"
PROBLEMS = {
    LINK_MISSING: _l("The new text links to a post that is not out yet. Publish that one first."),
    NO_ID: _l("Nobody knows the platform's own number of this post. Take it down there yourself."),
}
"""Sentences for problems of our own; a platform's sentence is stored as it is."""


class LinkMissing(effects.Later):
    """What the new words link to is not out, or not out any more: they wait for it, where people see that."""

    message = LINK_MISSING


def ask(correction: Correction, *, again: bool = False) -> None:
    """Ask for a wish to be brought about; with `again` now, whatever was tried before."""
    desired = {"correction_id": correction.id}
    also = {"again": clock.now().isoformat()} if again else {}
    effects.ask(
        str(correction.kind), f"{correction.kind}:{correction.post_id}", {**desired, **also}
    )


def end(correction: Correction, outcome: str) -> None:
    """It is so, or nobody wants it any more."""
    correction.ended_at, correction.outcome, correction.problem = clock.now(), outcome, ""


def of_post(post: Post) -> Sequence[Correction]:
    """Everything that was wanted of this post after it was out, newest first."""
    query = select(Correction).where(Correction.post_id == post.id)
    return db.session.scalars(query.order_by(Correction.id.desc())).all()


def bring_correction(desired: effects.Desired) -> None:
    """Effect `correct`: let the platform's copy say what was approved. Never creates anything.

    Waits while the account is held, and while the links under the post are written: both rebuild it.
    """
    correction = _wanted(desired)
    if correction is None or not _is_approved(correction):
        return
    post_id = correction.post_id
    if {None, correction.post.account_id} & accounts.holds().keys():
        raise effects.Later(HELD_S)
    if effects.underway(f"links:{post_id}"):
        raise effects.Later(LINKS_S)
    with _told(desired):
        channel = accounts.open_channel(correction.post.account)
        if not isinstance(channel, Edits):
            raise TypeError(f"{channel.kind} says that it corrects and cannot edit")
        if channel.transactional:
            with writing():
                if held := _ready(desired):
                    channel.edit(_remote_id(post_id), content := content_of(held))
                    _corrected(held, content)
            return
        with writing():
            held = _ready(desired)
            if held is None:
                return
            content, remote_id = content_of(held), _remote_id(post_id)
        db.session.rollback()
        crash_point("before-patch", post_id)
        channel.edit(remote_id, content)
        crash_point("after-patch", post_id)
        with writing():
            _corrected(_locked(desired), content)


def bring_down(desired: effects.Desired) -> None:
    """Effect `take_down`: nobody sees the post any more. Of a thread the last part goes first. A hold keeps
    nobody from it: in a crisis it is what is wanted."""
    correction = _wanted(desired)
    if correction is None:
        return
    with _told(desired):
        remote_ids, post_id = _taken_down(correction), correction.post_id
        channel = accounts.open_channel(correction.post.account)
        if not isinstance(channel, Retracts):
            raise TypeError(f"{channel.kind} cannot take a post down")
        if channel.transactional:
            with writing():
                held = _locked(desired)
                for remote_id in remote_ids:
                    channel.retract(remote_id)
                end(held, DONE)
            return
        db.session.rollback()
        crash_point("before-patch", post_id)
        for remote_id in remote_ids:
            channel.retract(remote_id)
        crash_point("after-patch", post_id)
        with writing():
            held = _locked(desired)
            if held.ended_at is None:
                end(held, DONE)


def content_of(correction: Correction) -> Content:
    """What the post shall say, with its links as they are now; its own carry the marker they always had."""
    revision, post = correction.revision, correction.post
    if revision is None:
        raise ValueError("a wish to take a post down says nothing")
    marker = state.latest_run(post)[0].marker
    address = plan.Targets(post, revision).address(marker)
    return stories.content(revision, address=address, image=contents.outlined)


def now_says(correction: Correction, content: Content) -> None:
    """Write down what the post says at its address; calendars and feeds hear of it."""
    post = correction.post
    crosslinks.now_says(post, revision_id=correction.revision_id or 0, text=content.text)
    stories.surface(post, changed=True)


def _wanted(desired: effects.Desired) -> Correction | None:
    """The wish, unless it has come true or another took its place."""
    correction = db.session.get(Correction, desired["correction_id"])
    return None if correction is None or correction.ended_at is not None else correction


def _is_approved(correction: Correction) -> bool:
    """Whether what it would show is still approved. An edit since then ends the wish: the next approval makes
    another one. What is compared is the hash of the content itself, as before sending."""
    if _hash(correction) == correction.post.approved_hash:
        return True
    with writing():
        access.lock(correction.post)
        return _still_approved(correction)


def _still_approved(correction: Correction) -> bool:
    """As `_is_approved`, of a locked post."""
    if _hash(correction) == correction.post.approved_hash:
        return True
    end(correction, VOID)
    return False


def _ready(desired: effects.Desired) -> Correction | None:
    """The wish right before it comes true, looked at as strictly as a delivery before its first byte; None
    when it has ended meanwhile. Call inside `writing()`. Raises LinkMissing."""
    correction = _locked(desired)
    if correction.ended_at is not None or not _still_approved(correction):
        return None
    if correction.revision and plan.Targets(correction.post, correction.revision).held():
        raise LinkMissing(HELD_S)
    return correction


def _hash(correction: Correction) -> str:
    draft = correction.revision.draft if correction.revision else rules.Draft()
    return rules.content_hash(correction.post.account_id, draft)


def _locked(desired: effects.Desired) -> Correction:
    """The wish as it is now, in its story's turn. Call inside `writing()`."""
    correction = db.session.get_one(Correction, desired["correction_id"])
    access.lock(correction.post)
    db.session.refresh(correction)
    return correction


def _remote_id(post_id: int) -> str:
    return db.session.get_one(Address, post_id).remote_id


def _taken_down(correction: Correction) -> list[str]:
    """The platform's ids of its parts, the last one first. Raises Rejected when it is not known."""
    parts = db.session.scalars(
        select(Delivery.remote_id)
        .where(
            Delivery.post_id == correction.post_id,
            Delivery.run == correction.run,
            Delivery.status == TAKEN_DOWN,
        )
        .order_by(Delivery.part.desc())
    ).all()
    known = [remote_id for remote_id in parts if remote_id]
    if any(remote_id.startswith(UNKNOWN_ID) for remote_id in known):
        raise Rejected(NO_ID)
    return known


@contextmanager
def _told(desired: effects.Desired) -> Iterator[None]:
    """Write down with the wish why it could not be brought about; the effect tries again."""
    try:
        yield
    except Exception as error:
        db.session.rollback()
        with writing():
            correction = _locked(desired)
            if correction.ended_at is None:
                correction.problem = str(getattr(error, "message", "") or type(error).__name__)
        raise


def _corrected(correction: Correction, content: Content) -> None:
    """It says so now. If meanwhile something newer was wanted, that may just have been overwritten: it is
    brought about once more."""
    if correction.outcome != REPLACED:
        now_says(correction, content)
        if correction.ended_at is None:
            end(correction, DONE)
        return
    newer = of_post(correction.post)[0]
    if newer.kind == CorrectionKind.CORRECT:
        newer.ended_at, newer.outcome = None, ""
        ask(newer, again=True)
