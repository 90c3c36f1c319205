"""Files that pretend, swell, break or tell: what comes out of an upload is pixels, or a sentence."""

from __future__ import annotations

import random
import struct
import subprocess
import sys
import zlib
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from PIL import Image, PngImagePlugin

from publisher.errors import Invalid
from publisher.media import pictures, rules
from publisher.media import service as media
from publisher.media.models import Rendition
from tests.plugins.app import Cast

SCRIPT = b"<script>alert(document.domain)</script>"
SECRETS = (b"Seoul, our flat", b"serial-4711", SCRIPT, b"<?php")


def encoded(kind: str, size: tuple[int, int] = (64, 48), **options: Any) -> bytes:
    out = BytesIO()
    noise = random.Random(7).randbytes(size[0] * size[1] * 3)
    Image.frombytes("RGB", size, noise).save(out, kind, **options)
    return out.getvalue()


def telling() -> bytes:
    """A photo that says where it was taken, with what, and a few other things."""
    exif = Image.Exif()
    exif[0x010E] = SECRETS[0].decode()
    exif[0xA431] = SECRETS[1].decode()
    exif.get_ifd(0x8825).update({1: "N", 2: (37.0, 33.0, 58.0), 3: "E", 4: (126.0, 58.0, 40.0)})
    return encoded("JPEG", exif=exif, comment=SCRIPT) + b"<?php system($_GET['c']); ?>"


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few kilobytes that says it has so many pixels, all alike."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    pixels = zlib.compress(b"\0" * 1_000_000, 9)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )


def text_bomb() -> bytes:
    """A small picture with a note that unpacks to a hundred megabytes."""
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", "a" * 100_000_000, zip=True)
    return encoded("PNG", pnginfo=info)


def animated() -> bytes:
    frames = [Image.new("RGB", (40, 40), (n * 9 % 256, 0, 0)) for n in range(300)]
    out = BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:], duration=20)
    return out.getvalue()


PRETENDERS = {
    "page.png": b"<!doctype html>" + SCRIPT,
    "drawing.svg": b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
    "page.jpg": b"\xff\xd8\xff\xe0" + SCRIPT,
    "half.gif": b"GIF89a/*" + SCRIPT + b"*/=1;",
    "text.webp": b"RIFF\x20\0\0\0WEBPVP8 " + SCRIPT,
    "archive.png": b"PK\x03\x04" + b"\0" * 100,
    "book.pdf": b"%PDF-1.7 ",
    "program.exe": b"MZ" + b"\0" * 100,
    "icon.ico": encoded("ICO"),
    "scan.tiff": encoded("TIFF"),
    "paint.bmp": encoded("BMP"),
    "script.eps": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(/etc/passwd) run\n",
    "empty.png": b"",
}


@pytest.mark.parametrize("name", PRETENDERS)
def test_what_is_no_picture_we_take_is_refused_whatever_it_is_called(
    app: Flask, cast: Cast, sign_in: Any, name: str
) -> None:
    client = sign_in(app.test_client(), cast.ana)
    for shown in (name, "photo.jpg"):
        file = (BytesIO(PRETENDERS[name]), shown, "image/jpeg")
        answer = client.post("/media", data={"file": file, "alt": ""})
        assert answer.status_code == 422
        assert "picture" in answer.text
    assert media.library().total == 0


@pytest.mark.parametrize(
    "size", [(60_000, 60_000), (2**31 - 1, 2**31 - 1), (40_000_001, 1), (6400, 6400)]
)
def test_a_bomb_is_refused_by_its_size_alone(app: Flask, cast: Cast, size: tuple[int, int]) -> None:
    data = bomb(*size)
    assert len(data) < 10_000
    with pytest.raises(Invalid) as refused:
        media.upload(cast.ana, "bomb.png", data)
    assert refused.value.code in {"too_many_pixels", "not_a_picture"}


