"""Pictures: what is taken in, what is kept of it, and who gets to see it."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from publisher.accounts import service as accounts
from publisher.blog.markdown import render
from publisher.errors import Invalid, NotAllowed, NotFound
from publisher.extensions import db
from publisher.media import rules, service
from publisher.media.models import Media, Rendition
from publisher.people.models import Event
from publisher.stories import service as stories
from publisher.stories import shelving
from publisher.stories.rules import Draft, MediaUse
from tests.plugins.app import Cast
from tests.plugins.pictures import opened, picture

SignIn = Callable[[FlaskClient, Any], FlaskClient]


def huge_png(width: int, height: int) -> bytes:
    """A PNG of a few hundred bytes that claims to be enormous."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\0" * 1000)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )


# What is taken in


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_the_four_formats_are_taken_whatever_the_name_says(
    app: Flask, cast: Cast, kind: str
) -> None:
    media = service.upload(cast.ana, "photo.txt", picture(kind), "빨강과 파랑")
    assert (media.width, media.height, media.alt) == (60, 40, "빨강과 파랑")
    names = db.session.scalars(select(Rendition.name).where(Rendition.media_id == media.id))
    assert set(names) == {"web", "thumb", "send"}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello",
        b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        b"GIF89a<script>alert(1)</script>",
        b"\x89PNG\r\n\x1a\nnot really",
        b"\xff\xd8\xff\xe0 a JPEG in name only",
        b"%PDF-1.7 \n",
        picture("PNG")[:-30],
        picture("JPEG", (400, 400))[:500],
        picture("BMP"),
        picture("TIFF"),
        b"BM" + b"\0" * 200,
        b"RIFF\x10\0\0\0WEBPVP8 ",
    ],
    ids=lambda data: repr(data[:8]),
)
def test_what_is_no_such_picture_is_refused_with_a_sentence(
    app: Flask, cast: Cast, data: bytes
) -> None:
    with pytest.raises(Invalid) as refusal:
        service.upload(cast.ana, "photo.png", data)
    assert "JPEG" in refusal.value.message
    assert refusal.value.code == "not_a_picture"
    assert db.session.scalar(select(func.count(Media.id))) == 0


@pytest.mark.parametrize("size", [(8000, 5001), (30_000, 30_000), (2**31 - 1, 2**31 - 1)])
def test_a_bomb_is_refused_before_it_is_decoded(
    app: Flask, cast: Cast, size: tuple[int, int]
) -> None:
    with pytest.raises(Invalid) as refusal:
        service.upload(cast.ana, "bomb.png", huge_png(*size))
    assert refusal.value.code in {"too_many_pixels", "not_a_picture"}


def test_a_large_file_is_refused_with_its_limit(app: Flask, cast: Cast) -> None:
    with pytest.raises(Invalid, match="10 MB"):
        service.upload(cast.ana, "big.png", picture() + b"\0" * rules.MAX_BYTES)


def test_only_authors_and_above_keep_pictures(app: Flask, cast: Cast) -> None:
    for actor in (cast.vic, None):
        with pytest.raises(NotAllowed):
            service.upload(actor, "a.png", picture())


def test_the_same_picture_of_one_person_is_kept_once(app: Flask, cast: Cast) -> None:
    first = service.upload(cast.ana, "a.png", picture())
    again = service.upload(cast.ana, "b.png", picture(), "이제 설명")
    other = service.upload(cast.ben, "a.png", picture())
    assert (again.id, again.alt) == (first.id, "이제 설명")
    assert other.id != first.id
    assert other.token != first.token


def test_an_upload_is_in_the_audit_trail(app: Flask, cast: Cast) -> None:
    media = service.upload(cast.ana, "a.png", picture())
    event = db.session.scalars(select(Event).where(Event.subject == "media")).one()
    assert (event.verb, event.subject_id, event.actor_name) == ("upload", media.id, "Ana")


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("C:\\Users\\me\\사진.jpg", "사진.jpg"),
        ("../../etc/passwd", "passwd"),
        ("한글.png", "한글.png"),
        ("a\nb\u202e.png", "a b .png"),
        ("", "picture"),
        ("x" * 300 + ".jpeg", "x" * 195 + ".jpeg"),
    ],
)
def test_file_names_are_only_names(given: str, kept: str) -> None:
    assert rules.clean_filename(given) == kept


# What others get


