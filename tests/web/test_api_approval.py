"""API v1 where people decide: what they have read, when it goes out, and what it waits for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from channels.blog import Blog
from publisher import clock
from publisher.accounts import service as accounts
from publisher.accounts.models import Hold
from publisher.accounts.timekeeping import CODE, SCOPE
from publisher.deliveries import service as deliveries
from publisher.people.models import User
from publisher.storage import writing
from publisher.stories import service as stories
from tests.plugins.app import Cast
from tests.plugins.newsroom import Newsroom
from tests.web.test_api import STORY, Caller, caller


@pytest.fixture
def ana(app: Flask, cast: Cast, newsroom: Newsroom) -> Caller:
    return caller(app, cast.ana)


@pytest.fixture
def rui(app: Flask, cast: Cast, newsroom: Newsroom) -> Caller:
    return caller(app, cast.rui)


def at(hours: float) -> str:
    return (clock.now() + timedelta(hours=hours)).isoformat()


def submitted(ana: Caller, *accounts: str) -> list[int]:
    """The ids of a story's posts for those accounts, in review."""
    chosen = [post for post in STORY["posts"] if post["account"] in accounts]  # type: ignore[index]
    story = ana("POST", "/stories", {**STORY, "posts": chosen}).get_json()
    assert ana("POST", f"/stories/{story['id']}/submit").status_code == 200
    return [post["id"] for post in story["posts"]]


def approved(ana: Caller, rui: Caller, account: str, hours: float | None = None) -> int:
    (post_id,) = submitted(ana, account)
    body = {"revision": 1} if hours is None else {"revision": 1, "due_at": at(hours)}
    assert rui("POST", f"/posts/{post_id}/approve", body).status_code == 200
    return post_id


def test_a_post_that_its_approver_did_not_read_stops_the_whole_approval(
    ana: Caller, rui: Caller
) -> None:
    posts = submitted(ana, "blog", "x", "page")
    story_id = ana("GET", f"/posts/{posts[0]}").get_json()["story_id"]
    read = {str(post_id): 1 for post_id in posts[:2]}

    refused = rui("POST", f"/stories/{story_id}/approve", {"revisions": read})

    assert (refused.status_code, refused.get_json()["code"]) == (409, "posts_missing")
    assert refused.get_json()["posts"] == posts[2:]
    assert ana("GET", f"/posts/{posts[0]}").get_json()["status"] == "in_review"
    everything = {"revisions": {**read, str(posts[2]): 1}}
    assert rui("POST", f"/stories/{story_id}/approve", everything).status_code == 200


def test_a_scheduled_post_says_what_it_waits_for(
    newsroom: Newsroom, ana: Caller, rui: Caller
) -> None:
    post_id = approved(ana, rui, "blog", hours=1)
    blog = newsroom.accounts["blog"].id

    def waits_for() -> str:
        return str(ana("GET", f"/posts/{post_id}").get_json()["delivery"]["waits_for"])

    assert waits_for() == ""
    accounts.pause(None, accounts.get(blog), "gone")
    assert waits_for() == "account"
    accounts.resume(None, accounts.get(blog))
    with writing():
        accounts.get(blog).silent_since = clock.now()
    assert waits_for() == "account"
    accounts.hold(None, "A crisis", accounts.get(blog))
    assert waits_for() == "release"
    accounts.release(None, accounts.get(blog))
    accounts.hold(None, "A crisis")
    assert waits_for() == "release"
    with writing() as session:
        values: dict[str, Any] = {"shifts": {"a": 400}}
        by_clock = {"code": CODE, "scope": SCOPE, "values": values}
        session.add(Hold(**by_clock, reason="moved", actor_name="-", at=clock.now()))
    assert waits_for() == "confirmation"


def test_a_planned_time_can_be_taken_back_but_not_from_under_a_scheduled_post(
    ana: Caller, rui: Caller
) -> None:
    post = {"account": "blog", "title": "가", "text": "나", "planned_at": at(2)}
    made = ana("POST", "/stories", {"title": "가", "posts": [post]}).get_json()["posts"][0]
    path = f"/posts/{made['id']}"
    assert made["planned_at"]
    assert ana("PATCH", path, {"text": "다"}, If_Match=f'"{made["version"]}"').get_json()[
        "planned_at"
    ]
    version = ana("GET", path).headers["ETag"]
    cleared = ana("PATCH", path, {"planned_at": None}, If_Match=version)
    assert (cleared.status_code, cleared.get_json()["planned_at"]) == (200, None)
    assert cleared.get_json()["text"] == "다"

    path = f"/posts/{approved(ana, rui, 'blog', hours=2)}"
    version = ana("GET", path).headers["ETag"]
    refused = ana("PATCH", path, {"planned_at": None}, If_Match=version)
    assert (refused.status_code, refused.get_json()["code"]) == (409, "scheduled")
    assert ana("GET", path).get_json()["planned_at"]