def test_nothing_but_pixels_is_left(app: Flask, cast: Cast) -> None:
    data = telling()
    assert all(secret in data for secret in SECRETS)
    kept = media.upload(cast.ana, "photo.jpg", data)
    sizes = app.test_client()
    for name in rules.RENDITIONS:
        answer = sizes.get(media.url(kept, name))
        assert answer.status_code == 200
        assert not [secret for secret in SECRETS if secret in answer.data]
        with Image.open(BytesIO(answer.data)) as picture:
            assert not picture.getexif()
            assert not {"exif", "comment", "icc_profile", "xmp"} & picture.info.keys()


def test_a_picture_is_served_as_a_picture_and_nothing_else(app: Flask, cast: Cast) -> None:
    kept = media.upload(cast.ana, "../../<script>.html", telling())
    assert "/" not in kept.filename
    answer = app.test_client().get(media.url(kept))
    assert answer.mimetype == "image/webp"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    for ending in ("html", "svg", "js", "webp.html", "png"):
        path = media.url(kept).replace(".webp", f".{ending}")
        assert app.test_client().get(path).status_code == 404


def test_of_an_animation_one_frame_is_kept(app: Flask, cast: Cast) -> None:
    kept = media.upload(cast.ana, "dance.gif", animated())
    for found in app.extensions["sqlalchemy"].session.query(Rendition).filter_by(media_id=kept.id):
        with Image.open(BytesIO(found.data)) as picture:
            assert getattr(picture, "n_frames", 1) == 1


def test_a_note_that_swells_is_not_unpacked() -> None:
    with pytest.raises(pictures.Unreadable):
        pictures.renditions(text_bomb())


@pytest.mark.filterwarnings(
    "ignore::UserWarning"
)  # Pillow says what it could not read of the notes
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_a_broken_file_is_refused_and_never_a_crash(kind: str) -> None:
    """Two hundred damaged files of each format, the same each time: cut off, bytes changed, parts doubled."""
    chance = random.Random(kind)
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "words"
    whole = encoded(kind, exif=exif) if kind != "GIF" else encoded(kind)
    for _ in range(200):
        data = bytearray(whole)
        for _ in range(chance.randrange(1, 9)):
            at = chance.randrange(min(len(data), chance.choice((60, 400, len(data)))))
            data[at] = chance.randrange(256)
        if chance.random() < 0.3:
            del data[chance.randrange(len(data)) :]
        if chance.random() < 0.2:
            at = chance.randrange(len(data) + 1)
            data[at:at] = data[:at][-40:]
        try:
            sizes = pictures.renditions(bytes(data))
        except (pictures.Unreadable, pictures.TooLarge):
            continue
        assert [size.name for size in sizes] == list(rules.RENDITIONS)


MEASURED = """
import resource, sys, threading
from io import BytesIO
from PIL import Image
from publisher.media import pictures
out = BytesIO()
Image.new("RGBA", (8000, 5000), (9, 9, 9, 128)).save(out, "PNG")
data = out.getvalue()
del out
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
threads = [threading.Thread(target=pictures.renditions, args=(data,)) for _ in range(4)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


def test_a_form_that_is_too_large_gets_a_page_and_no_bug(client: Any) -> None:
    """Browsers say where a form comes from; then the page shows again what was typed, if it can be read."""
    body = b"text=" + b"a" * (13 * 1024 * 1024)
    answer = client.post(
        "/sign-in",
        data=body,
        headers={"Sec-Fetch-Site": "same-origin"},
        content_type="application/x-www-form-urlencoded",
    )
    assert answer.status_code == 413


def test_many_large_pictures_at_once_need_the_memory_of_one() -> None:
    """The largest picture that is taken, four times at the same moment, in a process of its own."""
    ran = subprocess.run(
        [sys.executable, "-c", MEASURED], capture_output=True, text=True, check=True, timeout=110
    )
    assert int(ran.stdout) < 700, f"{ran.stdout.strip()} MB"
