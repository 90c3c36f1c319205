"""An account that lost its authority while nobody knows whether its post went out."""

from __future__ import annotations

import time
from collections.abc import Callable

from publisher.accounts import service as accounts
from publisher.deliveries import attention
from publisher.notices.models import Notice
from publisher.stories.rules import Draft
from tests.plugins.newsroom import Newsroom


def work_until(newsroom: Newsroom, condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition() and time.monotonic() < deadline:
        newsroom.work(0.2)


def test_a_doubtful_post_whose_timeline_may_not_be_read_pauses_the_account_and_asks(
    newsroom: Newsroom,
) -> None:
    newsroom.sandbox.fault("accept_then_reset", match={"path": "/2/tweets"})
    newsroom.sandbox.fault("unauthorized", match={"platform": "x"}, times=None)
    story = newsroom.approve(newsroom.story("x", x=Draft(text="가")))
    delivery = newsroom.delivery(story, "x")
    work_until(newsroom, lambda: delivery.account.status == "paused")

    assert (delivery.status, delivery.account.status) == ("unconfirmed", "paused")
    assert "Connect the account again" in delivery.account.problem
    assert [each.id for each in attention.needing_attention()] == [delivery.id]
    told = Notice.query.filter_by(kind="account_paused", user_id=newsroom.author.id)
    assert told.count() == 1

    newsroom.sandbox.clear_faults()
    accounts.resume(newsroom.editor, delivery.account)
    work_until(newsroom, lambda: newsroom.statuses(story)["x"] == "published")

    assert newsroom.statuses(story)["x"] == "published"
    assert newsroom.really_posted("x") == ["가"]
