"""An account that lost its authority while nobody knows whether its post went out."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from channels.base import Content
from publisher.accounts import service as accounts
from publisher.deliveries import attention, deliver
from publisher.deliveries.claim import Claim
from publisher.notices.models import Notice
from publisher.storage import writing
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


def test_credentials_renewed_during_a_call_are_not_blamed_for_the_old_ones(
    newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = newsroom.approve(newsroom.story("x", x=Draft(text="가")))
    account = newsroom.accounts["x"]
    good = dict(account.credentials or {})
    with writing():
        account.credentials = {**good, "access_token_secret": "of yesterday"}
    go_on_wire = deliver.go_on_wire

    def renewed_after(claim: Claim, content: Content) -> None:
        go_on_wire(claim, content)
        with writing():
            accounts.by_slug("x").credentials = good

    monkeypatch.setattr(deliver, "go_on_wire", renewed_after)
    work_until(newsroom, lambda: newsroom.statuses(story)["x"] == "published")

    delivery = newsroom.delivery(story, "x")
    assert (delivery.attempts, delivery.account.status) == (2, "active")
    assert newsroom.really_posted("x") == ["가"]
