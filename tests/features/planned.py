"""Stories with planned posts, for tests of what shows them."""

from __future__ import annotations

from datetime import datetime

from publisher.accounts import service as accounts
from publisher.accounts.models import Account
from publisher.people.models import User
from publisher.stories import review
from publisher.stories import service as stories
from publisher.stories.models import Post
from publisher.stories.rules import Draft


def blog(admin: User) -> Account:
    """The hosted blog to write for."""
    return accounts.connect(admin, kind="blog", slug="blog", label="회사 블로그", credentials={})


def page(admin: User, slug: str, label: str) -> Account:
    """A Page beside it."""
    given = {"page_id": "1", "page_token": "page-token-1"}
    return accounts.connect(admin, kind="facebook", slug=slug, label=label, credentials=given)


def planned(
    author: User,
    account: Account,
    title: str,
    at: datetime | None,
    *,
    zone: str = "Asia/Seoul",
    text: str = "본문입니다.",
) -> Post:
    """A draft of `author` for `account`, meant for `at`."""
    story = stories.create_story(author, title=title)
    draft = Draft(title=title, text=text)
    return stories.add_post(author, story, account, draft, planned_at=at, zone=zone)


def submitted(author: User, post: Post) -> Post:
    """The same post, in review."""
    review.submit(author, post)
    return post
