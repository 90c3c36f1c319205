"""Taking an approval back, and what was to go out under it with it."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import gettext as _

from publisher.deliveries import state
from publisher.deliveries.authority import require_editor
from publisher.deliveries.rules import BEYOND_RECALL, SCHEDULED, WaitsFor
from publisher.errors import Conflict
from publisher.people.models import User
from publisher.storage import writing
from publisher.stories import access, withdrawing
from publisher.stories.models import Post, Story
from publisher.stories.rules import APPROVED


def take_back(actor: User | None, post: Post, revision: int) -> Post:
    """Take the approval of that revision back: the post waits for a decision again, and what was scheduled
    waits for it, at the same time.

    Raises Conflict (`on_its_way`) as soon as a sender has it, or it is out. Who comes first has the story's
    turn: after us nothing can be claimed, and a sender that is about to go on the wire compares with the
    approval once more. Raises what `withdrawing.take_back` raises.
    """
    with writing():
        access.lock(post)
        require_editor(actor, post)
        run = state.latest_run(post) if post.status == APPROVED else ()
        if any(delivery.status in BEYOND_RECALL for delivery in run):
            raise Conflict(
                _("This post is on its way or out. Its approval can no longer be taken back."),
                code="on_its_way",
            )
        withdrawing.take_back(actor, post, revision)
        for delivery in run:
            if delivery.status == SCHEDULED:
                state.move(
                    delivery, SCHEDULED, actor=actor, next_at=None, waits_for=WaitsFor.APPROVAL
                )
    return post


def take_back_some(actor: User | None, story: Story, revisions: Mapping[int, int]) -> list[Post]:
    """Take the approvals of posts of one story back, all or none. `revisions` maps post ids to revisions."""
    with writing():
        access.lock(story)
        posts = withdrawing.chosen(story, revisions)
        return [take_back(actor, post, revisions[post.id]) for post in posts]


def recallable(post: Post) -> bool:
    """Whether the approval of the post can be taken back as things stand."""
    return post.status == APPROVED and not any(
        delivery.status in BEYOND_RECALL for delivery in state.latest_run(post)
    )
