"""The shelf: what the blog channel writes, in somebody else's transaction."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO
from urllib.parse import unquote

import pytest
from flask import Flask
from PIL import Image as Picture
from sqlalchemy import Connection, event, func, select
from sqlalchemy.exc import IntegrityError

from channels.base import Author, Content, Image, Link
from channels.errors import Rejected
from publisher import clock
from publisher.blog import service as blog
from publisher.blog.models import Article
from publisher.blog.service import Shelf
from publisher.errors import NotFound
from publisher.extensions import db
from publisher.media import service as media
from publisher.media.models import Media
from publisher.storage import writing
from tests.plugins.app import Cast

NOON = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)

on_both_databases = pytest.mark.usefixtures("database_url")
"""The shelf takes part in the delivery's transaction, so where it matters both databases count."""


@pytest.fixture(autouse=True)
def _noon() -> object:
    clock.set_source(lambda: NOON)
    yield
    clock.set_source(None)


def _content(title: str = "봄의 소식", text: str = "**첫** 문단입니다.", **more: object) -> Content:
    return Content(title=title, text=text, author=Author("Ana", "ana"), category="news", **more)  # type: ignore[arg-type]


def _count() -> int:
    return db.session.scalar(select(func.count(Article.id))) or 0


def _png(colour: str = "red") -> bytes:
    out = BytesIO()
    Picture.new("RGB", (40, 20), colour).save(out, "PNG")
    return out.getvalue()


def _as_image(picture: Media, alt: str) -> Image:
    return Image(picture.id, b"", "image/png", picture.width, picture.height, alt=alt)


def test_an_article_is_written_with_its_html_and_gets_an_address(app: Flask) -> None:
    with writing():
        receipt = Shelf().put(_content(), key="d1")
    article = blog.article("봄의-소식")
    assert receipt.remote_id == str(article.id)
    assert unquote(receipt.url) == "http://localhost/blog/봄의-소식"
    assert receipt.url.isascii(), "X cuts an address at the first Hangul letter"
    assert article.html == "<p><strong>첫</strong> 문단입니다.</p>\n"
    assert (article.excerpt, article.author_name) == ("첫 문단입니다.", "Ana")
    assert article.published_at == NOON
    assert blog.is_live(receipt.url) and not blog.is_live("/blog/다른-글")


@on_both_databases
def test_the_same_key_writes_once_and_answers_the_first_receipt(app: Flask) -> None:
    with writing():
        first = Shelf().put(_content(), key="d1")
    with writing():
        again = Shelf().put(_content(title="다른 제목"), key="d1")
    assert again == first
    assert _count() == 1


@on_both_databases
def test_the_shelf_never_commits(app: Flask) -> None:
    with pytest.raises(ZeroDivisionError), writing():
        Shelf().put(_content(), key="d1")
        assert _count() == 1
        raise ZeroDivisionError
    assert _count() == 0


def test_the_shelf_refuses_to_write_outside_of_a_verb(app: Flask) -> None:
    with pytest.raises(RuntimeError, match="writing"):
        Shelf().put(_content(), key="d1")
    db.session.rollback()


@on_both_databases
def test_two_articles_of_one_title_get_different_addresses(app: Flask) -> None:
    with writing():
        urls = [Shelf().put(_content(), key=f"d{n}").url for n in range(3)]
    assert len(set(urls)) == 3
    assert all("봄의-소식" in unquote(url) for url in urls)
    assert _count() == 3


@on_both_databases
def test_two_articles_of_one_title_at_the_same_moment_both_go_out(app: Flask) -> None:
    urls: list[str] = []

    def put() -> None:
        with app.app_context():
            with writing():
                urls.append(Shelf().put(_content(), key="d2").url)
            db.session.remove()

    other = threading.Thread(target=put)
    with writing():
        urls.append(Shelf().put(_content(), key="d1").url)
        other.start()
        other.join(0.2)
        assert other.is_alive(), "the second waits until the first has decided"
    other.join()
    assert len(set(urls)) == 2
    assert _count() == 2


@on_both_databases
def test_the_same_delivery_at_the_same_moment_is_one_article(app: Flask) -> None:
    receipts = []

    def put() -> None:
        with app.app_context():
            with writing():
                receipts.append(Shelf().put(_content(), key="d1"))
            db.session.remove()

    other = threading.Thread(target=put)
    with writing():
        receipts.append(Shelf().put(_content(), key="d1"))
        other.start()
        other.join(0.2)
    other.join()
    assert len(set(receipts)) == 1
    assert _count() == 1


def test_a_title_of_signs_alone_still_gets_an_address(app: Flask) -> None:
    with writing():
        receipt = Shelf().put(_content(title="🎉🎉"), key="d1")
    slug = receipt.url.rpartition("/")[2]
    assert slug.isalnum()
    assert blog.article(slug).title == "🎉🎉"


@pytest.mark.parametrize("title", ["", "   ", "\u0000", "가" * 201])
def test_a_bad_title_is_rejected_for_good(app: Flask, title: str) -> None:
    with pytest.raises(Rejected) as refusal, writing():
        Shelf().put(_content(title=title), key="d1")
    assert refusal.value.message
    assert _count() == 0


def test_links_are_replaced_as_a_whole_and_only_web_addresses_stay(app: Flask) -> None:
    with writing():
        receipt = Shelf().put(_content(), key="d1")
    x = Link("twitter", "X", "https://x.com/acme/status/1")
    for _again in range(2):
        with writing():
            Shelf().show_links(receipt.remote_id, [x, Link("facebook", "F", "javascript:alert(1)")])
    assert blog.article("봄의-소식").links == [{"kind": "twitter", "label": "X", "url": x.url}]
    with writing():
        Shelf().show_links(receipt.remote_id, [])
    assert blog.article("봄의-소식").links == []


