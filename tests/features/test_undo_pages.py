"""Undo, as a browser without scripts presses it: what was done is said with the way back."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape

import pytest
from flask.testing import FlaskClient

from publisher.accounts import service as accounts
from publisher.accounts.models import Account
from publisher.extensions import db
from publisher.stories import review, service
from publisher.stories.models import Post
from publisher.stories.rules import Draft

FORM = re.compile(r'<form class="inline-form" method="post" action="([^"]+)">(.*?)</form>', re.S)
FIELD = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')


@pytest.fixture
def blog(app) -> Account:
    return accounts.connect(None, kind="blog", slug="blog", label="Blog")


@pytest.fixture
def write(cast, blog) -> Callable[..., Post]:
    """`write(title)`: Ana's draft."""

    def go(title: str = "New") -> Post:
        story = service.create_story(cast.ana, title=title)
        return service.add_post(cast.ana, story, blog, Draft(title=title, text="Ten won."))

    return go


@pytest.fixture
def ana(app, cast, sign_in):
    return sign_in(app.test_client(), cast.ana)


@pytest.fixture
def rui(app, cast, sign_in):
    return sign_in(app.test_client(), cast.rui)


def press(client: FlaskClient, address: str, **fields: str | int) -> str:
    """The page that comes after a button."""
    return unescape(client.post(address, data=fields, follow_redirects=True).text)


def undo(client: FlaskClient, page: str) -> str:
    """The page after its toast's Undo."""
    action, inside = next(found for found in FORM.findall(page) if "Undo" in found[1])
    return press(client, action, **dict(FIELD.findall(inside)))


def test_a_submission_is_undone(write, ana) -> None:
    post = write()
    page = press(
        ana, f"/posts/{post.id}/save", title="New", text="Ten won.", then="submit", version=1
    )
    assert "Take it back from review" in page and post.status == "in_review"
    assert "is a draft again" in undo(ana, page)
    assert post.status == "draft"
    page = press(ana, f"/stories/{post.story_id}/submit")
    assert "1 post is a draft again" in undo(ana, page)


def test_an_approval_is_undone_and_once_only(write, ana, rui, cast) -> None:
    post = review.submit(cast.ana, write())
    page = press(rui, f"/posts/{post.id}/approve", revision=1)
    assert "Approved: “New” for Blog." in page and post.status == "approved"
    assert "Take the approval back" in rui.get(f"/stories/{post.story_id}").text
    assert "Take the approval back" not in ana.get(f"/stories/{post.story_id}").text
    after = undo(rui, page)
    assert "The approval is taken back." in after and "You review this" in after
    assert post.status == "in_review"
    assert "You have not approved this post." in undo(rui, page)


def test_approvals_that_were_given_together_are_undone_together(write, rui, cast) -> None:
    post = review.submit(cast.ana, write())
    address = f"/stories/{post.story_id}/approve"
    page = press(rui, address, **{f"revision-{post.id}": 1})
    assert post.status == "approved"
    assert "1 post waits for a decision again" in undo(rui, page)
    assert post.status == "in_review"
    forged = {"revision-99999999999999999999": "1", "revision-x": "1", f"revision-{post.id}": "9e9"}
    press(rui, f"/stories/{post.story_id}/take-back", **forged)
    assert post.status == "in_review"


def test_archiving_is_undone_one_by_one_and_in_numbers(write, ana) -> None:
    one, two = write("One").story, write("Two").story
    assert "Its posts are drafts again." in undo(ana, press(ana, f"/stories/{one.id}/archive"))
    page = press(ana, f"/posts/{one.posts[0].id}/archive")
    assert "is back" in undo(ana, page)
    for story in (one, two):
        press(ana, "/stories/several", do="archive", story=story.id)
    page = press(ana, "/stories/several", do="restore", stories=f"{one.id},{two.id},x,{10**30}")
    db.session.expire_all()
    assert one.archived_at is None and two.archived_at is None
    undo(ana, page)
    db.session.expire_all()
    assert one.archived_at is not None and two.archived_at is not None
