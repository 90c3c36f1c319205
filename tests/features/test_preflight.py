"""Looking ahead: whoever owns a post hears a day and an hour before what will keep it from going out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from publisher import clock
from publisher.accounts import health
from publisher.accounts import service as accounts
from publisher.config import Timings
from publisher.deliveries import attention, preflight
from publisher.deliveries import service as deliveries
from publisher.deliveries.models import Delivery
from publisher.effects.models import Effect
from publisher.extensions import db
from publisher.notices import service as notices
from publisher.notices.models import Notice
from publisher.people.models import User
from publisher.storage import writing
from publisher.stories import service as stories
from publisher.stories.models import Story
from publisher.stories.rules import Draft
from tests.plugins.app import Cast
from tests.plugins.newsroom import Newsroom

SignIn = Callable[[FlaskClient, User], FlaskClient]
HOUR = 3600.0
ONE = Draft(text="가")


@pytest.fixture
def timings() -> Timings:
    """The product's own: these tests let time pass instead of waiting for it."""
    return Timings()


def later(newsroom: Newsroom, hours: float) -> None:
    """So many hours later, everything that was to be looked at has been."""
    newsroom.travel(timedelta(hours=hours))
    newsroom.sandbox.clock.advance(hours * HOUR)
    look(newsroom)


def look(newsroom: Newsroom) -> None:
    preflight.ask_platforms()
    newsroom.work()
    for delivery_id in preflight.waiting():
        preflight.look(delivery_id)


def codes(newsroom: Newsroom, story: Story, slug: str) -> list[str]:
    return [each.code for each in preflight.concerns_of(newsroom.delivery(story, slug))]


def warned(user: User) -> list[Notice]:
    return [each for each in notices.of(user, 1).items if each.kind == "preflight"]


def test_a_post_that_can_go_out_is_looked_at_twice_and_nobody_hears_of_it(
    newsroom: Newsroom,
) -> None:
    story = newsroom.approve(newsroom.story("x", x=ONE), in_s=48 * HOUR)
    due = newsroom.delivery(story, "x").due_at
    assert newsroom.delivery(story, "x").look_at == due - timedelta(days=1)
    assert preflight.waiting() == []

    later(newsroom, 24.01)
    assert newsroom.delivery(story, "x").look_at == due - timedelta(hours=1)
    later(newsroom, 23)
    assert newsroom.delivery(story, "x").look_at is None
    assert warned(newsroom.author) == []
    assert attention.count() == 0


def test_a_post_that_is_due_now_is_not_looked_at(newsroom: Newsroom) -> None:
    story = newsroom.approve(newsroom.story("x", x=ONE), in_s=60)
    assert newsroom.delivery(story, "x").look_at is None


@pytest.mark.usefixtures("database_url")
def test_an_account_whose_authority_is_gone_is_found_out_a_day_before_and_mended_in_time(
    newsroom: Newsroom, cast: Cast
) -> None:
    story = newsroom.approve(newsroom.story("x", x=ONE), in_s=30 * HOUR)
    newsroom.sandbox.add_x("1002", "acme", state="revoked")

    later(newsroom, 7)
    look(newsroom)
    assert accounts.by_slug("x").status == "paused"
    assert codes(newsroom, story, "x") == ["account_paused"]
    assert [each.path for each in warned(cast.ana)] == [
        f"/posts/{newsroom.post(story, 'x').id}/deliveries"
    ]
    assert "no longer accepts" in warned(cast.ana)[0].values["problem"]
    assert "account_paused" in [each.kind for each in notices.of(cast.ada, 1).items]
    assert [each.id for each in attention.foreseen()] == [newsroom.delivery(story, "x").id]

    fresh = newsroom.sandbox.add_x("1002", "acme", state="ok")
    accounts.connect(
        cast.ada,
        kind="twitter",
        slug="x",
        credentials=fresh,
        api_url=accounts.by_slug("x").api_url,
        spacing_s=0.0,
    )
    assert codes(newsroom, story, "x") == []
    later(newsroom, 0.5)
    assert list(attention.foreseen()) == []
    assert newsroom.delivery(story, "x").concerns == ""

    later(newsroom, 23)
    newsroom.work()
    assert newsroom.statuses(story)["x"] == "published"
    assert len(warned(cast.ana)) == 1


def test_a_platform_is_asked_only_when_a_post_is_near_and_seldom(newsroom: Newsroom) -> None:
    newsroom.approve(newsroom.story("x", x=ONE), in_s=48 * HOUR)

    def asked() -> int:
        return len(
            [each for each in newsroom.sandbox.requests() if each["path"].endswith("/users/me")]
        )

    look(newsroom)
    assert asked() == 0
    later(newsroom, 25)
    assert asked() == 1
    look(newsroom)
    later(newsroom, 2)
    assert asked() == 1
    later(newsroom, 20.2)
    assert asked() == 2


def test_an_account_whose_posts_all_wait_for_a_link_is_asked_about_too(newsroom: Newsroom) -> None:
    newsroom.approve(newsroom.story("blog", "x"), in_s=20 * HOUR)
    look(newsroom)
    assert accounts.by_slug("x").checked_at is not None
    assert accounts.by_slug("page").checked_at is None


def test_a_platform_that_cannot_say_is_asked_again_and_nobody_is_alarmed(
    newsroom: Newsroom, cast: Cast
) -> None:
    newsroom.approve(newsroom.story("x", x=ONE), in_s=20 * HOUR)
    newsroom.sandbox.fault("read_fails", match={"path": "/2/users/me"})

    look(newsroom)
    assert accounts.by_slug("x").status == "active"
    assert accounts.by_slug("x").checked_at is None
    later(newsroom, 0.1)

    assert accounts.by_slug("x").checked_at is not None
    assert warned(cast.ana) == []
    assert db.session.query(Effect).filter_by(kind="check").one().done_at is not None


