"""The public blog as readers, search engines and feed readers get it."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from io import BytesIO
from urllib.parse import quote
from urllib.robotparser import RobotFileParser
from xml.etree import ElementTree

import pytest
from flask.testing import FlaskClient
from PIL import Image as Picture

from channels.base import Author, Content, Image, Link, Receipt
from publisher import clock
from publisher.blog import service as blog
from publisher.blog.models import Article
from publisher.blog.service import Shelf
from publisher.extensions import db
from publisher.media import service as media
from publisher.storage import writing
from publisher.stories.models import Category
from tests.plugins.app import Cast

NOON = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)
ATOM = "{http://www.w3.org/2005/Atom}"
SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


class _Time:
    """A clock that tests move by hand."""

    def __init__(self) -> None:
        self.at = NOON

    def pass_(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@pytest.fixture(autouse=True)
def time() -> Iterator[_Time]:
    hands = _Time()
    clock.set_source(lambda: hands.at)
    yield hands
    clock.set_source(None)


class _Head(HTMLParser):
    """The head's links, metas and JSON-LD of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.links: dict[str, str] = {}
        self.metas: dict[str, str] = {}
        self.data = ""
        self._inside = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = {name: value or "" for name, value in attrs}
        if tag == "link":
            self.links[known["rel"]] = known["href"]
        elif tag == "meta":
            self.metas[known.get("property") or known.get("name", "")] = known.get("content", "")
        self._inside = tag == "script" and known.get("type") == "application/ld+json"

    def handle_endtag(self, tag: str) -> None:
        self._inside = False

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.data += data


def _publish(key: str = "d1", **parts: object) -> Receipt:
    given: dict[str, object] = {
        "title": "봄의 소식",
        "text": "**첫** 문단입니다.",
        "author": Author("Ana", "ana"),
        "category": "news",
        "language": "ko",
    }
    with writing():
        return Shelf().put(Content(**(given | parts)), key=key)  # type: ignore[arg-type]


def _article(client: FlaskClient, slug: str = "봄의-소식") -> str:
    response = client.get(f"/blog/{quote(slug)}")
    assert response.status_code == 200
    return response.text


def test_an_article_can_be_read_as_soon_as_it_is_committed(client: FlaskClient) -> None:
    assert client.get(f"/blog/{quote('봄의-소식')}").status_code == 404
    receipt = _publish()
    response = client.get(receipt.url)
    assert response.status_code == 200
    assert "<h1>봄의 소식</h1>" in response.text
    assert "<strong>첫</strong> 문단입니다." in response.text
    assert '<html lang="ko">' in response.text
    assert "2026년 3월 2일" in response.text
    assert "Ana" in response.text


def test_a_page_not_found_is_never_kept(client: FlaskClient) -> None:
    response = client.get("/blog/nothing-here")
    assert response.status_code == 404
    assert response.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in response.headers
    assert "<h1>There is no such page.</h1>" in response.text


def test_a_withdrawn_article_is_gone(client: FlaskClient) -> None:
    receipt = _publish()
    with writing():
        article = db.session.get(Article, int(receipt.remote_id))
        assert article
        article.withdrawn_at = NOON
    response = client.get(receipt.url)
    assert response.status_code == 410
    assert "<h1>This article was withdrawn.</h1>" in response.text


@pytest.mark.parametrize(
    "path",
    [
        "/blog",
        "/blog/" + quote("봄의-소식"),
        "/blog/category/news",
        "/blog/author/ana",
        "/blog/atom.xml",
        "/sitemap.xml",
        "/robots.txt",
    ],
)
def test_every_public_page_is_the_same_for_all_and_cheap_to_ask_again(
    client: FlaskClient, time: _Time, path: str
) -> None:
    _publish()
    time.pass_(600)
    first = client.get(path)
    assert first.status_code == 200
    assert "Set-Cookie" not in first.headers
    assert "Cookie" not in first.headers.get("Vary", "")
    assert first.headers["Cache-Control"] == "public, max-age=60"
    again = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    head = client.head(path)
    assert (head.status_code, head.data) == (200, b"")
    assert head.headers["ETag"] == first.headers["ETag"]


def test_a_reader_who_knows_an_old_article_gets_the_new_one(
    client: FlaskClient, time: _Time
) -> None:
    receipt = _publish()
    time.pass_(600)
    first = client.get(receipt.url)
    dated = {"If-Modified-Since": first.headers["Last-Modified"]}
    assert client.get(receipt.url, headers=dated).status_code == 304
    with writing():
        Shelf().show_links(receipt.remote_id, [Link("twitter", "X", "https://x.com/a/status/1")])
    time.pass_(600)
    assert client.get(receipt.url, headers=dated).status_code == 200
    tagged = {"If-None-Match": first.headers["ETag"]}
    assert client.get(receipt.url, headers=tagged).status_code == 200


