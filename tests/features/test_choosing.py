"""Pictures of the library chosen for a post, found by words and page by page."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from publisher.media import service
from publisher.media.models import Media
from publisher.stories.models import Post
from publisher.stories.rules import Draft, MediaUse
from tests.plugins.newsroom import Newsroom
from tests.plugins.pictures import picture

FETCH = {"X-Requested-With": "fetch"}


@pytest.fixture
def robot(newsroom: Newsroom) -> Media:
    return service.upload(newsroom.author, "robot.png", picture(size=(60, 41)), "흰 로봇")


@pytest.fixture
def sea(newsroom: Newsroom) -> Media:
    return service.upload(newsroom.author, "sea.png", picture(size=(60, 42)), "바다")


@pytest.fixture
def post(newsroom: Newsroom, sea: Media) -> Post:
    story = newsroom.story("x", x=Draft(text="글", media=(MediaUse(sea.id, "다른 말", "1:1"),)))
    return newsroom.post(story, "x")


@pytest.fixture
def ana(newsroom: Newsroom, client: FlaskClient, sign_in) -> FlaskClient:
    return sign_in(client, newsroom.author)


def test_an_author_finds_an_old_picture_by_its_words(
    ana: FlaskClient, post: Post, robot: Media, sea: Media
) -> None:
    page = ana.get(f"/posts/{post.id}/pictures?q=로봇")
    assert f'value="{robot.id}"' in page.text
    assert "<h1" in page.text
    part = ana.get(f"/posts/{post.id}/pictures", headers=FETCH).text
    assert "<h1" not in part
    assert f'data-choice="{robot.id}"' in part
    assert f'data-choice="{sea.id}"' not in part, "the post has it already"
    assert "No picture has these words" in ana.get(f"/posts/{post.id}/pictures?q=산").text


def test_the_library_beside_a_text_has_pages_that_keep_the_search(
    ana: FlaskClient, post: Post, newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch, robot: Media
) -> None:
    monkeypatch.setattr(service, "PER_PAGE", 1)
    service.upload(newsroom.author, "robot-2.png", picture(size=(60, 43)))
    part = ana.get(f"/posts/{post.id}/pictures?q=robot", headers=FETCH).text
    assert f'href="/posts/{post.id}/pictures?q=robot&amp;page=2"' in part
    older = ana.get(f"/posts/{post.id}/pictures?q=robot&page=2", headers=FETCH).text
    assert f'data-choice="{robot.id}"' in older


def test_ticked_pictures_come_to_the_end_of_the_posts_own(
    ana: FlaskClient, post: Post, robot: Media, sea: Media
) -> None:
    chosen = {"media": [sea.id, robot.id]}
    assert ana.post(f"/posts/{post.id}/pictures", data=chosen).status_code == 302
    kept = (MediaUse(sea.id, "다른 말", "1:1"), MediaUse(robot.id, "흰 로봇"))
    assert post.head.draft.media == kept
    for nothing in ({}, {"media": "999"}):
        page = ana.post(f"/posts/{post.id}/pictures", data=nothing, follow_redirects=True)
        assert page.status_code == 200
    assert post.head.draft.media == kept


def test_nobody_chooses_for_a_post_that_is_not_shared_with_them(
    post: Post, robot: Media, client: FlaskClient, sign_in, cast
) -> None:
    ben = sign_in(client, cast.ben)
    assert ben.get(f"/posts/{post.id}/pictures").status_code == 404
    data = {"media": robot.id}
    assert ben.post(f"/posts/{post.id}/pictures", data=data).status_code == 404
