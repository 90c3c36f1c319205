"""The pages where editors decide, as a browser without scripts uses them."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime, timedelta

import pytest

from publisher import clock
from publisher.accounts import service as accounts
from publisher.accounts.models import Account
from publisher.stories import review, service
from publisher.stories.models import Post, Story
from publisher.stories.rules import Draft

KEYS = ("consumer_key", "consumer_secret", "access_token", "access_token_secret")


@pytest.fixture
def blog(app) -> Account:
    return accounts.connect(None, kind="blog", slug="blog", label="Blog")


@pytest.fixture
def x(app) -> Account:
    return accounts.connect(
        None, kind="twitter", slug="x", label="X", credentials=dict.fromkeys(KEYS, "k")
    )


@pytest.fixture
def story(cast) -> Story:
    return service.create_story(cast.ana, title="New & shiny")


@pytest.fixture
def post(cast, story, blog) -> Post:
    return service.add_post(cast.ana, story, blog, Draft(title="New", text="Hello"))


@pytest.fixture
def ana(app, cast, sign_in):
    return sign_in(app.test_client(), cast.ana)


@pytest.fixture
def rui(app, cast, sign_in):
    return sign_in(app.test_client(), cast.rui)


def words(page) -> str:
    """What a page says, without its markup."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page.text)).split())


def form_of(post: Post, **changes) -> dict[str, object]:
    return {
        "title": post.head.title,
        "text": post.head.text,
        "version": post.version,
        "base": post.head.hash,
        **changes,
    }


def save(client, post: Post, **changes):
    return client.post(f"/posts/{post.id}/save", data=form_of(post, **changes))


@pytest.fixture
def waiting(cast, post) -> Post:
    return review.submit(cast.ana, post)


def test_the_queue_leads_to_the_post_and_a_decision_to_the_next_one(rui, waiting, cast, blog):
    other = service.create_story(cast.ana, title="Second story")
    second = service.add_post(cast.ana, other, blog, Draft(title="S", text="S"))
    review.submit(cast.ana, second)
    assert "2 posts wait for a decision." in words(rui.get("/review"))
    assert 'data-shortcut="j"' in rui.get(f"/review/{waiting.id}").text
    done = rui.post(f"/posts/{waiting.id}/approve", data={"revision": 1})
    assert done.location == f"/review/{second.id}"
    sent = rui.post(f"/posts/{second.id}/request-changes", data={"reason": "Shorter"})
    assert sent.location == "/review"
    assert (waiting.status, second.status) == ("approved", "changes_requested")
    assert "Nothing waits for review" in words(rui.get("/review"))


def test_approving_with_a_time_puts_the_post_on_the_calendar(rui, waiting):
    form = {"revision": 1, "date": "2027-01-15", "time": "09:30", "zone": "Asia/Seoul"}
    assert rui.post(f"/posts/{waiting.id}/approve", data=form).status_code == 302
    assert (waiting.status, waiting.delivery_status) == ("approved", "scheduled")
    assert waiting.due_at == waiting.planned_at == datetime(2027, 1, 15, 0, 30, tzinfo=UTC)


def test_an_approved_post_without_a_time_is_scheduled_from_the_desk(rui, waiting):
    rui.post(f"/posts/{waiting.id}/approve", data={"revision": 1})
    assert waiting.delivery_status is None
    assert save(rui, waiting, date="2027-01-15", time="09:30", zone="UTC").status_code == 302
    assert (waiting.status, waiting.delivery_status) == ("approved", "scheduled")
    assert save(rui, waiting, date="2027-01-16", time="10:00", zone="UTC").status_code == 302
    assert waiting.due_at == datetime(2027, 1, 16, 10, tzinfo=UTC)
    page = save(rui, waiting, date="", time="", zone="UTC")
    assert page.status_code == 409
    assert "Cancel its delivery" in words(page)
    assert waiting.due_at == waiting.planned_at == datetime(2027, 1, 16, 10, tzinfo=UTC)


