"""When a delivery may go, and what it waits for: threads, link targets and lateness."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

from flask import current_app
from sqlalchemy import select

from publisher import clock, queue
from publisher.config import Timings
from publisher.crosslinks import service as crosslinks
from publisher.crosslinks.models import Address
from publisher.deliveries.models import Delivery
from publisher.deliveries.rules import DeliveryStatus, WaitsFor
from publisher.extensions import db
from publisher.stories import links
from publisher.stories.models import Post, Revision, Story
from publisher.stories.rules import ARCHIVED

LATE = "late"
"""The `problem_code` of a delivery whose link target is late."""
HOPELESS = frozenset({"failed", "cancelled", "missed", "taken_down"})


def timings() -> Timings:
    value: Timings = current_app.extensions["settings"].timings
    return value


def nodes(story: Story) -> list[links.Node]:
    """The story's posts as the link plan sees them; what is archived can be linked to by nobody."""
    return [
        links.Node(post.id, post.account.slug, post.account.kind, (post.head.text, post.head.link))
        for post in story.posts
        if post.status != ARCHIVED
    ]


class Targets:
    """Whom one post links to, and what can be said of them now."""

    def __init__(self, post: Post, revision: Revision) -> None:
        self.when_late = revision.when_late
        texts = (revision.text, revision.link)
        story_nodes = nodes(post.story) if links.references(*texts) else []
        mine = links.Node(post.id, post.account.slug, post.account.kind, texts)
        self.found = links.targets(mine, story_nodes)
        self.live: dict[int, Address] = crosslinks.addresses(post.story_id) if self.found else {}
        self.kinds = {node.post_id: node.kind for node in story_nodes}
        self.statuses = (
            {other.id: other.delivery_status for other in post.story.posts} if self.found else {}
        )

    def missing(self) -> list[str]:
        """References that have no address yet."""
        return [name for name, post in self.found.items() if post is None or post not in self.live]

    def policy(self, reference: str) -> links.WhenLate:
        return links.when_late(self.when_late, reference)

    def held(self) -> list[str]:
        """Missing references without which the post must not go."""
        return [name for name in self.missing() if self.policy(name) is links.WhenLate.HOLD]

    def dropped(self) -> list[str]:
        """Missing references for whose sake the whole post is dropped."""
        return [name for name in self.missing() if self.policy(name) is links.WhenLate.DROP]

    def hopeless(self) -> bool:
        """Whether nothing that is missing can still come by itself."""
        return all(
            (post := self.found[name]) is None or self.statuses.get(post) in HOPELESS
            for name in self.missing()
        )

    def address(self, marker: str) -> Callable[[str], str | None]:
        """Each reference's address; a link to our own blog carries the delivery's marker."""

        def of(reference: str) -> str | None:
            post = self.found.get(reference)
            if post is None or post not in self.live:
                return None
            url = self.live[post].url
            return links.marked(url, marker) if self.kinds[post] == "blog" else url

        return of


def readiness(
    delivery: Delivery, targets: Targets, before: Delivery | None
) -> tuple[datetime | None, str]:
    """The earliest instant at which a claim can succeed, and what the delivery waits for meanwhile."""
    if before is not None and before.status != DeliveryStatus.PUBLISHED:
        return None, WaitsFor.PART
    if delivery.waits_for == WaitsFor.APPROVAL:
        return None, WaitsFor.APPROVAL
    if not targets.missing():
        return delivery.due_at, ""
    if targets.held():
        return None, WaitsFor.TARGET
    late = timedelta(seconds=0 if targets.hopeless() else timings().late)
    return delivery.due_at + late, WaitsFor.TARGET


def make_ready(run: Sequence[Delivery]) -> None:
    """Set `next_at` and `waits_for` of every scheduled part of a run, and ring if one is due soon."""
    targets: Targets | None = None
    before: Delivery | None = None
    for delivery in run:
        if delivery.status == DeliveryStatus.SCHEDULED:
            targets = targets or Targets(delivery.post, delivery.revision)
            _ready(delivery, targets, before)
        before = delivery


def _ready(delivery: Delivery, targets: Targets, before: Delivery | None) -> None:
    delivery.next_at, delivery.waits_for = readiness(delivery, targets, before)
    if delivery.next_at is not None and delivery.problem_code == LATE:
        delivery.problem_code = ""  # what keeps it after this is something else
    queue.ring_after_commit(delivery.next_at)


def wake(story_id: int, *, but: int) -> list[Post]:
    """Look again at everything in the story that waits for a link's target. Returns the posts touched.

    Called in the transaction that records a receipt or an end without one, so nobody waits for ever.
    """
    waiting = db.session.scalars(
        select(Delivery)
        .join(Post, Post.id == Delivery.post_id)
        .where(
            Post.story_id == story_id,
            Delivery.post_id != but,
            Delivery.status == DeliveryStatus.SCHEDULED,
            Delivery.waits_for == WaitsFor.TARGET,
        )
        .order_by(Delivery.part)
    ).all()
    for delivery in waiting:
        targets = Targets(delivery.post, delivery.revision)
        _ready(delivery, targets, None)
        delivery.changed_at = clock.now()
    return _unique(delivery.post for delivery in waiting)


def _unique(posts: Iterable[Post]) -> list[Post]:
    return list({post.id: post for post in posts}.values())