def test_channels_get_the_picture_with_the_posts_own_words(app: Flask, cast: Cast) -> None:
    media = service.upload(cast.ana, "바다.webp", picture("WEBP"), "바다")
    sent = service.image(media, "푸른 바다")
    assert (sent.id, sent.mime, sent.alt, sent.filename) == (
        media.id,
        "image/jpeg",
        "푸른 바다",
        "바다.jpg",
    )
    assert opened(sent.data).format == "JPEG"
    assert service.image(media).alt == "바다"


def test_unknown_pictures_are_not_found(app: Flask) -> None:
    with pytest.raises(NotFound):
        service.get(99)
    with pytest.raises(NotFound):
        service.served("nothing", "web")


def test_only_the_owner_and_editors_describe_a_picture(app: Flask, cast: Cast) -> None:
    media = service.upload(cast.ana, "a.png", picture())
    with pytest.raises(NotAllowed):
        service.describe(cast.ben, media, "x")
    assert service.describe(cast.rui, media, "  두   줄\n설명 ").alt == "두 줄 설명"
    with pytest.raises(Invalid):
        service.describe(cast.ana, media, "가" * 1001)
    assert service.get(media.id).alt == "두 줄 설명"


def test_the_library_finds_words_in_names_and_descriptions(app: Flask, cast: Cast) -> None:
    sea = service.upload(cast.ana, "바다.png", picture(size=(61, 40)), "푸른 물")
    hill = service.upload(cast.ben, "hill_100%.png", picture(size=(62, 40)), "초록 언덕")

    def found(words: str) -> list[int]:
        return [media.id for media in service.library(words).items]

    assert found("") == [hill.id, sea.id]
    assert found("바다") == found("푸른 바다") == [sea.id]
    assert found("HILL") == found("100%") == [hill.id]
    assert found("푸른 언덕") == []


@pytest.mark.parametrize("alt", ["그냥", "[a] \\ ](javascript:x)", "![x](y)"])
def test_the_markdown_of_a_picture_says_exactly_its_alternative_text(alt: str) -> None:
    html = render(rules.markdown(alt, "/media/abcdefghijklmnopqrstuv/web.webp"))
    assert html.count("<img") == 1 and f'alt="{alt}"' in html


# Pages and addresses


def test_a_picture_is_served_for_ever_to_whoever_knows_its_address(
    client: FlaskClient, cast: Cast
) -> None:
    media = service.upload(cast.ana, "a.png", picture())
    response = client.get(service.url(media))
    assert response.mimetype == "image/webp"
    assert opened(response.data).size == (60, 40)
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert response.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert "Set-Cookie" not in response.headers
    again = client.get(service.url(media), headers={"If-None-Match": response.headers["ETag"]})
    assert again.status_code == 304
    assert len(media.token) >= 22, "128 bits that nobody guesses"


@pytest.mark.parametrize("path", ["web.jpg", "web.html", "raw.webp", "send.png"])
def test_no_other_name_or_type_of_a_picture_exists(
    client: FlaskClient, cast: Cast, path: str
) -> None:
    media = service.upload(cast.ana, "a.png", picture())
    assert client.get(f"/media/{media.token}/{path}").status_code == 404


def test_an_author_uploads_by_form_and_finds_the_picture_in_the_library(
    client: FlaskClient, cast: Cast, sign_in: SignIn
) -> None:
    sign_in(client, cast.ana)
    response = client.post(
        "/media", data={"file": (BytesIO(picture()), "바다.png"), "alt": "푸른 바다"}
    )
    assert response.status_code == 302
    page = client.get(response.location).text
    assert "바다.png" in page and "푸른 바다" in page and "![푸른 바다](/media/" in page


def test_several_pictures_come_at_once_and_each_is_kept_or_refused_for_itself(
    client: FlaskClient, cast: Cast, sign_in: SignIn
) -> None:
    sign_in(client, cast.ana)
    names = [("하나.png", picture()), ("b.pdf", b"%PDF"), ("셋.png", picture(size=(60, 41)))]
    sent = {"file": [(BytesIO(data), name) for name, data in names], "alt": "모두의 설명"}
    page = client.post("/media", data=sent, follow_redirects=True)
    assert "2 pictures are kept" in page.text
    assert "b.pdf: This is not a picture we can read" in page.text
    kept = db.session.scalars(select(Media).order_by(Media.id)).all()
    assert [(media.filename, media.alt) for media in kept] == [("하나.png", ""), ("셋.png", "")]


