"""Opening what people upload, safely, and making the sizes we keep. Knows no database."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from io import BytesIO

from PIL import Image, ImageCms, ImageOps

from publisher.media.rules import MAX_PIXELS, SEND_BYTES, cut_box, cut_of

FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
EDGE = 2048
THUMB_EDGE = 320
PREVIEW_EDGE = 640

Image.MAX_IMAGE_PIXELS = MAX_PIXELS

_one_at_a_time = threading.Lock()
"""The largest picture takes half a gigabyte while it is decoded: a process does so once at a time."""


class Unreadable(Exception):
    """The bytes are no picture of a format that we take, whatever their name says."""


class TooLarge(Exception):
    """The picture has more pixels than we decode: a bomb, or a scan of a poster."""


@dataclass(frozen=True, slots=True)
class Size:
    """One rendition: encoded bytes and what they are."""

    name: str
    mime: str
    width: int
    height: int
    data: bytes = field(repr=False)


def renditions(data: bytes) -> list[Size]:
    """`web`, `thumb` and `send` of the picture in `data`, without EXIF, GPS or anything but pixels.

    The format is told by content. Only the first frame of an animation is kept. Colours are
    turned into sRGB, as a profile would get lost. Raises Unreadable or TooLarge; memory is
    bounded by MAX_PIXELS, however many ask at once.
    """
    picture = _opened(data)
    return [
        _webp("web", picture, quality=82),
        _webp("thumb", _within(picture, THUMB_EDGE), quality=78),
        _send(picture),
    ]


def small(data: bytes, edge: int) -> Size:
    """One rendition alone, within `edge` pixels, of a picture from elsewhere. As careful as `renditions`."""
    return _webp("small", _within(_opened(data), edge), quality=78)


def _opened(data: bytes) -> Image.Image:
    try:
        with _one_at_a_time:
            return _pixels(data)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise TooLarge from error
    except (OSError, ValueError, SyntaxError, EOFError, IndexError, OverflowError) as error:
        raise Unreadable from error


def cut(data: bytes, name: str) -> Size:
    """The part of a `send` or `web` rendition that `name` says, as platforms take it. Raises ValueError for a
    name that is no cut's."""
    with Image.open(BytesIO(data), formats=FORMATS) as whole:
        return replace(_send(_part(whole, name)), name=name)


def cut_to_look_at(data: bytes, name: str) -> Size:
    """As `cut`, small enough for a preview."""
    with Image.open(BytesIO(data), formats=FORMATS) as whole:
        return _webp(name, _within(_part(whole, name), PREVIEW_EDGE), quality=78)


def _part(whole: Image.Image, name: str) -> Image.Image:
    wanted = cut_of(name)
    if wanted is None:
        raise ValueError(f"no cut: {name}")
    return whole.crop(cut_box(whole.width, whole.height, *wanted))


def _pixels(data: bytes) -> Image.Image:
    """The picture upright, in sRGB, within EDGE, as RGB or RGBA.

    Its size is looked at before anything is decoded.
    """
    with Image.open(BytesIO(data), formats=FORMATS) as checked:
        if checked.width * checked.height > MAX_PIXELS:
            raise TooLarge
        checked.verify()
    with Image.open(BytesIO(data), formats=FORMATS) as opened:
        opened.draft("RGB", (EDGE, EDGE))
        opened.load()
        profile = opened.info.get("icc_profile")
        ImageOps.exif_transpose(opened, in_place=True)
        upright = _eight_bits(opened)
        mode = "RGBA" if upright.has_transparency_data else "RGB"
        picture = _in_srgb(upright, profile, mode) if profile else _in_mode(upright, mode)
    if mode == "RGBA" and picture.getchannel("A").getextrema()[0] == 255:
        picture = picture.convert("RGB")
    picture.thumbnail((EDGE, EDGE), Image.Resampling.LANCZOS)
    picture.info = {}  # comments, resolution and the like would be written again
    return picture


def _in_mode(picture: Image.Image, mode: str) -> Image.Image:
    """`picture` itself where it is of that mode: a copy of the largest one takes 160 MB."""
    return picture if picture.mode == mode else picture.convert(mode)


def _eight_bits(picture: Image.Image) -> Image.Image:
    """Grey of 16 bits, as scanners make it, scaled down; converting alone would cut it off at white."""
    if not picture.mode.startswith("I"):
        return picture
    return picture.convert("I").point(lambda value: value * (1 / 256)).convert("L")


def _in_srgb(picture: Image.Image, profile: bytes, mode: str) -> Image.Image:
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        target = ImageCms.createProfile("sRGB")
        matched = ImageCms.profileToProfile(picture, source, target, outputMode=mode)
    except (ImageCms.PyCMSError, OSError, ValueError):
        return picture.convert(mode)
    return matched if matched is not None else picture.convert(mode)


def _within(picture: Image.Image, edge: int) -> Image.Image:
    smaller = picture.copy()
    smaller.thumbnail((edge, edge), Image.Resampling.LANCZOS)
    return smaller


def _webp(name: str, picture: Image.Image, quality: int) -> Size:
    out = BytesIO()
    picture.save(out, "WEBP", quality=quality, method=4)
    return Size(name, "image/webp", picture.width, picture.height, out.getvalue())


def _send(picture: Image.Image) -> Size:
    """What X and Facebook take: JPEG, or PNG where something shines through, within SEND_BYTES."""
    if picture.mode == "RGBA":
        while len(data := _encoded(picture, "PNG", optimize=False)) > SEND_BYTES:
            picture = _within(picture, max(picture.size) * 3 // 4)
        return Size("send", "image/png", picture.width, picture.height, data)
    quality = 90
    while len(data := _encoded(picture, "JPEG", quality=quality, progressive=True)) > SEND_BYTES:
        quality -= 10
    return Size("send", "image/jpeg", picture.width, picture.height, data)


def _encoded(picture: Image.Image, kind: str, **options: object) -> bytes:
    out = BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()
