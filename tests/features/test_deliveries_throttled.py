"""A platform counts an account out: its posts keep their order and go as soon as the account may."""

from __future__ import annotations

from publisher import clock
from publisher.accounts import service as accounts
from publisher.extensions import db
from publisher.stories.rules import Draft
from tests.plugins.newsroom import Newsroom


def test_what_was_counted_out_goes_first_once_a_person_resumes_the_account(
    newsroom: Newsroom,
) -> None:
    newsroom.sandbox.fault("rate_limited", match={"path": "/2/tweets"}, reset_after=900)
    first = newsroom.approve(newsroom.story("x", x=Draft(text="먼저")))
    newsroom.work()
    second = newsroom.approve(newsroom.story("x", x=Draft(text="나중")))
    newsroom.work()
    account = newsroom.accounts["x"]
    db.session.refresh(account)
    assert account.paused_until is not None
    assert account.paused_until > clock.now()
    assert newsroom.really_posted("x") == []

    accounts.resume(newsroom.editor, account)
    newsroom.work()

    assert newsroom.really_posted("x") == ["먼저", "나중"]
    assert newsroom.statuses(first) == newsroom.statuses(second) == {"x": "published"}
