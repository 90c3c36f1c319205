"""An installation with something of everything, for attacks of all kinds."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from flask import Flask

from publisher.accounts import service as accounts
from publisher.accounts.models import Account
from publisher.people import tokens
from publisher.people.models import User
from publisher.people.rules import Scope
from publisher.stories import comments
from publisher.stories import service as stories
from publisher.stories.models import Comment, Post, Story
from publisher.stories.rules import Draft
from tests.plugins.app import Cast

X_KEYS = {
    "consumer_key": "consumer-key-of-x",
    "consumer_secret": "consumer-secret-of-x",
    "access_token": "access-token-of-x",
    "access_token_secret": "access-token-secret-of-x",
}


@dataclass(frozen=True)
class Belongings:
    """What Ben has and keeps to himself: a story with a post and a comment. `ours` are the accounts."""

    story: Story
    post: Post
    comment: Comment
    blog: Account
    x: Account


@pytest.fixture
def bens(app: Flask, cast: Cast) -> Belongings:
    """Ben's own draft; nobody shares it with Ana."""
    blog = accounts.connect(None, kind="blog", slug="blog", label="Blog")
    x = accounts.connect(None, kind="twitter", slug="x", label="X", credentials=X_KEYS)
    story = stories.create_story(cast.ben, title="Ben's secret plan", language="en")
    post = stories.add_post(cast.ben, story, blog, Draft(title="Secret", text="Ben's words"))
    stories.add_post(cast.ben, story, x, Draft(text="Ben's tweet"))
    comment = comments.comment(cast.ben, story, "Ben's comment", post)
    return Belongings(story, post, comment, blog, x)


def bearer(user: User, *scopes: Scope) -> dict[str, str]:
    """The headers with which a program of `user` asks; with every scope unless some are named."""
    _token, text = tokens.create_token(None, user, "a test's program", scopes or tuple(Scope))
    return {"Authorization": f"Bearer {text}"}