def test_no_date_is_given_while_a_second_change_could_share_it(
    client: FlaskClient, time: _Time
) -> None:
    receipt = _publish()
    assert "Last-Modified" not in client.get(receipt.url).headers
    time.pass_(3)
    assert "Last-Modified" in client.get(receipt.url).headers


def test_somebody_signed_in_sees_the_same_page_and_no_shared_cache_keeps_theirs(
    client: FlaskClient, cast: Cast, sign_in: object
) -> None:
    receipt = _publish()
    public = client.get(receipt.url)
    private = sign_in(client, cast.vic).get(receipt.url)  # type: ignore[operator]
    assert private.text == public.text
    assert private.headers["Cache-Control"] == "private, max-age=60"


def test_the_canonical_address_has_no_marker(client: FlaskClient) -> None:
    receipt = _publish()
    response = client.get(receipt.url + "?via=x7")
    assert _Head(response.text).links["canonical"] == receipt.url


def test_a_list_has_one_canonical_address_too(client: FlaskClient) -> None:
    _publish(category="새 소식")
    for path in ("/blog", "/blog/", "/blog?via=x7"):
        assert _Head(client.get(path).text).links["canonical"] == "http://localhost/blog"
    page = client.get(f"/blog/category/{quote('새 소식')}").text
    assert _Head(page).links["canonical"] == f"http://localhost/blog/category/{quote('새 소식')}"


def test_an_article_says_where_else_it_is_discussed(client: FlaskClient) -> None:
    receipt = _publish()
    assert 'class="discussed"' not in _article(client)
    with writing():
        Shelf().show_links(
            receipt.remote_id,
            [
                Link("twitter", "X", "https://x.com/acme/status/1"),
                Link("facebook", "Acme", "https://www.facebook.com/acme/posts/2"),
            ],
        )
    page = _article(client)
    assert 'class="discussed"' in page
    assert 'href="https://x.com/acme/status/1"' in page
    assert 'href="https://www.facebook.com/acme/posts/2"' in page


def test_what_search_engines_and_link_previews_read(client: FlaskClient, cast: Cast) -> None:
    out = BytesIO()
    Picture.new("RGB", (1200, 630), "navy").save(out, "PNG")
    picture = media.upload(cast.ana, "a.png", out.getvalue(), "바다")
    along = Image(picture.id, b"", "image/png", 1200, 630, alt="푸른 바다")
    receipt = _publish(title='</script><b>"제목"', media=(along,))
    page = client.get(receipt.url).text
    head = _Head(page)
    assert head.metas["og:title"] == '</script><b>"제목"'
    assert head.metas["og:type"] == "article"
    assert head.metas["og:url"] == receipt.url
    assert head.metas["og:locale"] == "ko_KR"
    assert head.metas["og:image:alt"] == "푸른 바다"
    assert head.metas["twitter:card"] == "summary_large_image"
    shown = client.get(head.metas["og:image"])
    assert (shown.status_code, shown.mimetype) == (200, "image/jpeg")
    posting = json.loads(head.data)
    assert posting["@type"] == "BlogPosting"
    assert posting["headline"] == '</script><b>"제목"'
    assert posting["author"]["name"] == "Ana"
    assert page.count("</script>") == 2, "the data element and blog.js, and no third one"


def test_a_picture_that_goes_along_is_the_cover_unless_the_text_shows_it(
    client: FlaskClient, cast: Cast
) -> None:
    out = BytesIO()
    Picture.new("RGB", (60, 40), "teal").save(out, "PNG")
    picture = media.upload(cast.ana, "a.png", out.getvalue(), "바다")
    along = Image(picture.id, b"", "image/png", 60, 40, alt="푸른 바다")
    _publish(media=(along,))
    _publish("d2", title="둘째", text=f"![바다]({media.url(picture)})", media=(along,))
    assert 'class="article-cover"' in _article(client)
    second = _article(client, "둘째")
    assert 'class="article-cover"' not in second
    assert second.count(f'<img src="{media.url(picture)}"') == 1


