"""A touch-up of a post that was changed meanwhile approves nothing that its writer has not read."""

from __future__ import annotations

import html
import re
from dataclasses import replace

import pytest

from publisher.accounts import service as accounts
from publisher.media import service as media
from publisher.media.models import Media
from publisher.stories import review, service
from publisher.stories.models import Post
from publisher.stories.rules import Draft, MediaUse
from tests.features.sent_again import hidden_in
from tests.plugins.pictures import picture


@pytest.fixture
def config(config):
    return replace(config, allow_touch_up_approval=True)


@pytest.fixture
def post(cast) -> Post:
    """Ana's post, submitted."""
    blog = accounts.connect(None, kind="blog", slug="blog", label="Blog")
    story = service.create_story(cast.ana, title="New")
    draft = Draft(title="New", text="The price is 10 won.")
    return review.submit(cast.ana, service.add_post(cast.ana, story, blog, draft))


@pytest.fixture
def rui(app, cast, sign_in):
    return sign_in(app.test_client(), cast.rui)


def words(page) -> str:
    """What the page itself says, without the bar above it and what lies under it."""
    main = page.text[page.text.index("<main") : page.text.index("</main>")]
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", main)).split())


def swapped(cast, post) -> Media:
    """Ana takes her post back, gives it another picture and submits it again."""
    other = media.upload(cast.ana, "new.png", picture(), "The new one")
    draft = replace(post.head.draft, media=(MediaUse(other.id, "The new one"),))
    service.edit(cast.ana, post, draft, version=post.version)
    review.submit(cast.ana, post)
    return other


def test_a_picture_that_was_swapped_meanwhile_is_shown_and_not_approved_unseen(cast, rui, post):
    form = {"version": post.version, "base": post.head.hash, "title": "New", "text": "12."}
    other = swapped(cast, post)

    stale = rui.post(f"/posts/{post.id}/touch-up", data=form)

    said = words(stale)
    assert stale.status_code == 409
    assert "Changed since you read it" in said and "Picture added The new one" in said
    assert "Save mine over theirs" in said and "Save mine and approve it" not in said
    for text in ("Once", "Twice"):  # nor is it where the page is met a second time
        service.edit(cast.ada, post, replace(post.head.draft, text=text), version=post.version)
        review.submit(cast.ana, post)
        stale = rui.post(f"/posts/{post.id}/touch-up", data=hidden_in(stale))
        assert stale.status_code == 409 and "Save mine and approve it" not in words(stale)
    done = rui.post(f"/posts/{post.id}/touch-up", data=hidden_in(stale))
    assert done.location == f"/review/{post.id}"
    assert "read the post as it stands now" in words(rui.get(done.location))
    assert (post.status, post.head.text, post.head.touch_up) == ("in_review", "12.", True)
    assert [use.id for use in post.head.draft.media] == [other.id]


def test_words_that_were_changed_meanwhile_are_in_the_difference_and_may_be_approved(
    cast, rui, post
):
    swapped(cast, post)
    form = {"version": post.version, "base": post.head.hash, "title": "New", "text": "12."}
    service.edit(cast.ana, post, replace(post.head.draft, text="11."), version=post.version)
    review.submit(cast.ana, post)

    stale = rui.post(f"/posts/{post.id}/touch-up", data=form)

    assert "Changed since you read it" not in words(stale)
    assert "Save mine and approve it" in words(stale)
    rui.post(f"/posts/{post.id}/touch-up", data=hidden_in(stale))
    assert (post.status, post.head.text) == ("approved", "12.")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"thread": True}, "Now a thread"),
        ({"when_late": {"blog": "drop"}}, "do not go out"),
        ({"media": "1:1"}, "Crop changed"),
    ],
)
def test_what_a_touch_up_does_not_offer_is_shown_where_it_was_changed(
    cast, rui, post, change, said
):
    swapped(cast, post)
    form = {"version": post.version, "base": post.head.hash, "title": "New", "text": "12."}
    if "media" in change:
        (use,) = post.head.draft.media
        change = {"media": (replace(use, crop=change["media"]),)}
    service.edit(cast.ana, post, replace(post.head.draft, **change), version=post.version)
    review.submit(cast.ana, post)

    stale = rui.post(f"/posts/{post.id}/touch-up", data=form)

    assert stale.status_code == 409
    assert said in words(stale) and "Save mine and approve it" not in words(stale)