def test_approving_at_the_planned_time_needs_no_typing(rui, cast, waiting):
    at = (clock.now() + timedelta(days=2)).replace(second=0, microsecond=0)
    service.plan(cast.ana, waiting, at, "Asia/Seoul")
    page = rui.get(f"/review/{waiting.id}")
    assert f'value="{waiting.planned_wall[:10]}"' in page.text
    form = {
        "revision": 1,
        "date": waiting.planned_wall[:10],
        "time": waiting.planned_wall[11:],
        "zone": "Asia/Seoul",
    }
    rui.post(f"/posts/{waiting.id}/approve", data=form)
    assert waiting.due_at == at


def test_a_time_in_the_past_is_refused_and_nothing_is_approved(rui, waiting):
    form = {"revision": 1, "date": "2020-01-15", "time": "09:30", "zone": "UTC"}
    page = rui.post(f"/posts/{waiting.id}/approve", data=form)
    assert page.status_code == 422
    assert "This time has passed." in words(page)
    assert waiting.status == "in_review"


def test_a_reason_is_required_and_asked_for(rui, waiting):
    page = rui.post(f"/posts/{waiting.id}/request-changes", data={"reason": " "})
    assert page.status_code == 422
    assert waiting.status == "in_review"


def test_a_revision_that_was_not_read_is_not_approved(rui, ana, waiting):
    save(ana, waiting, text="Newer", then="submit")
    sent = rui.post(f"/posts/{waiting.id}/approve", data={"revision": 1})
    assert sent.location == f"/review/{waiting.id}"
    assert waiting.status == "in_review"
    assert "newer revision" in words(rui.get(sent.location))


def test_the_reviewer_sees_what_changed_since_the_last_approval(rui, ana, cast, waiting):
    review.approve(cast.rui, waiting, 1)
    save(ana, waiting, text="Hello world", then="submit")
    page = rui.get(f"/review/{waiting.id}")
    assert "Changes since the last approval" in words(page)
    assert "<ins> world</ins>" in page.text


def test_an_editors_own_writing_has_no_approve_button(rui, waiting, cast):
    service.edit(cast.rui, waiting, Draft(title="New", text="Rui's"), version=waiting.version)
    review.submit(cast.rui, waiting)
    page = rui.get(f"/review/{waiting.id}")
    assert "somebody else has to approve it" in words(page)
    assert f'action="/posts/{waiting.id}/approve"' not in page.text
    refused = rui.post(f"/posts/{waiting.id}/approve", data={"revision": waiting.revision})
    assert refused.status_code == 403


def test_a_whole_story_is_approved_in_the_revisions_that_were_shown(rui, story, post, x, cast):
    tweet = service.add_post(cast.ana, story, x, Draft(text="{blog}"))
    review.submit_story(cast.ana, story)
    stale = {f"revision-{post.id}": 1, f"revision-{tweet.id}": 7}
    rui.post(f"/stories/{story.id}/approve", data=stale)
    assert {post.status, tweet.status} == {"in_review"}
    shown = {f"revision-{post.id}": 1, f"revision-{tweet.id}": 1}
    assert "Approve all as planned" in words(rui.get(f"/stories/{story.id}"))
    rui.post(f"/stories/{story.id}/approve", data=shown)
    assert {post.status, tweet.status} == {"approved"}


def test_authors_do_not_open_the_review(ana, waiting):
    assert ana.get("/review").status_code == 403
    assert ana.post(f"/posts/{waiting.id}/approve", data={"revision": 1}).status_code == 403


def test_comments_are_written_and_settled_on_the_desk(ana, story, post):
    form = {"text": "What about\nthe price?", "post_id": post.id}
    ana.post(f"/stories/{story.id}/comments", data=form)
    page = ana.get(f"/stories/{story.id}")
    assert "the price?" in words(page)
    ana.post("/comments/1/resolve")
    assert "Open again" in words(ana.get(f"/stories/{story.id}"))
    assert (
        ana.post(f"/stories/{story.id}/comments", data={"text": "", "post_id": 0}).status_code
        == 422
    )


def test_editors_add_categories_in_both_languages(rui, ana):
    form = {"slug": "how-to", "name_ko": "사용법", "name_en": "How to"}
    assert rui.post("/categories", data=form).status_code == 302
    assert "사용법" in words(rui.get("/categories"))
    again = rui.post("/categories", data=form)
    assert again.status_code == 422
    assert "already" in words(again)
    assert ana.get("/categories").status_code == 403
