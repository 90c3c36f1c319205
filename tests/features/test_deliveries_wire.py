"""What goes out is what was approved, and what went out is what is looked for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from publisher import clock
from publisher.deliveries import service as deliveries
from publisher.media import service as media
from publisher.stories import review, shelving
from publisher.stories import service as stories
from publisher.stories.rules import Draft, MediaUse
from tests.plugins.newsroom import Newsroom
from tests.plugins.pictures import picture


@pytest.mark.parametrize("slug", ["x", "page"])
def test_the_alternative_text_that_goes_out_is_the_approved_one(
    newsroom: Newsroom, slug: str
) -> None:
    image = media.upload(newsroom.author, "a.png", picture(size=(600, 400)), "빨강")
    first = Draft(text="그림", media=(MediaUse(image.id, "옛 설명"),))
    story = newsroom.approve(newsroom.story(slug, **{slug: first}), in_s=30.0)
    newsroom.work(0.3)
    assert newsroom.delivery(story, slug).staged
    post = newsroom.post(story, slug)
    second = replace(first, media=(MediaUse(image.id, "새 설명"),))
    stories.edit(newsroom.author, post, second, version=post.version)
    review.submit(newsroom.author, newsroom.post(story, slug))
    post = newsroom.post(story, slug)
    deliveries.approve(newsroom.editor, post, post.revision, clock.now())

    newsroom.work(0.5)

    (posted,) = newsroom.sandbox.ledger()
    assert [each["alt"] for each in posted["media"]] == ["새 설명"]


def test_a_post_sent_without_its_link_is_found_without_it(newsroom: Newsroom) -> None:
    image = media.upload(newsroom.author, "a.png", picture(size=(600, 400)), "빨강")
    draft = Draft(
        text="긴 소식",
        link="{blog}",
        media=(MediaUse(image.id, "빨강"),),
        when_late={"blog": "send_without"},
    )
    newsroom.sandbox.fault("accept_then_reset", match={"path": "/*/feed", "method": "POST"})
    story = newsroom.story("blog", "page", page=draft)
    page = newsroom.post(story, "page")
    deliveries.approve(newsroom.editor, page, page.revision, clock.now())
    newsroom.work(1.2)
    assert newsroom.statuses(story)["page"] == "unconfirmed"
    blog = newsroom.post(story, "blog")
    deliveries.approve(newsroom.editor, blog, blog.revision, clock.now())

    newsroom.work(3.0)

    assert newsroom.statuses(story)["page"] == "published"
    assert len(newsroom.really_posted("facebook")) == 1
    assert newsroom.delivery(story, "page").resends == 0


def test_an_archived_blog_post_does_not_make_the_link_ambiguous(newsroom: Newsroom) -> None:
    story = newsroom.story("blog", "x")
    shelving.archive_post(newsroom.author, newsroom.post(story, "blog"))
    again = stories.add_post(
        newsroom.author, story, newsroom.accounts["blog"], Draft(title="다시", text="본문")
    )
    review.submit(newsroom.author, again)
    tweet = newsroom.post(story, "x")
    revisions = {again.id: again.revision, tweet.id: tweet.revision}
    deliveries.approve_story(newsroom.editor, story, revisions, clock.now(), "Asia/Seoul")

    newsroom.work(0.3)

    assert newsroom.statuses(story)["x"] == "published"
