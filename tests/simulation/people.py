"""What people do in a simulated newsroom. Each verb that the product grants becomes a fact for the ledger."""

from __future__ import annotations

from datetime import timedelta

from publisher.accounts import service as accounts
from publisher.deliveries import recall
from publisher.deliveries import service as deliveries
from publisher.people.models import User
from publisher.stories import review
from publisher.stories import service as stories
from publisher.stories.models import Post
from publisher.stories.rules import Draft
from tests.simulation.ledger import Fact
from tests.simulation.newsroom import words
from tests.simulation.world import World


class People:
    """Ana writes, Rui edits. Every verb says whether the product agreed."""

    def __init__(self, world: World) -> None:
        self.world = world

    @property
    def ana(self) -> User:
        return self.world.person("Ana")

    @property
    def rui(self) -> User:
        return self.world.person("Rui")

    def fact(self, post_id: int) -> Fact:
        return self.world.ledger.facts[post_id]

    def approve(self, post_id: int, in_s: float = 0.0) -> bool:
        """Submitted if need be, approved as it is, due then."""
        at = self.world.now + timedelta(seconds=in_s)
        post = self.world.post(post_id)
        if self.fact(post_id).told:
            return False
        if post.status == "draft" and not self.world.attempt(lambda: review.submit(self.ana, post)):
            return False
        return self._granted(
            self.world.attempt(lambda: deliveries.approve(self.rui, post, post.revision, at)),
            post_id,
            approved=self.fact(post_id).written,
            due=at,
        )

    def approve_story(self, story_id: int, in_s: float = 0.0) -> bool:
        at = self.world.now + timedelta(seconds=in_s)
        story = stories.get_story(None, story_id)
        posts = {post.id: post.revision for post in story.posts if self._wanted(post)}
        if not posts or not self.world.attempt(
            lambda: deliveries.approve_story(self.rui, story, posts, at)
        ):
            return False
        for post_id in posts:
            self._granted(True, post_id, approved=self.fact(post_id).written, due=at)
        return True

    def edit(self, post_id: int, draft: Draft | None = None) -> bool:
        fact, post = self.fact(post_id), self.world.post(post_id)
        written = draft or words(post_id, fact.written + 1, fact.plan)
        return self._granted(
            self.world.attempt(lambda: stories.edit(self.ana, post, written, version=post.version)),
            post_id,
            written=fact.written + 1,
            approved=None,
        )

    def take_back(self, post_id: int) -> bool:
        """Rui thinks better of the approval."""
        post = self.world.post(post_id)
        taken = self.world.attempt(lambda: recall.take_back(self.rui, post, post.revision))
        return self._granted(taken, post_id, approved=None)

    def cancel(self, post_id: int) -> bool:
        post = self.world.post(post_id)
        return self.world.attempt(lambda: deliveries.cancel(self.rui, post))

    def move(self, post_id: int, in_s: float) -> bool:
        at = self.world.now + timedelta(seconds=in_s)
        post = self.world.post(post_id)
        moved = not self.fact(post_id).told and self.world.attempt(
            lambda: deliveries.move(self.rui, post, at, "Asia/Seoul")
        )
        return self._granted(moved, post_id, due=at)

    def publish_now(self, post_id: int) -> bool:
        post, now = self.world.post(post_id), self.world.now
        sent = not self.fact(post_id).told and self.world.attempt(
            lambda: deliveries.publish_now(self.rui, post)
        )
        return self._granted(sent, post_id, due=now)

    def switch(self, slug: str) -> None:
        """Hold an account or everything, release it, or take up an account that was paused."""
        account = accounts.by_slug(slug) if slug else None
        if account is not None and account.status != "active":
            self.world.attempt(lambda: accounts.resume(self.rui, account))
        elif not self.world.attempt(lambda: accounts.release(self.rui, account)):
            self.world.attempt(lambda: accounts.hold(self.rui, "stop", account))

    def decide(self, *, drop: bool) -> None:
        """Rui looks at the platform and says of the first doubtful post what is to be seen there."""
        row = next(row for row in self.world.rows() if row["status"] == "needs_attention")
        there = self.world.ledger.of(row["post_id"], row["part"])
        verdict = "there" if there else "drop" if drop else "absent"
        url = there[0].url if there else ""
        delivery = deliveries.get(self.rui, row["id"])
        self.world.attempt(lambda: deliveries.settle_by_hand(self.rui, delivery, verdict, url))

    def _wanted(self, post: Post) -> bool:
        return post.status == "in_review" and not self.fact(post.id).told

    def _granted(self, granted: bool, post_id: int, **facts: object) -> bool:
        """Only what the product agreed to is a fact."""
        if granted:
            for name, value in facts.items():
                setattr(self.fact(post_id), name, value)
        return granted
