"""Attacks on the delivery's promise: each approved post appears once, or is visibly waiting for a person."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from channels.base import Content, Receipt
from publisher import clock
from publisher.deliveries import claim as claims
from publisher.deliveries import deliver, dispatch, settle, state, sweep
from publisher.deliveries import service as deliveries
from publisher.deliveries.models import Delivery
from publisher.extensions import db
from publisher.storage import writing
from publisher.stories import service as stories
from publisher.stories.models import Post
from publisher.stories.rules import Draft
from tests.features.racing import claimed, in_thread
from tests.plugins.newsroom import Newsroom

THREAD = " ".join(f"낱말{n}" for n in range(150))


class Killed(BaseException):
    """The process died here."""


@pytest.mark.parametrize(
    "point",
    [
        "publisher.deliveries.deliver._pack",
        "publisher.deliveries.deliver._staged",
        "publisher.deliveries.deliver.may_go",
        "publisher.deliveries.settle.received",
        "publisher.deliveries.settle.published",
        "publisher.deliveries.settle.crosslinks.went_live",
    ],
)
@pytest.mark.usefixtures("database_url")
def test_dying_at_any_point_neither_doubles_nor_loses(
    newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    story = newsroom.approve(newsroom.story("x", x=Draft(text="가")))

    def die(*_: Any, **__: Any) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(point, die)
        with suppress(Killed):
            newsroom.work(0.3)
    db.session.rollback()
    assert newsroom.statuses(story)["x"] == "sending"
    newsroom.work(15.0)

    assert newsroom.statuses(story)["x"] == "published"
    assert newsroom.really_posted("x") == ["가"]
    assert newsroom.delivery(story, "x").resends == 0


@pytest.mark.usefixtures("database_url")
def test_a_late_receipt_counts_after_the_sweep_moved_on(newsroom: Newsroom) -> None:
    story = newsroom.approve(newsroom.story("x", x=Draft(text="가")))
    claim = claimed(newsroom, "x")
    with writing():
        newsroom.delivery(story, "x").lease_until = clock.now() - timedelta(seconds=1)
    sweep.sweep()
    assert newsroom.delivery(story, "x").status == "unconfirmed"

    settle.received(claim, Receipt("1", "https://x.com/acme/status/1"))

    assert newsroom.statuses(story)["x"] == "published"


@pytest.mark.usefixtures("database_url")
def test_scheduling_twice_at_once_makes_one_delivery(newsroom: Newsroom, app: Flask) -> None:
    story = newsroom.story("x", x=Draft(text="가"))
    post = newsroom.post(story, "x")
    deliveries.approve(newsroom.editor, post, post.revision)
    post_id = newsroom.post(story, "x").id
    db.session.rollback()
    barrier = threading.Barrier(2)

    def schedule() -> None:
        barrier.wait(5)
        deliveries.publish_now(None, stories.get_post(None, post_id))

    racers = [in_thread(app, schedule) for _ in range(2)]
    for racer, _said in racers:
        racer.join()

    assert not any(isinstance(said[0], Exception) for _racer, said in racers), racers
    newsroom.work()
    assert newsroom.really_posted("x") == ["가"]


@pytest.mark.usefixtures("database_url")
def test_cancelling_the_rest_of_a_thread_never_hides_a_part_that_is_on_the_wire(
    newsroom: Newsroom, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = newsroom.approve(newsroom.story("x", x=Draft(text=THREAD, thread=True)))
    assert dispatch.work_off()
    post_id, account_id = newsroom.post(story, "x").id, newsroom.accounts["x"].id
    db.session.rollback()
    read, wired = threading.Event(), threading.Event()
    latest_run = state.latest_run

    def slowly(post: Post) -> Sequence[Delivery]:
        run = latest_run(post)
        if threading.current_thread() is canceller and not read.is_set():
            read.set()
            wired.wait(1.0)
        return run

    def cancel() -> None:
        deliveries.cancel(None, stories.get_post(None, post_id))

    def send() -> None:
        read.wait(5)
        head = next(head for head in claims.heads() if head.account_id == account_id)
        claim = claims.claim(head)
        if claim is not None:
            with suppress(deliver.NotSent):
                deliver.go_on_wire(claim, Content("text"))
                wired.set()
                settle.received(claim, Receipt("77", "https://x.com/acme/status/77"))

    monkeypatch.setattr(state, "latest_run", slowly)
    canceller, _said = in_thread(app, cancel)
    sender, _said = in_thread(app, send)
    canceller.join()
    sender.join()

    second = deliveries.of_post(newsroom.post(story, "x"))[1]
    assert second.status == ("published" if wired.is_set() else "cancelled")