def test_the_new_time_decides_whether_a_post_comes_before_what_it_links_to(
    ana: Caller, rui: Caller
) -> None:
    blog, tweet = submitted(ana, "blog", "x")
    assert (
        rui("POST", f"/posts/{blog}/approve", {"revision": 1, "due_at": at(3)}).status_code == 200
    )

    early = rui("POST", f"/posts/{tweet}/approve", {"revision": 1, "due_at": at(2)})
    assert early.status_code == 422
    assert "{blog}" in early.get_json()["detail"]
    assert ana("GET", f"/posts/{tweet}").get_json()["planned_at"] is None
    late = {"revision": 1, "due_at": at(4)}
    assert rui("POST", f"/posts/{tweet}/approve", late).status_code == 200

    again = rui("POST", f"/posts/{tweet}/schedule", {"due_at": at(1)})
    assert (again.status_code, again.get_json()["code"]) == (422, "before_target")
    kept = ana("GET", f"/posts/{tweet}").get_json()["delivery"]["due_at"]
    assert datetime.fromisoformat(kept) == datetime.fromisoformat(late["due_at"])  # type: ignore[arg-type]


def test_a_plan_that_was_wrong_is_mended_by_the_time_of_the_approval(
    ana: Caller, rui: Caller
) -> None:
    blog, tweet = submitted(ana, "blog", "x")
    for post_id, hours in ((blog, 3), (tweet, 2)):
        path = f"/posts/{post_id}"
        version = ana("GET", path).headers["ETag"]
        moved = ana("PATCH", path, {"planned_at": at(hours)}, If_Match=version)
        assert moved.status_code == 200
    story_id = ana("GET", f"/posts/{blog}").get_json()["story_id"]
    body = {"revisions": {str(blog): 1, str(tweet): 1}, "due_at": at(5)}
    assert rui("POST", f"/stories/{story_id}/approve", body).status_code == 200


def test_how_late_a_post_may_go_out_is_said_with_its_time(
    newsroom: Newsroom, ana: Caller, rui: Caller
) -> None:
    def window(post_id: int) -> timedelta:
        (delivery,) = deliveries.of_post(stories.get_post(None, post_id))
        return delivery.expires_at - delivery.due_at

    (post_id,) = submitted(ana, "blog")
    path = f"/posts/{post_id}"
    assert ana("GET", path).get_json()["grace_s"] is None
    body = {"revision": 1, "due_at": at(2), "grace_s": 300}
    assert rui("POST", f"{path}/approve", body).get_json()["grace_s"] == 300
    assert window(post_id) == timedelta(minutes=5)

    body = {"due_at": at(3)}
    assert rui("POST", f"{path}/schedule", body).get_json()["grace_s"] == 300
    assert rui("POST", f"{path}/schedule", {**body, "grace_s": 299}).status_code == 422
    assert rui("POST", f"{path}/schedule", {**body, "grace_s": None}).get_json()["grace_s"] is None
    assert window(post_id) == timedelta(seconds=Blog.limits.grace_s)


def test_a_post_that_is_too_late_by_its_own_word_is_missed(
    newsroom: Newsroom, ana: Caller, rui: Caller
) -> None:
    (post_id,) = submitted(ana, "blog")
    body = {"revision": 1, "due_at": at(1), "grace_s": 300}
    rui("POST", f"/posts/{post_id}/approve", body)
    newsroom.travel(timedelta(minutes=66))
    newsroom.work()
    assert ana("GET", f"/posts/{post_id}").get_json()["delivery"]["status"] == "missed"


def test_the_page_of_a_review_asks_how_late_it_may_go_out(
    app: Flask, cast: Cast, ana: Caller, sign_in: Callable[[FlaskClient, User], FlaskClient]
) -> None:
    (post_id,) = submitted(ana, "blog")
    browser = sign_in(app.test_client(), cast.rui)
    assert 'name="late"' in browser.get(f"/review/{post_id}").text
    form = {"revision": "1", "late": "300", "date": "", "time": ""}
    assert browser.post(f"/posts/{post_id}/approve", data=form).status_code == 302
    assert ana("GET", f"/posts/{post_id}").get_json()["grace_s"] == 300
