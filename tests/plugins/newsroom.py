"""A newsroom at work: the sandbox, three connected accounts, and hands that work off what is due."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from flask import Flask

from channels.http import configure, deadlines
from publisher import clock
from publisher.accounts import service as accounts
from publisher.accounts.models import Account
from publisher.config import Timings
from publisher.deliveries import dispatch, sweep
from publisher.deliveries import service as deliveries
from publisher.deliveries.models import Delivery
from publisher.effects import service as effects
from publisher.extensions import db
from publisher.people.models import User
from publisher.stories import review
from publisher.stories import service as stories
from publisher.stories.models import Post, Story
from publisher.stories.rules import Draft
from sandbox.server import Sandbox
from tests.plugins.app import Cast

QUICK = Timings(
    connect=1.5,
    deadline=2.0,
    settle=2.5,
    lease=8.0,
    read_gap=0.2,
    give_up=4.0,
    backoff=(0.1, 0.2),
    late=1.0,
    stage_ahead=600.0,
)
"""The product's waits, scaled down together. Time passes by `travel`: a test really waits for calls alone."""
CALL_S = 20.0
"""What a call may really take: no test here is about one without an answer, so a slow machine has time."""
DRAFTS = {
    "blog": Draft(title="첫 이야기", text="본문입니다."),
    "x": Draft(text="짧은 소식 {blog}"),
    "page": Draft(text="긴 소식\n{blog}"),
}


@dataclass
class Newsroom:
    """What tests say of a newsroom. Every look at the database begins afresh."""

    sandbox: Sandbox
    author: User
    editor: User
    accounts: dict[str, Account]
    travel: Callable[[timedelta], None]

    def story(self, *slugs: str, **drafts: Draft) -> Story:
        """A submitted story with one post for each of the accounts named."""
        story = stories.create_story(self.author, title="첫 이야기", language="ko")
        for slug in slugs or ("blog", "x", "page"):
            draft = drafts.get(slug, DRAFTS[slug])
            stories.add_post(self.author, story, self.accounts[slug], draft)
        review.submit_story(self.author, story)
        return story

    def approve(self, story: Story, in_s: float = 0.0) -> Story:
        """Approve all posts of a story, due in so many seconds."""
        revisions = {post.id: post.revision for post in story.posts}
        due = clock.now() + timedelta(seconds=in_s)
        deliveries.approve_story(self.editor, story, revisions, due, "Asia/Seoul")
        return story

    def work(self, seconds: float = 0.0) -> None:
        """Work off what is due, then let up to `seconds` pass to what becomes due. They pass at once, here
        and on the platform; what calls take is not counted, so a slow machine sees what a quick one does."""
        left = seconds
        while True:
            sweep.sweep()
            if dispatch.work_off() or effects.work_off():
                continue
            instants = [each for each in (dispatch.next_instant(), effects.next_instant()) if each]
            db.session.rollback()
            if left <= 0:
                return
            waits = [(at - clock.now()).total_seconds() for at in instants]
            wait = max(0.005, min([left, 0.1, *waits]))
            self.travel(timedelta(seconds=wait))
            self.sandbox.clock.advance(wait)
            left -= wait

    def post(self, story: Story, slug: str) -> Post:
        db.session.rollback()
        return next(post for post in story.posts if post.account.slug == slug)

    def delivery(self, story: Story, slug: str) -> Delivery:
        """The first part of that post's newest run."""
        return deliveries.of_post(self.post(story, slug))[0]

    def statuses(self, story: Story) -> dict[str, str]:
        db.session.rollback()
        return {post.account.slug: post.shown_status for post in story.posts}

    def really_posted(self, platform: str) -> list[str]:
        """The ledger's texts: what the platform really holds."""
        return [
            each["current_text"] for each in self.sandbox.ledger() if each["platform"] == platform
        ]


@pytest.fixture
def timings() -> Timings:
    """Override to change a test's waits."""
    return QUICK


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(timeline_lag_seconds=0) as running:
        yield running


@pytest.fixture
def newsroom(
    app: Flask,
    cast: Cast,
    sandbox: Sandbox,
    timings: Timings,
    travel: Callable[[timedelta], None],
) -> Iterator[Newsroom]:
    """Ana writes, Rui edits; `blog`, `x` and `page` are connected, without spacing."""
    before = deadlines()
    app.extensions["settings"] = replace(app.extensions["settings"], timings=timings)
    configure(replace(before, connect_s=CALL_S, call_s=CALL_S))
    known = {
        "blog": ("blog", {}, ""),
        "x": ("twitter", sandbox.add_x("1002", "acme"), sandbox.x_url),
        "page": ("facebook", sandbox.add_page("2002", "Acme"), sandbox.facebook_url),
    }
    for slug, (kind, credentials, url) in known.items():
        accounts.connect(
            None, kind=kind, slug=slug, credentials=credentials, api_url=url, spacing_s=0.0
        )
    yield Newsroom(sandbox, cast.ana, cast.rui, {s: accounts.by_slug(s) for s in known}, travel)
    configure(before)