def test_a_text_that_was_changed_after_its_approval_concerns_its_owner(newsroom: Newsroom) -> None:
    story = newsroom.approve(newsroom.story("x", x=ONE), in_s=48 * HOUR)
    post = newsroom.post(story, "x")
    stories.edit(newsroom.author, post, Draft(text="나"), version=post.version)

    later(newsroom, 25)

    assert codes(newsroom, story, "x") == ["approval"]
    assert len(warned(newsroom.author)) == 1
    later(newsroom, 1)
    assert len(warned(newsroom.author)) == 1  # once is enough


def test_a_link_to_a_post_that_comes_later_or_not_at_all_concerns_its_owner(
    newsroom: Newsroom,
) -> None:
    story = newsroom.approve(newsroom.story("blog", "x"), in_s=40 * HOUR)
    blog = newsroom.post(story, "blog")
    assert codes(newsroom, story, "x") == []

    deliveries.move(newsroom.editor, blog, clock.now() + timedelta(hours=41), "Asia/Seoul")
    later(newsroom, 17)
    assert codes(newsroom, story, "x") == ["target_later"]
    assert len(warned(newsroom.author)) == 1

    deliveries.cancel(newsroom.editor, newsroom.post(story, "blog"))
    later(newsroom, 1)
    assert codes(newsroom, story, "x") == ["target_missing"]
    assert len(warned(newsroom.author)) == 2

    deliveries.publish_now(newsroom.editor, newsroom.post(story, "blog"))
    later(newsroom, 1)
    assert newsroom.delivery(story, "x").concerns == ""


def test_a_link_that_may_be_left_out_concerns_nobody(newsroom: Newsroom) -> None:
    draft = Draft(text="소식 {blog}", when_late={"blog": "send_without"})
    story = newsroom.approve(newsroom.story("blog", "x", x=draft), in_s=20 * HOUR)
    deliveries.cancel(newsroom.editor, newsroom.post(story, "blog"))
    look(newsroom)
    assert codes(newsroom, story, "x") == []


def test_credentials_that_end_before_a_post_is_due_concern_its_owner(newsroom: Newsroom) -> None:
    story = newsroom.approve(newsroom.story("x", x=ONE), in_s=20 * HOUR)
    with writing():
        newsroom.accounts["x"].expires_at = clock.now() + timedelta(hours=10)
    look(newsroom)
    assert codes(newsroom, story, "x") == ["credentials_end"]
    assert len(warned(newsroom.author)) == 1


@pytest.mark.usefixtures("database_url")
def test_more_posts_than_the_platform_has_left_concern_those_that_come_too_late(
    newsroom: Newsroom,
) -> None:
    newsroom.sandbox.settings(x_user_24h_limit=3)
    newsroom.approve(newsroom.story("x", x=Draft(text="하나")))
    newsroom.work()
    assert accounts.by_slug("x").quota_left == 2
    planned = [
        newsroom.approve(newsroom.story("x", x=Draft(text=f"글 {hour}")), in_s=hour * HOUR)
        for hour in (2, 3, 4, 26)
    ]
    look(newsroom)
    assert [codes(newsroom, story, "x") for story in planned] == [[], [], ["quota"], []]


def test_a_silent_platform_concerns_posts_until_it_answers(newsroom: Newsroom) -> None:
    story = newsroom.approve(newsroom.story("x", x=ONE), in_s=0.5 * HOUR)
    with writing():
        for _ in range(5):
            health.unanswered(accounts.by_slug("x"))
    look(newsroom)
    assert codes(newsroom, story, "x") == ["account_silent"]
    with writing():
        health.answered(accounts.by_slug("x"))
    later(newsroom, 0.2)
    assert newsroom.delivery(story, "x").concerns == ""


def test_pages_show_what_will_keep_a_post_and_the_owner_reads_it_in_their_language(
    newsroom: Newsroom, client: FlaskClient, cast: Cast, sign_in: SignIn
) -> None:
    with writing():
        db.session.merge(cast.ana).language = "ko"
    story = newsroom.approve(newsroom.story("x", x=ONE), in_s=20 * HOUR)
    accounts.pause(cast.ada, accounts.by_slug("x"), "The X account has no credits left.")
    look(newsroom)
    post_id = newsroom.post(story, "x").id

    assert "계정이 일시 중지" in warned(cast.ana)[0].values["problem"]
    sign_in(client, cast.rui)
    for path in ("/attention", f"/posts/{post_id}/deliveries"):
        page = client.get(path).text
        assert "it will not go out in time" in page, path
        assert "no credits left" in page, path

    client.post("/accounts/x/resume")
    assert "it will not go out in time" not in client.get(f"/posts/{post_id}/deliveries").text
    assert "it will not go out in time" not in client.get("/attention").text


def test_looking_ahead_reads_an_index_however_many_posts_wait(newsroom: Newsroom) -> None:
    newsroom.approve(newsroom.story("x", x=ONE), in_s=48 * HOUR)

    def plan(sql: str) -> str:
        rows = db.session.execute(text(f"EXPLAIN QUERY PLAN {sql}"), {"now": "2026"}).all()
        return "\n".join(row[-1] for row in rows)

    waiting = "SELECT id FROM deliveries WHERE look_at <= :now AND look_at IS NOT NULL"
    assert "ix_deliveries_look_at" in plan(f"{waiting} ORDER BY look_at LIMIT 20")
    foreseen = (
        preflight._concerned()
        .with_only_columns(Delivery.id)
        .compile(db.engine, compile_kwargs={"literal_binds": True})
    )
    assert "ix_deliveries_concerns" in plan(str(foreseen))
