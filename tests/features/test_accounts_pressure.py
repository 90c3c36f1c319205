"""Accounts under pressure: silent platforms, used-up windows, money and authority gone; over real HTTP."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from publisher import clock
from publisher.accounts import service as accounts
from publisher.accounts.models import Account
from publisher.config import Timings
from publisher.deliveries import attention
from publisher.notices import service as notices
from publisher.notices.models import Notice
from publisher.people.models import User
from publisher.stories.models import Story
from publisher.stories.rules import Draft
from tests.plugins.app import Cast
from tests.plugins.newsroom import Newsroom

SignIn = Callable[[FlaskClient, User], FlaskClient]
TWEETS = {"path": "/2/tweets"}


@pytest.fixture
def timings() -> Timings:
    """The product's own: these tests let time pass instead of waiting for it."""
    return Timings()


def posts(newsroom: Newsroom, slug: str, count: int) -> list[Story]:
    """So many stories with one post each, due now."""
    return [
        newsroom.approve(newsroom.story(slug, **{slug: Draft(text=f"소식 {number}")}))
        for number in range(count)
    ]


def creates(newsroom: Newsroom) -> list[str]:
    """What the platforms decided on each call that creates a post."""
    return [
        each["decision"]
        for each in newsroom.sandbox.requests()
        if each["method"] == "POST" and each["path"].endswith(("/2/tweets", "/feed"))
    ]


def account(slug: str) -> Account:
    return accounts.by_slug(slug)


def paused(user: User) -> list[Notice]:
    """What `user` was told about accounts that were paused."""
    return [each for each in notices.of(user, 1).items if each.kind == "account_paused"]


def later(newsroom: Newsroom, seconds: float) -> None:
    """So much later, here and on the platforms."""
    newsroom.travel(timedelta(seconds=seconds))
    newsroom.sandbox.clock.advance(seconds)
    newsroom.work()


@pytest.mark.usefixtures("database_url")
def test_after_five_failures_in_a_row_one_post_is_tried_alone(newsroom: Newsroom) -> None:
    stories = posts(newsroom, "x", 8)
    newsroom.sandbox.fault("reject_then_5xx", match=TWEETS, times=None)

    newsroom.work()
    assert len(creates(newsroom)) == 5
    assert account("x").silent_since is not None

    later(newsroom, 31)
    assert len(creates(newsroom)) == 6  # one post to try with, not the three that wait

    later(newsroom, 31)
    assert len(creates(newsroom)) == 6  # the second pause is longer

    newsroom.sandbox.clear_faults()
    later(newsroom, 31)
    assert account("x").silent_since is None
    assert account("x").strikes == 0

    for _ in range(6):
        later(newsroom, 60)
    assert sorted(newsroom.really_posted("x")) == [f"소식 {number}" for number in range(8)]
    assert {newsroom.statuses(story)["x"] for story in stories} == {"published"}


def test_a_refusal_between_failures_is_an_answer(newsroom: Newsroom) -> None:
    newsroom.sandbox.fault("reject_then_5xx", match=TWEETS, times=4)
    newsroom.sandbox.fault("status", match=TWEETS, code=403)
    newsroom.sandbox.fault("reject_then_5xx", match=TWEETS, times=4)
    posts(newsroom, "x", 9)

    newsroom.work()

    assert len(creates(newsroom)) == 9
    assert account("x").silent_since is None
    assert account("x").strikes == 4


def test_other_accounts_go_on_while_one_is_silent(newsroom: Newsroom) -> None:
    newsroom.sandbox.fault("reject_then_5xx", match=TWEETS, times=None)
    posts(newsroom, "x", 6)
    stories = posts(newsroom, "page", 2)

    newsroom.work()

    assert {newsroom.statuses(story)["page"] for story in stories} == {"published"}


def test_pages_say_that_a_platform_is_silent_and_when_it_is_tried_next(
    newsroom: Newsroom, client: FlaskClient, cast: Cast, sign_in: SignIn
) -> None:
    newsroom.sandbox.fault("reject_then_5xx", match=TWEETS, times=None)
    waiting = posts(newsroom, "x", 6)[-1]
    newsroom.work()
    post_id = newsroom.post(waiting, "x").id
    until = account("x").paused_until
    assert until is not None

    sign_in(client, cast.rui)
    for path in ("/accounts", "/accounts/x", "/attention", f"/posts/{post_id}/deliveries"):
        page = client.get(path).text
        assert "does not answer" in page or "No answer" in page, path
    assert "tried alone at" in client.get("/accounts/x").text
    assert until.isoformat() in client.get(f"/posts/{post_id}/deliveries").text
    assert [each.slug for each in attention.troubled_accounts()] == ["x"]


