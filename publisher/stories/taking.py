"""Who reviews what: an editor takes a post, so that two do not read the same one."""

from __future__ import annotations

from flask_babel import gettext as _
from sqlalchemy import delete

from publisher import clock
from publisher.errors import Conflict, NotAllowed, NotFound
from publisher.extensions import db
from publisher.people import audit
from publisher.people.models import User
from publisher.storage import writing
from publisher.stories import absences, access
from publisher.stories.models import Post, Taken
from publisher.stories.rules import IN_REVIEW


def take(actor: User, post: Post) -> None:
    """`actor` reviews this post from now on, also when it comes back after changes; whoever had it no longer
    does. Others may still decide on it: it says who reads, not who may."""
    with writing() as session:
        access.lock(post)
        _require_editor(actor, post)
        if post.status != IN_REVIEW:
            raise Conflict(_("This post is not in review."))
        taken = session.get(Taken, post.id)
        if taken is not None and taken.user_id == actor.id:
            return
        if taken is None:
            session.add(Taken(post_id=post.id, user_id=actor.id, at=clock.now()))
        else:
            taken.user_id, taken.at = actor.id, clock.now()
        _record(actor, "take", post)


def give_back(actor: User, post: Post) -> None:
    """Nobody in particular reviews this post. Anybody's who decides may be given back."""
    with writing() as session:
        access.lock(post)
        _require_editor(actor, post)
        if session.get(Taken, post.id) is None:
            return
        end(post)
        _record(actor, "give_back", post)


def end(post: Post) -> None:
    """It is decided, so nobody holds it any more. Call inside `writing()`."""
    db.session.execute(delete(Taken).where(Taken.post_id == post.id))


def _require_editor(actor: User, post: Post) -> None:
    if not access.sees(actor, post.story):
        raise NotFound(_("There is no such post, or it is not shared with you."))
    if not absences.may_review(actor):
        raise NotAllowed(_("Only editors decide on a post."))


def _record(actor: User, verb: str, post: Post) -> None:
    audit.record(actor, verb, "post", post.id, story_id=post.story_id, account=post.account.slug)