def test_a_refused_upload_keeps_what_was_typed(
    client: FlaskClient, cast: Cast, sign_in: SignIn
) -> None:
    sign_in(client, cast.ana)
    response = client.post("/media", data={"file": (BytesIO(b"x"), "a.png"), "alt": "긴 설명"})
    assert response.status_code == 422
    assert "긴 설명" in response.text and "not a picture we can read" in response.text
    response = client.post("/media", data={"alt": "긴 설명"})
    assert response.status_code == 422
    assert "긴 설명" in response.text and "Choose a picture first." in response.text


def test_a_script_gets_json(client: FlaskClient, cast: Cast, sign_in: SignIn) -> None:
    sign_in(client, cast.ana)
    json = {"Accept": "application/json"}
    sent = {"file": (BytesIO(picture()), "a.png"), "alt": "바다"}
    response = client.post("/media", data=sent, headers=json)
    assert response.status_code == 201
    media = db.session.scalars(select(Media)).one()
    assert response.get_json() == {
        "id": media.id,
        "url": f"/media/{media.token}/web.webp",
        "thumb": f"/media/{media.token}/thumb.webp",
        "width": 60,
        "height": 40,
        "alt": "바다",
        "markdown": f"![바다](/media/{media.token}/web.webp)",
    }
    refused = client.post("/media", data={"file": (BytesIO(b"x"), "a.png")}, headers=json)
    assert (refused.status_code, refused.get_json()["code"]) == (422, "not_a_picture")


def test_the_alternative_text_is_edited_in_place(
    client: FlaskClient, cast: Cast, sign_in: SignIn
) -> None:
    media = service.upload(cast.ana, "a.png", picture())
    path = f"/media/{media.id}"
    assert sign_in(client, cast.ben).post(path, data={"alt": "x"}).status_code == 403
    assert sign_in(client, cast.ana).post(path, data={"alt": "새 설명"}).status_code == 302
    assert service.get(media.id).alt == "새 설명"
    too_long = client.post(path, data={"alt": "가" * 1001})
    assert too_long.status_code == 422 and "가" * 1001 in too_long.text
    card = client.post(path, data={"alt": "조각"}, headers={"HX-Request": "true"})
    assert card.text.strip().startswith("<li") and "조각" in card.text


def test_viewers_and_strangers_have_no_library(
    client: FlaskClient, cast: Cast, sign_in: SignIn
) -> None:
    assert client.get("/media").status_code == 302
    assert client.post("/media").status_code == 401
    sign_in(client, cast.vic)
    assert client.get("/media").status_code == 403
    assert client.post("/media").status_code == 403


def test_the_library_has_pages_that_keep_the_search(
    client: FlaskClient, cast: Cast, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "PER_PAGE", 1)
    for n in (1, 2):
        service.upload(cast.ana, f"바다 {n}.png", picture(size=(60 + n, 40)))
    sign_in(client, cast.ana)
    first = client.get("/media?q=바다").text
    assert "바다 2.png" in first and "바다 1.png" not in first
    assert "바다 1.png" in client.get("/media?q=바다&page=2").text
    assert "Nothing found" in client.get("/media?q=산").text


def test_the_library_says_where_a_picture_is_used(
    app: Flask, cast: Cast, sign_in: SignIn, client: FlaskClient
) -> None:
    blog = accounts.connect(None, kind="blog", slug="blog", label="Blog")
    shown, unused = (service.upload(cast.ana, f"{n}.png", picture(size=(60, n))) for n in (40, 41))
    attached = stories.create_story(cast.ana, title="Attached here")
    post = stories.add_post(cast.ana, attached, blog, Draft(media=(MediaUse(shown.id, "a"),)))
    written = stories.create_story(cast.ben, title="Written there")
    text = rules.markdown("a", service.url(shown))
    stories.add_post(cast.ben, written, blog, Draft(title="t", text=f"See {text}"))

    def told(media: Media) -> str:
        page = sign_in(client, cast.ana).get("/media").text
        return page.split(f'id="media-{media.id}"')[1].split("</figure>")[0]

    assert "Used in 2 posts" in told(shown)
    assert "Attached here" in told(shown)
    assert "Written there" not in told(shown), "nobody learns what is not shared with them"
    assert "and in 1 other" in told(shown)
    assert "Not used yet" in told(unused)

    stories.edit(cast.ana, post, Draft(title="t", text="none"), version=post.version)
    shelving.archive(cast.ben, written)
    assert "Not used yet" in told(shown), "the newest texts count, of stories that are not put away"