def test_the_last_post_of_a_day_goes_and_the_next_one_is_not_even_tried(
    newsroom: Newsroom, client: FlaskClient, cast: Cast, sign_in: SignIn
) -> None:
    newsroom.sandbox.settings(x_user_24h_limit=3)
    stories = posts(newsroom, "x", 4)

    newsroom.work()

    assert len(newsroom.really_posted("x")) == len(creates(newsroom)) == 3
    assert newsroom.delivery(stories[-1], "x").status == "scheduled"
    x = account("x")
    assert x.quota_left == 0
    assert x.paused_until is not None
    assert x.paused_until - clock.now() > timedelta(hours=23)
    assert "0 posts" in sign_in(client, cast.rui).get("/accounts/x").text


def test_after_a_full_quarter_of_an_hour_the_next_one_goes(newsroom: Newsroom) -> None:
    newsroom.sandbox.settings(x_post_limit=2)
    posts(newsroom, "x", 3)
    newsroom.work()
    assert len(newsroom.really_posted("x")) == 2

    later(newsroom, 902)

    assert len(newsroom.really_posted("x")) == len(creates(newsroom)) == 3


def test_a_page_slows_down_and_stops_before_facebook_refuses(
    newsroom: Newsroom, client: FlaskClient, cast: Cast, sign_in: SignIn
) -> None:
    newsroom.sandbox.settings(facebook_page_quota=20)  # a post takes five percent
    posts(newsroom, "page", 20)

    newsroom.work()
    assert len(newsroom.really_posted("facebook")) == 16  # 80 percent: from here on at a distance
    later(newsroom, 6)
    later(newsroom, 101)
    assert len(newsroom.really_posted("facebook")) == 18  # 90 percent
    later(newsroom, 201)
    assert len(newsroom.really_posted("facebook")) == 19  # 95 percent
    later(newsroom, 600)

    assert len(newsroom.really_posted("facebook")) == 19
    assert not [each for each in creates(newsroom) if "refused" in each]
    assert "95 % used" in sign_in(client, cast.rui).get("/accounts/page").text


def test_without_credits_the_account_pauses_and_says_what_to_do(
    newsroom: Newsroom, client: FlaskClient, cast: Cast, sign_in: SignIn
) -> None:
    newsroom.sandbox.settings(x_credits_usd=0.0)
    stories = posts(newsroom, "x", 3)
    newsroom.work()
    assert len(creates(newsroom)) == 1

    page = sign_in(client, cast.rui).get("/accounts/x").text
    assert "has no credits left" in page
    assert "Buy credits" in page
    assert "has no credits left" in client.get("/attention").text

    newsroom.sandbox.settings(x_credits_usd=10.0)
    client.post("/accounts/x/resume")
    newsroom.work()
    assert {newsroom.statuses(story)["x"] for story in stories} == {"published"}


def test_a_policy_block_pauses_the_page_and_tells_owner_and_administrators(
    newsroom: Newsroom, cast: Cast
) -> None:
    newsroom.sandbox.fault("credits_gone", match={"path": "*/feed"})
    posts(newsroom, "page", 1)

    newsroom.work()

    assert account("page").problem == "Facebook has restricted posting for this Page."
    told = paused(cast.ada)
    assert [(each.kind, each.path) for each in told] == [("account_paused", "/accounts/page")]
    assert "restricted" in told[0].values["problem"]
    assert len(paused(cast.ana)) == 1
    assert paused(cast.ben) == []


def test_administrators_are_told_once_however_many_posts_wait(
    newsroom: Newsroom, cast: Cast
) -> None:
    newsroom.sandbox.add_x("1002", "acme", state="revoked")
    posts(newsroom, "x", 4)
    newsroom.work()
    assert len(paused(cast.ada)) == 1


@pytest.mark.usefixtures("database_url")
def test_posts_wait_for_new_keys_and_go_out_once_within_their_grace(newsroom: Newsroom) -> None:
    newsroom.sandbox.add_x("1002", "acme", state="revoked")
    story = posts(newsroom, "x", 1)[0]
    newsroom.work()
    before = account("x").id
    assert (account("x").status, newsroom.delivery(story, "x").status) == ("paused", "scheduled")

    later(newsroom, 3600)
    fresh = newsroom.sandbox.add_x("1002", "acme", state="ok")
    accounts.connect(
        newsroom.editor, kind="twitter", slug="x", credentials=fresh, api_url=account("x").api_url
    )
    newsroom.work()

    assert account("x").id == before
    assert newsroom.statuses(story)["x"] == "published"
    assert newsroom.really_posted("x") == ["소식 0"]


