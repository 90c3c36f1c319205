"""Pictures that nothing needs are deleted; what something needs stays."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from publisher.errors import Conflict, NotAllowed
from publisher.extensions import db
from publisher.media import rules, service
from publisher.media.models import Media, Rendition
from publisher.stories import service as stories
from publisher.stories import shelving, uses
from publisher.stories.rules import Draft, MediaUse
from tests.plugins.app import Cast
from tests.plugins.newsroom import Newsroom
from tests.plugins.pictures import picture


@pytest.fixture
def image(newsroom: Newsroom) -> Media:
    return service.upload(newsroom.author, "a.png", picture(size=(300, 200)), "빨강")


def test_an_unused_picture_is_deleted_by_its_owner(
    image: Media, newsroom: Newsroom, client: FlaskClient, sign_in
) -> None:
    ana = sign_in(client, newsroom.author)
    path = service.url(image)
    assert f"/media/{image.id}/delete" in ana.get("/media").text
    page = ana.post(f"/media/{image.id}/delete", follow_redirects=True)
    assert "a.png is deleted" in page.text
    assert ana.get(path).status_code == 404
    assert db.session.query(Rendition).count() == 0


def test_an_editor_deletes_what_another_author_may_not(image: Media, cast: Cast) -> None:
    with pytest.raises(NotAllowed):
        uses.discard(cast.ben, image)
    uses.discard(cast.rui, image)
    assert db.session.query(Media).count() == 0


def test_a_picture_of_a_post_stays_and_it_is_said_where_it_is(
    image: Media, newsroom: Newsroom, client: FlaskClient, sign_in
) -> None:
    story = newsroom.story("x", x=Draft(text="글", media=(MediaUse(image.id, "빨강"),)))
    ana = sign_in(client, newsroom.author)
    assert f"/media/{image.id}/delete" not in ana.get("/media").text
    page = ana.post(f"/media/{image.id}/delete", follow_redirects=True)
    assert f"This picture is used: “{story.title}”" in page.text
    shelving.archive(newsroom.author, story)
    with pytest.raises(Conflict):
        uses.discard(newsroom.editor, image)


@pytest.mark.parametrize("written", [True, False], ids=["in the text", "attached"])
def test_what_was_published_keeps_its_pictures(
    image: Media, newsroom: Newsroom, written: bool
) -> None:
    text = rules.markdown("빨강", service.url(image)) if written else "글"
    media = () if written else (MediaUse(image.id, "빨강", "1.91:1"),)
    story = newsroom.approve(newsroom.story("blog", blog=Draft(title="t", text=text, media=media)))
    newsroom.work(0.3)
    post = newsroom.post(story, "blog")
    stories.edit(newsroom.author, post, Draft(title="t", text="새 글"), version=post.version)
    with pytest.raises(Conflict, match="an article on the blog"):
        uses.discard(newsroom.editor, image)


def test_what_an_approved_text_shows_stays_when_a_newer_one_does_not(
    image: Media, newsroom: Newsroom
) -> None:
    draft = Draft(text="글", media=(MediaUse(image.id, "빨강"),))
    story = newsroom.approve(newsroom.story("x", x=draft), in_s=60.0)
    post = newsroom.post(story, "x")
    stories.edit(newsroom.author, post, Draft(text="새 글"), version=post.version)
    with pytest.raises(Conflict, match="one of its revisions"):
        uses.discard(newsroom.editor, image)
