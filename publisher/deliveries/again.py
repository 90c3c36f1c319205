"""Publishing again: another run of what failed, was cancelled, missed or taken down; a thread's rest."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from flask_babel import gettext as _

from publisher import clock
from publisher.deliveries import corrections, service, state
from publisher.deliveries.authority import is_approved, require_editor
from publisher.deliveries.models import Delivery
from publisher.deliveries.rules import CANCELLED, FAILED, MISSED, PUBLISHED, SCHEDULED, TAKEN_DOWN
from publisher.errors import Conflict
from publisher.people.models import User
from publisher.storage import writing
from publisher.stories import access, contents
from publisher.stories import service as stories
from publisher.stories.models import Post

ENDED = frozenset({FAILED, CANCELLED, MISSED, TAKEN_DOWN})
"""From here a person may want a post to go out again."""


def may_go_again(post: Post) -> bool:
    """Whether the newest run of an approved post has ended without being out as a whole. What was only missed
    may also be moved, and is not counted."""
    run = state.latest_run(post)
    ended = any(delivery.status in ENDED - {MISSED} for delivery in run)
    return ended and _has_ended(run) and is_approved(post)


def publish_again(
    actor: User | None, post: Post, at: datetime | None = None, zone: str = ""
) -> list[Delivery]:
    """Another run of an approved post, due `at` (now by default). Of a thread only what is missing goes out,
    in the words that its first parts have.

    Raises Conflict when the post is not approved, on its way, out, or still being taken down; Invalid for a
    time in the past.
    """
    with writing():
        access.lock(post)
        require_editor(actor, post)
        run = state.latest_run(post)
        if not run:
            raise Conflict(_("This post has not been scheduled yet."), code="not_scheduled")
        at = at or clock.now()
        out = [delivery for delivery in run if delivery.status == PUBLISHED]
        if not out or len(out) == len(run):
            return service.schedule(actor, post, at, zone)
        return _continue(actor, post, at, zone, run, out)


def _continue(
    actor: User | None,
    post: Post,
    at: datetime,
    zone: str,
    run: Sequence[Delivery],
    out: Sequence[Delivery],
) -> list[Delivery]:
    """The missing parts of a thread; those that are out move into the new run and stay what they answer."""
    if not is_approved(post):
        raise Conflict(_("Only an approved post can be scheduled."), code="not_approved")
    if not _has_ended(run):
        raise Conflict(
            _("This post is on its way and cannot be scheduled again."), code="on_its_way"
        )
    texts = contents.parts(post.head.draft, post.account.kind)
    same = all(delivery.revision.hash == post.head.hash for delivery in out)
    if not same or len(texts) != len(run):
        raise Conflict(
            _("Part of this thread is out already. Write what is missing as a new post."),
            code="partly_published",
        )
    at, zone = service.future(at), zone or post.planned_zone or post.story.owner.timezone
    stories.plan(actor, post, at, zone)
    for delivery in run:
        if delivery.status in {SCHEDULED, MISSED}:
            state.move(delivery, CANCELLED, actor=actor, next_at=None, note="replaced")
    corrections.require_gone(post)
    return service.new_run(actor, post, at, zone, out=out)


def _has_ended(run: Sequence[Delivery]) -> bool:
    """Nothing of it is on its way, in doubt or still to come by itself: what is scheduled behind a part that
    ended waits for nobody."""
    statuses = {delivery.status for delivery in run}
    return bool(statuses & ENDED) and statuses <= ENDED | {PUBLISHED, SCHEDULED}
