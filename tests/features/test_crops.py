"""Pictures cut to what a channel shows: chosen per use, approved with it, and sent like that."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

import pytest
import requests
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection, event, select

from channels.base import Content
from publisher import clock
from publisher.blog.service import Shelf
from publisher.deliveries import service as deliveries
from publisher.extensions import db
from publisher.media import rules, service
from publisher.media.models import Media, Rendition
from publisher.storage import writing
from publisher.stories import checks, diff, review
from publisher.stories import service as stories
from publisher.stories.posts import in_order
from publisher.stories.rules import Draft, MediaUse, content_hash
from tests.features.racing import in_thread
from tests.plugins.newsroom import Newsroom
from tests.plugins.pictures import opened, picture

RED_LEFT = {"crop": "4:5", "x": 0, "y": 50}


@pytest.fixture
def image(newsroom: Newsroom) -> Media:
    """Red at the left, blue at the right, three times as wide as high."""
    return service.upload(newsroom.author, "a.png", picture("JPEG", size=(900, 300)), "빨강과 파랑")


@pytest.mark.parametrize(
    ("cut", "x", "y", "box"),
    [
        ("1:1", 50, 50, (300, 0, 600, 300)),
        ("1:1", 0, 0, (0, 0, 300, 300)),
        ("1:1", 100, 100, (600, 0, 900, 300)),
        ("1:1", 40, 50, (210, 0, 510, 300)),
        ("16:9", 50, 50, (184, 0, 717, 300)),
        ("4:5", 50, 50, (330, 0, 570, 300)),
    ],
)
def test_a_cut_is_as_large_as_can_be_and_as_near_to_the_point_as_the_edges_allow(
    cut: str, x: int, y: int, box: tuple[int, int, int, int]
) -> None:
    assert rules.cut_box(900, 300, cut, x, y) == box


@pytest.mark.parametrize("size", [(1, 1), (1, 2048), (2048, 1), (3, 2)])
@pytest.mark.parametrize("cut", list(rules.CUTS))
def test_the_smallest_picture_has_a_part_of_any_ratio(cut: str, size: tuple[int, int]) -> None:
    left, top, right, bottom = rules.cut_box(*size, cut, 100, 0)
    assert 0 <= left < right <= size[0]
    assert 0 <= top < bottom <= size[1]
    assert rules.cut_of(rules.cut_name(cut, 100, 0)) == (cut, 100, 0)


@pytest.mark.parametrize("name", ["send", "", "w1x101", "q1x1", "w1x1.", "w-1x1"])
def test_what_names_no_cut_is_none(name: str) -> None:
    assert rules.cut_of(name) is None


def test_whole_pictures_keep_the_hash_that_approvals_name() -> None:
    draft = Draft(title="t", text="a", media=(MediaUse(7, "alt"),))
    assert content_hash(1, draft) == (
        "8d8f2d402024195e6673204d5dfac6b2241f9a5b2773672a2160e727f99ec41f"
    )
    assert content_hash(1, replace(draft, media=(MediaUse(7, "alt", "", 1, 2),)).normalised()) == (
        content_hash(1, draft)
    )


@pytest.mark.parametrize(
    "use", [MediaUse(7, "alt", "16:9"), MediaUse(7, "alt", "1:1"), MediaUse(7, "alt", "16:9", 49)]
)
def test_another_part_is_another_content(use: MediaUse) -> None:
    other = MediaUse(7, "alt", "16:9", 50, 49)
    assert content_hash(1, Draft(media=(use,))) != content_hash(1, Draft(media=(other,)))


def test_nobody_keeps_a_ratio_or_a_point_that_there_is_not() -> None:
    draft = Draft(media=(MediaUse(1, "a", "3:1", 7, 7), MediaUse(2, "b", "1:1", -5, 900)))
    assert draft.normalised().media == (MediaUse(1, "a"), MediaUse(2, "b", "1:1", 0, 100))


def test_the_difference_names_another_crop() -> None:
    old = Draft(media=(MediaUse(1, "a"), MediaUse(2, "b", "1:1")))
    new = Draft(media=(MediaUse(1, "a", "16:9", 30), MediaUse(2, "b", "1:1")))
    (change,) = [each for each in diff.drafts(old, new) if each.field == "media"]
    assert [(row.recut, row.changed) for row in change.rows] == [(True, False), (False, False)]
    assert change.rows[0].cut_after == "16:9 30 50"


@pytest.mark.parametrize("slug", ["x", "page"])
def test_what_a_platform_gets_is_the_part_that_was_approved(
    newsroom: Newsroom, image: Media, slug: str
) -> None:
    draft = Draft(text="그림", media=(MediaUse(image.id, "빨강", **RED_LEFT),))

    newsroom.approve(newsroom.story(slug, **{slug: draft}))
    newsroom.work(0.5)

    sent = opened(sent_bytes(newsroom))
    assert sent.size == (240, 300)
    assert sent.getpixel((235, 150))[0] > 200  # red up to its right edge


def test_a_part_chosen_anew_is_uploaded_anew(newsroom: Newsroom, image: Media) -> None:
    first = Draft(text="그림", media=(MediaUse(image.id, "빨강"),))
    story = newsroom.approve(newsroom.story("x", x=first), in_s=30.0)
    newsroom.work(0.3)
    assert newsroom.delivery(story, "x").staged
    post = newsroom.post(story, "x")
    cut = replace(first, media=(MediaUse(image.id, "빨강", **RED_LEFT),))
    stories.edit(newsroom.author, post, cut, version=post.version)
    assert newsroom.post(story, "x").status == "draft"  # an approval does not cover another part
    review.submit(newsroom.author, newsroom.post(story, "x"))
    post = newsroom.post(story, "x")
    deliveries.approve(newsroom.editor, post, post.revision, clock.now())

    newsroom.work(0.5)

    assert opened(sent_bytes(newsroom)).size == (240, 300)


def sent_bytes(newsroom: Newsroom) -> bytes:
    """The one picture of the one post that is out, as its platform has it."""
    (posted,) = newsroom.sandbox.ledger()
    (media,) = posted["media"]
    return requests.get(newsroom.sandbox.url + media["path"], timeout=5).content


def test_an_article_is_handed_on_with_the_part_that_was_approved(
    newsroom: Newsroom, image: Media, client: FlaskClient
) -> None:
    use = MediaUse(image.id, "빨강", "1.91:1", 0, 50)
    draft = Draft(title="그림", text="본문", media=(use,))

    newsroom.approve(story := newsroom.story("blog", blog=draft))
    newsroom.work(0.5)

    path = f"/media/{image.token}/l0x50.jpg"
    page = client.get(newsroom.post(story, "blog").url).text
    assert re.search(rf'og:image" content="https?://[^/"]+{path}"', page)
    assert f'<img class="article-cover" src="{path}"' in page
    assert opened(client.get(path).data).size == (573, 300)


def kept(image: Media) -> set[str]:
    """The sizes and parts of a picture that there are."""
    db.session.rollback()
    return set(db.session.scalars(select(Rendition.name).where(Rendition.media_id == image.id)))


@contextmanager
def no_writing() -> Iterator[None]:
    """Nobody may begin to write in here."""

    def refuse(connection: Connection) -> None:
        assert not connection.get_execution_options().get("writing")

    event.listen(db.engine, "begin", refuse)
    try:
        yield
    finally:
        event.remove(db.engine, "begin", refuse)


def test_the_previews_of_a_cropped_picture_show_its_part_and_write_nothing(
    newsroom: Newsroom, image: Media, client: FlaskClient, sign_in
) -> None:
    use = MediaUse(image.id, "빨강", "1.91:1", 0, 50)
    story = newsroom.story(blog=Draft(title="그림", text="본문", media=(use,)))
    rui, before = sign_in(client, newsroom.editor), kept(image)
    article, page = newsroom.post(story, "blog"), newsroom.post(story, "page")
    fields = {f"alt-{image.id}": "빨강", f"crop-{image.id}": "1.91:1", f"x-{image.id}": "0"}
    fields |= {"title": "그림", "text": "본문", "media": image.id}
    asked = [
        partial(rui.get, f"/stories/{story.id}"),
        partial(rui.get, f"/review/{page.id}"),
        partial(rui.post, f"/posts/{article.id}/measure", data=fields),
    ]

    for ask in asked:
        ask()  # what a first visit notes down of the visitor is no part of it
        with no_writing():
            answer = ask()
        shown = f'<img src="/media/{image.id}/cut/l0x50" alt="[^"]*" width="573" height="300"'
        assert re.search(shown, answer.text)

    assert kept(image) == before
    assert opened(rui.get(f"/media/{image.id}/cut/l0x50").data).size == (573, 300)


def test_the_blog_lists_an_article_with_the_part_that_was_approved(
    newsroom: Newsroom, image: Media, client: FlaskClient
) -> None:
    use = MediaUse(image.id, "빨강", **RED_LEFT)
    newsroom.approve(newsroom.story("blog", blog=Draft(title="그림", text="본문", media=(use,))))
    newsroom.work(0.5)

    (shown,) = re.findall(r'<img class="post-thumb"[^>]+>', client.get("/blog").text)

    assert f'src="/media/{image.token}/p0x50.jpg"' in shown
    assert 'width="240" height="300"' in shown


def test_a_part_is_kept_in_the_size_and_under_the_address_that_were_foretold(
    newsroom: Newsroom,
) -> None:
    for made in (picture("JPEG", size=(900, 300)), picture(size=(500, 700), mode="RGBA")):
        image = service.upload(newsroom.author, "a.png", made, "그림")
        foretold = service.part(image, "s10x90")
        with writing():
            service.keep_cuts([(image.id, "s10x90")])
        there = service.served(image.token, "s10x90")
        assert (there.width, there.height) == (foretold.width, foretold.height)
        assert foretold.path == service.path(image.token, there.name, there.mime)


@pytest.mark.usefixtures("database_url")
def test_two_articles_keep_the_same_parts_at_once(
    newsroom: Newsroom, image: Media, app: Flask
) -> None:
    """Each names them in an order of its own; neither fails, and neither waits in a circle."""
    other = service.upload(newsroom.author, "b.png", picture("JPEG", size=(800, 300)), "그림")
    parts = tuple(service.outline(each, "그림", "s0x50") for each in (image, other))
    kept_first, go = threading.Event(), threading.Event()
    db.session.rollback()

    def first() -> None:
        with writing():
            Shelf().put(Content("본문", title="하나", media=parts), key="1")
            kept_first.set()
            go.wait(0.3)

    def second() -> None:
        kept_first.wait(5)
        with writing():
            Shelf().put(Content("본문", title="둘", media=parts[::-1]), key="2")

    threads = [in_thread(app, first), in_thread(app, second)]
    for thread, _said in threads:
        thread.join()

    assert [said for _thread, said in threads] == [[None], [None]]
    assert "s0x50" in kept(image) & kept(other)


def test_a_cut_is_chosen_by_plain_fields_and_shown_in_the_preview(
    newsroom: Newsroom, image: Media, client: FlaskClient, sign_in
) -> None:
    story = newsroom.story("x", x=Draft(text="그림", media=(MediaUse(image.id, "빨강"),)))
    post = newsroom.post(story, "x")
    ana = sign_in(client, newsroom.author)
    fields = {"text": "그림", "version": post.version, "base": post.head.hash, "media": image.id}
    fields |= {f"alt-{image.id}": "빨강", f"crop-{image.id}": "16:9"}
    fields |= {f"x-{image.id}": "10", f"y-{image.id}": "none"}

    assert ana.post(f"/posts/{post.id}/save", data=fields).status_code == 302

    assert newsroom.post(story, "x").head.draft.media == (
        MediaUse(image.id, "빨강", "16:9", 10, 50),
    )
    page = ana.get(f"/stories/{story.id}").text
    assert '<option value="16:9" selected>' in page
    assert f'src="/media/{image.id}/cut/w10x50"' in page
    seen = ana.get(f"/media/{image.id}/cut/w10x50")
    assert seen.mimetype == "image/webp"
    assert opened(seen.data).size == (533, 300)
    assert ana.get(f"/media/{image.id}/cut/send").status_code == 404
    told = ana.get(f"/posts/{post.id}/revisions").text
    assert "Crop changed" in told
    assert "Cropped to 16:9, around 10 percent from the left" in told


def test_an_unusual_ratio_is_remarked_and_blocks_nothing(newsroom: Newsroom, image: Media) -> None:
    story = newsroom.story("x", x=Draft(text="그림", media=(MediaUse(image.id, "빨강"),)))
    post = newsroom.post(story, "x")
    (remark,) = checks.problems(post)
    assert (remark.code, remark.blocking) == ("image_ratio_unusual", False)
    cut = replace(post.head.draft, media=(MediaUse(image.id, "빨강", "16:9"),))
    assert checks.problems(post, cut) == []


@pytest.mark.parametrize(
    ("wish", "order"),
    [("up-2", [2, 1, 3]), ("down-2", [1, 3, 2]), ("up-1", [1, 2, 3]), ("submit", [1, 2, 3])],
)
def test_pictures_change_places_by_a_button(wish: str, order: list[int]) -> None:
    draft = Draft(media=(MediaUse(1), MediaUse(2), MediaUse(3)))
    assert [use.id for use in in_order(draft, wish).media] == order