def test_showing_the_same_links_again_does_not_touch_the_article(app: Flask) -> None:
    link = Link("twitter", "X", "https://x.com/acme/status/1")
    with writing():
        receipt = Shelf().put(_content(), key="d1")
        Shelf().show_links(receipt.remote_id, [link])
    clock.set_source(lambda: NOON.replace(hour=9))
    with writing():
        Shelf().show_links(receipt.remote_id, [link])
    assert blog.article("봄의-소식").updated_at == NOON


def test_an_edit_keeps_address_date_and_links(app: Flask) -> None:
    with writing():
        receipt = Shelf().put(_content(), key="d1")
        Shelf().show_links(receipt.remote_id, [Link("twitter", "X", "https://x.com/a/status/1")])
    clock.set_source(lambda: NOON.replace(hour=9))
    with writing():
        Shelf().edit(receipt.remote_id, _content(title="고친 제목", text="새 글"))
    article = blog.article("봄의-소식")
    assert (article.title, article.html) == ("고친 제목", "<p>새 글</p>\n")
    assert article.published_at == NOON < article.updated_at
    assert article.links[0]["url"] == "https://x.com/a/status/1"


@pytest.mark.parametrize(
    "verb",
    [lambda: Shelf().show_links("999", []), lambda: Shelf().edit("x", _content())],
    ids=["links", "edit"],
)
def test_what_is_not_on_the_shelf_is_rejected(app: Flask, verb: Callable[[], None]) -> None:
    with pytest.raises(Rejected), writing():
        verb()


def test_pictures_along_and_in_the_text_are_listed_once_with_their_size(
    app: Flask, cast: Cast
) -> None:
    along = media.upload(cast.ana, "a.png", _png("red"), "빨강")
    inside = media.upload(cast.ana, "b.png", _png("blue"), "파랑")
    with writing():
        Shelf().put(
            _content(
                text=f"![파랑]({media.url(inside)})\n\n![빨강](http://localhost{media.url(along)})",
                media=(_as_image(along, "붉은 네모"),),
            ),
            key="d1",
        )
    article = blog.article("봄의-소식")
    assert [(used["token"], used["alt"]) for used in article.media] == [
        (along.token, "붉은 네모"),
        (inside.token, "파랑"),
    ]
    assert article.html.count('width="40" height="20"') == 2


@on_both_databases
def test_lists_are_newest_first_by_pages_that_hang_on_ids(app: Flask) -> None:
    with writing():
        for n in range(blog.PER_PAGE + 3):
            Shelf().put(_content(title=f"글 {n:02}"), key=f"d{n}")
    first = blog.shelved()
    assert first.articles[0].title == f"글 {blog.PER_PAGE + 2}"
    assert len(first.articles) == blog.PER_PAGE
    rest = blog.shelved(before=first.older)
    assert [article.title for article in rest.articles] == ["글 02", "글 01", "글 00"]
    assert rest.older is None
    with pytest.raises(NotFound):
        blog.shelved(before=10**9)


@on_both_databases
def test_lists_can_be_of_one_category_or_author(app: Flask) -> None:
    with writing():
        Shelf().put(_content(), key="d1")
        Shelf().put(Content(title="Other", text="x", author=Author("Ben", "ben")), key="d2")
    assert [a.title for a in blog.shelved(category="news").articles] == ["봄의 소식"]
    assert [a.title for a in blog.shelved(author="ben").articles] == ["Other"]


def test_a_withdrawn_article_is_in_no_list(app: Flask) -> None:
    with writing():
        receipt = Shelf().put(_content(), key="d1")
        db.session.get(Article, int(receipt.remote_id)).withdrawn_at = NOON  # type: ignore[union-attr]
    assert not blog.shelved().articles
    assert not blog.latest()
    assert not blog.sitemap(1)
    assert not blog.is_live(receipt.url)


@on_both_databases
def test_an_article_knows_the_ones_before_and_after_it(app: Flask) -> None:
    with writing():
        for n in range(3):
            Shelf().put(_content(title=f"글 {n}"), key=f"d{n}")
    older, newer = blog.neighbours(blog.article("글-1"))
    assert older and newer
    assert (older.title, newer.title) == ("글 0", "글 2")
    assert blog.neighbours(blog.article("글-0"))[0] is None


def test_the_first_picture_of_the_text_is_the_articles_face(app: Flask, cast: Cast) -> None:
    shown = [media.upload(cast.ana, f"{n}.png", _png(n), n) for n in ("red", "blue", "lime")]
    shown.reverse()
    with writing():
        Shelf().put(_content(text=" ".join(f"![x]({media.url(m)})" for m in shown)), key="d1")
    used = blog.article("봄의-소식").media
    assert [picture["token"] for picture in used] == [picture.token for picture in shown]


@pytest.mark.parametrize("rivals", [2, 3])
def test_titles_that_others_take_one_after_the_other_keep_nobody_from_the_shelf(
    app: Flask, rivals: int
) -> None:
    """Each time the shelf has looked, somebody else takes another of the addresses that it found free."""
    taken: list[str] = []

    def rival(_mapper: object, connection: Connection, article: Article) -> None:
        if article.slug not in taken and len(taken) < rivals:
            taken.append(article.slug)
            raise IntegrityError("another's article was committed just now", None, Exception())

    event.listen(Article, "before_insert", rival)
    try:
        with writing():
            answers = Shelf().put_all([(f"d{n}", _content(f"제목 {n}")) for n in range(3)])
    finally:
        event.remove(Article, "before_insert", rival)
    assert not any(isinstance(answer, Rejected) for answer in answers)
    assert _count() == 3