def test_new_keys_after_the_grace_send_nothing_by_themselves(newsroom: Newsroom) -> None:
    newsroom.sandbox.add_x("1002", "acme", state="revoked")
    story = posts(newsroom, "x", 1)[0]
    newsroom.work()

    later(newsroom, 3 * 3600)
    fresh = newsroom.sandbox.add_x("1002", "acme", state="ok")
    accounts.connect(
        newsroom.editor, kind="twitter", slug="x", credentials=fresh, api_url=account("x").api_url
    )
    newsroom.work()

    assert newsroom.statuses(story)["x"] == "missed"
    assert newsroom.really_posted("x") == []


def test_keys_of_somebody_else_send_nothing_before_a_person_agrees(
    newsroom: Newsroom, client: FlaskClient, cast: Cast, sign_in: SignIn
) -> None:
    accounts.check(newsroom.editor, account("x"))
    newsroom.sandbox.add_x("1002", "acme", state="revoked")
    story = posts(newsroom, "x", 1)[0]
    newsroom.work()

    foreign = newsroom.sandbox.add_x("1003", "rival")
    sign_in(client, cast.ada)
    page = client.post("/accounts/x/reconnect", data=foreign, follow_redirects=True).text
    assert "It answers as @rival now; before, it was @acme." in page
    newsroom.work()
    assert newsroom.really_posted("x") == []

    client.post("/accounts/x/release")
    newsroom.work()
    assert newsroom.statuses(story)["x"] == "published"


def test_keys_that_the_platform_refuses_replace_none(
    newsroom: Newsroom, client: FlaskClient, cast: Cast, sign_in: SignIn
) -> None:
    before = account("x").credentials
    wrong = {**newsroom.sandbox.add_x("1004", "other"), "access_token_secret": "wrong"}
    page = sign_in(client, cast.ada).post(
        "/accounts/x/reconnect", data=wrong, follow_redirects=True
    )
    assert "no longer accepts" in page.text
    assert account("x").credentials == before
    assert account("x").status == "active"


def test_asking_who_it_is_does_not_lift_what_the_platform_imposed(newsroom: Newsroom) -> None:
    newsroom.sandbox.settings(x_user_24h_limit=1)
    posts(newsroom, "x", 1)
    newsroom.work()
    until = account("x").paused_until
    assert until is not None
    accounts.check(newsroom.editor, account("x"))
    assert account("x").paused_until == until


def test_a_check_that_finds_the_authority_gone_pauses_and_one_that_finds_nobody_does_not(
    newsroom: Newsroom,
) -> None:
    newsroom.sandbox.fault("read_fails", times=None)
    with pytest.raises(Exception, match="not available"):
        accounts.check(newsroom.editor, account("x"))
    assert account("x").status == "active"

    newsroom.sandbox.clear_faults()
    newsroom.sandbox.add_x("1002", "acme", state="revoked")
    with pytest.raises(Exception, match="no longer accepts"):
        accounts.check(newsroom.editor, account("x"))
    assert account("x").status == "paused"


# ---- Holds ----


def test_a_held_account_is_seen_wherever_somebody_looks(
    newsroom: Newsroom, cast: Cast, client: FlaskClient, sign_in: SignIn
) -> None:
    story = newsroom.approve(newsroom.story("x", x=Draft(text="소식")), in_s=3600)
    accounts.hold(None, "More than 20 posts are overdue after a break.", account("x"))

    told = [each for each in notices.of(cast.rui, 1).items if each.kind == "account_held"]
    assert [each.path for each in told] == ["/accounts/x"]
    assert not [each for each in notices.of(cast.ana, 1).items if each.kind == "account_held"]
    page = sign_in(client, cast.rui)
    assert "Look and release" in page.get("/attention").text
    shown = page.get(f"/posts/{newsroom.post(story, 'x').id}/deliveries").text
    assert "The account is held" in shown and "overdue after a break" in shown

    accounts.release(cast.rui, account("x"))
    assert "Look and release" not in page.get("/attention").text
    shown = page.get(f"/posts/{newsroom.post(story, 'x').id}/deliveries").text
    assert "The account is held until" not in shown
