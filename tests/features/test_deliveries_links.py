"""Whom a post links to may change until the last moment: what goes out has addresses that are still true."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from publisher import clock
from publisher.deliveries import claim as claims
from publisher.deliveries import corrections, deliver, sweep
from publisher.deliveries import service as deliveries
from publisher.deliveries.models import Delivery
from publisher.effects.models import Effect
from publisher.extensions import db
from publisher.media import service as media
from publisher.notices import service as notices
from publisher.people.models import Event
from publisher.storage import writing
from publisher.stories import review, shelving
from publisher.stories import service as stories
from publisher.stories.rules import Draft, MediaUse
from tests.features.racing import claimed
from tests.plugins.newsroom import Newsroom
from tests.plugins.pictures import picture


@pytest.mark.usefixtures("database_url")
def test_a_target_taken_down_just_before_the_wire_is_linked_to_by_nobody(
    newsroom: Newsroom,
) -> None:
    story = newsroom.story("blog", "x", x=Draft(text="소식 {blog}"))
    for slug in ("blog", "x"):
        post = newsroom.post(story, slug)
        deliveries.approve(newsroom.editor, post, post.revision, clock.now())
    assert deliver.publish_here(next(head for head in claims.heads() if head.transactional))
    (head,) = claims.heads()
    claim = claims.claim(head)
    assert claim is not None
    parcel = deliver._pack(claim)
    assert parcel is not None and "http" in parcel.content.text
    corrections.take_down(newsroom.editor, newsroom.post(story, "blog"), "틀린 숫자")

    with pytest.raises(deliver.NotSent):
        deliver.go_on_wire(claim, parcel.content)
    newsroom.work(0.5)

    assert newsroom.really_posted("x") == []
    assert newsroom.delivery(story, "x").waits_for == "target"


def test_a_link_whose_meaning_became_clear_again_is_not_waited_for(newsroom: Newsroom) -> None:
    story = newsroom.story("blog", "x", x=Draft(text="소식 {blog}"))
    blog, x = newsroom.post(story, "blog"), newsroom.post(story, "x")
    deliveries.approve(newsroom.editor, x, x.revision, clock.now())
    account = newsroom.accounts["blog"]
    second = stories.add_post(newsroom.author, story, account, Draft(title="또", text="또"))
    deliveries.approve(newsroom.editor, blog, blog.revision, clock.now())
    newsroom.work(1.5)
    assert newsroom.delivery(story, "x").problem_code == "late", "two posts could be meant"

    shelving.archive_post(newsroom.author, second)
    sweep.sweep()
    assert newsroom.delivery(story, "x").problem_code == ""
    newsroom.work()

    assert newsroom.statuses(story)["x"] == "published"


def test_whoever_waits_for_what_is_cancelled_on_its_way_waits_no_longer(newsroom: Newsroom) -> None:
    story = newsroom.story(
        "page",
        "x",
        page=Draft(text="길게"),
        x=Draft(text="소식 {link:page}", when_late={"link:page": "send_without"}),
    )
    for slug in ("page", "x"):
        post = newsroom.post(story, slug)
        deliveries.approve(newsroom.editor, post, post.revision, clock.now())
    account_id = newsroom.accounts["page"].id
    claim = claims.claim(next(head for head in claims.heads() if head.account_id == account_id))
    assert claim is not None
    deliveries.cancel(newsroom.editor, newsroom.post(story, "page"))

    with pytest.raises(deliver.NotSent):
        deliver.go_on_wire(claim, deliver.Content("길게"))
    newsroom.work()

    assert newsroom.statuses(story) == {"page": "cancelled", "x": "published"}
    assert newsroom.really_posted("x") == ["소식"]


def test_no_part_of_a_thread_goes_before_the_one_it_answers(newsroom: Newsroom) -> None:
    thread = Draft(text=" ".join(f"낱말{n}" for n in range(60)), thread=True)
    story = newsroom.approve(newsroom.story("x", x=thread))
    first, second = deliveries.of_post(newsroom.post(story, "x"))[:2]
    with writing() as session:
        session.execute(update(Delivery).values(status="needs_attention", next_at=None))
    db.session.expire_all()

    deliveries.settle_by_hand(newsroom.editor, second, "absent")
    newsroom.work()
    assert newsroom.really_posted("x") == []

    deliveries.settle_by_hand(newsroom.editor, first, "absent")
    newsroom.work()
    assert len(newsroom.really_posted("x")) >= 2
    assert newsroom.delivery(story, "x").status == "published"


def test_a_post_that_is_moved_nearer_has_its_pictures_uploaded_in_time(newsroom: Newsroom) -> None:
    image = media.upload(newsroom.author, "a.png", picture(size=(600, 400)), "빨강")
    draft = Draft(text="그림", media=(MediaUse(image.id, "빨강"),))
    story = newsroom.approve(newsroom.story("x", x=draft), in_s=86_400)

    deliveries.move(newsroom.editor, newsroom.post(story, "x"), clock.now() + timedelta(minutes=5))

    at = db.session.scalars(select(Effect.next_at).where(Effect.kind == "stage")).one()
    assert at <= clock.now()


def test_who_says_that_it_is_there_is_written_down(newsroom: Newsroom) -> None:
    story = newsroom.approve(newsroom.story("x", x=Draft(text="소식")))
    claimed(newsroom, "x")
    with writing() as session:
        session.execute(update(Delivery).values(status="needs_attention", lease_until=None))
    db.session.expire_all()
    delivery = newsroom.delivery(story, "x")

    deliveries.settle_by_hand(newsroom.editor, delivery, "there", "https://x.com/acme/status/7")

    said = select(Event.actor_name).where(Event.verb == "delivery.published")
    assert db.session.scalars(said).all() == [newsroom.editor.name]


def test_a_post_that_is_dropped_for_its_link_is_told_of(newsroom: Newsroom) -> None:
    draft = Draft(text="소식 {blog}", when_late={"blog": "drop"})
    story = newsroom.story("blog", "x", x=draft)
    review.request_changes(newsroom.editor, newsroom.post(story, "blog"), "숫자를 확인해 주세요")
    x = newsroom.post(story, "x")
    deliveries.approve(newsroom.editor, x, x.revision, clock.now())
    newsroom.work(2.0)

    assert newsroom.statuses(story)["x"] == "cancelled"
    told = [each.kind for each in notices.of(newsroom.author, 1).items]
    assert "failed" in told


def test_a_thread_that_fits_in_one_part_goes_out_though_it_ends_in_a_blank(
    newsroom: Newsroom,
) -> None:
    story = newsroom.story("blog", "x", x=Draft(text="소식 {blog} ", thread=True))
    newsroom.approve(story)
    newsroom.work(0.5)
    assert newsroom.statuses(story) == {"blog": "published", "x": "published"}