def test_lists_lead_to_every_article(client: FlaskClient) -> None:
    for n in range(blog.PER_PAGE + 1):
        _publish(f"d{n}", title=f"글 {n:02}")
    seen: list[str] = []
    path = "/blog"
    for _page in range(2):
        page = client.get(path).text
        seen += re.findall(r">(글 \d\d)</a>", page)
        older = re.search(r'rel="next" href="([^"]+)"', page)
        path = older[1] if older else ""
    assert path == ""
    assert seen == [f"글 {n:02}" for n in reversed(range(blog.PER_PAGE + 1))]


def test_categories_have_their_names_and_only_full_ones_are_in_the_menu(
    client: FlaskClient, cast: Cast
) -> None:
    with writing() as session:
        session.add(Category(slug="news", name_ko="새 소식", name_en="News"))
        session.add(Category(slug="empty", name_ko="빈 곳", name_en="Empty"))
    _publish()
    korean = _article(client)
    assert "새 소식" in korean and "빈 곳" not in korean
    assert "<h1>News</h1>" in client.get("/blog/category/news").text
    assert client.get("/blog/category/empty").status_code == 200
    assert client.get("/blog/category/unknown").status_code == 404
    assert client.get("/blog/author/unknown").status_code == 404


def test_the_atom_feed_is_valid_and_complete(client: FlaskClient, time: _Time) -> None:
    receipt = _publish(text="<b>&amp;</b>\u0008 ![a](/media/abcdefghijklmnopqrstuv/web.webp) 끝]]>")
    time.pass_(600)
    _publish("d2", title="둘째 & 글")
    response = client.get("/blog/atom.xml")
    assert response.mimetype == "application/atom+xml"
    feed = ElementTree.fromstring(response.data)
    assert feed.tag == f"{ATOM}feed"
    for name in ("id", "title", "updated"):
        assert feed.findtext(ATOM + name)
    entries = feed.findall(f"{ATOM}entry")
    assert [entry.findtext(f"{ATOM}title") for entry in entries] == ["둘째 & 글", "봄의 소식"]
    assert feed.findtext(f"{ATOM}updated") == entries[0].findtext(f"{ATOM}updated")
    assert entries[1].findtext(f"{ATOM}id") == receipt.url
    for entry in entries:
        moment = datetime.fromisoformat(entry.findtext(f"{ATOM}updated") or "")
        assert moment.tzinfo is not None
    content = entries[1].find(f"{ATOM}content")
    assert content is not None and content.attrib["type"] == "html"
    assert 'src="http://localhost/media/abcdefghijklmnopqrstuv/web.webp"' in (content.text or "")
    assert "<b>" not in (content.text or "")


def test_an_empty_blog_still_has_valid_pages(client: FlaskClient) -> None:
    assert "No articles have been published here yet." in client.get("/blog").text
    ElementTree.fromstring(client.get("/blog/atom.xml").data)
    ElementTree.fromstring(client.get("/sitemap.xml").data)


def test_the_sitemap_lists_what_is_live(client: FlaskClient) -> None:
    receipt = _publish()
    places = ElementTree.fromstring(client.get("/sitemap.xml").data)
    addresses = [place.text for place in places.iter(f"{SITEMAP}loc")]
    assert addresses == ["http://localhost/blog", receipt.url]
    assert "Sitemap: http://localhost/sitemap.xml" in client.get("/robots.txt").text


def test_calendar_programs_that_obey_robots_txt_may_fetch_feeds(client: FlaskClient) -> None:
    """A feed says itself that nobody shall index it; a rule against fetching would end subscriptions."""
    rules = RobotFileParser()
    rules.parse(client.get("/robots.txt").text.splitlines())
    assert rules.can_fetch("Google-Calendar-Importer", "http://localhost/ical/token/all.ics")
    assert not rules.can_fetch("Googlebot", "http://localhost/stories")


def test_a_large_blog_gets_a_list_of_sitemaps(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blog, "SITEMAP_PART", 2)
    receipts = [_publish(f"d{n}", title=f"글 {n}") for n in range(3)]
    index = ElementTree.fromstring(client.get("/sitemap.xml").data)
    parts = [part.text or "" for part in index.iter(f"{SITEMAP}loc")]
    assert len(parts) == 2
    listed = [
        place.text
        for part in parts
        for place in ElementTree.fromstring(client.get(part).data).iter(f"{SITEMAP}loc")
    ]
    assert listed == ["http://localhost/blog", *(receipt.url for receipt in receipts)]
    assert client.get("/sitemap-3.xml").status_code == 404


def test_the_address_works_in_the_form_that_a_mac_writes(client: FlaskClient) -> None:
    _publish()
    assert _article(client, unicodedata.normalize("NFD", "봄의-소식"))
