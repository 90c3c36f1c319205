"""What is kept of a picture: three sizes, upright, in common colours, and nothing but pixels."""

from __future__ import annotations

from io import BytesIO

import pytest
from PIL import Image as Picture
from PIL import ImageCms

from publisher.media import pictures
from tests.plugins.pictures import opened, picture


def sizes(data: bytes) -> dict[str, pictures.Size]:
    return {size.name: size for size in pictures.renditions(data)}


def test_nothing_of_exif_or_gps_is_kept() -> None:
    exif = Picture.Exif()
    exif[0x010F] = "Spy Camera Works"
    exif.get_ifd(0x8825)[1] = "N"
    data = picture("JPEG", exif=exif, comment=b"secret comment")
    assert b"Spy Camera" in data
    for size in pictures.renditions(data):
        assert not opened(size.data).getexif()
        assert b"Spy Camera" not in size.data
        assert b"secret comment" not in size.data


def test_a_photo_taken_sideways_is_turned_upright() -> None:
    exif = Picture.Exif()
    exif[0x0112] = 6  # the camera was turned: rotate by 90° clockwise to show
    made = sizes(picture("JPEG", (60, 40), exif=exif))
    assert (made["web"].width, made["web"].height) == (40, 60)
    upright = opened(made["web"].data).convert("RGB")
    assert upright.getpixel((20, 5))[0] > 150, "red, which was left, is at the top"  # type: ignore[index]


def test_large_pictures_are_made_smaller_and_keep_their_shape() -> None:
    made = sizes(picture("JPEG", (3000, 1500)))
    assert (made["web"].width, made["web"].height) == (2048, 1024)
    assert (made["send"].width, made["send"].height) == (2048, 1024)
    assert (made["thumb"].width, made["thumb"].height) == (320, 160)
    assert [made[name].mime for name in ("web", "thumb", "send")] == [
        "image/webp",
        "image/webp",
        "image/jpeg",
    ]


def test_platforms_get_png_only_where_something_shines_through() -> None:
    assert sizes(picture("PNG", mode="RGBA"))["send"].mime == "image/jpeg"
    clear = Picture.new("RGBA", (30, 30), (255, 0, 0, 0))
    out = BytesIO()
    clear.save(out, "PNG")
    sent = sizes(out.getvalue())["send"]
    assert sent.mime == "image/png"
    assert opened(sent.data).getpixel((0, 0)) == (255, 0, 0, 0)


def test_what_platforms_get_stays_within_their_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    noise = Picture.effect_noise((700, 700), 90)
    clear = Picture.merge("RGBA", (noise, noise, noise, noise))
    monkeypatch.setattr(pictures, "SEND_BYTES", 150_000)
    for image, kind in ((noise.convert("RGB"), "image/jpeg"), (clear, "image/png")):
        out = BytesIO()
        image.save(out, "PNG")
        sent = sizes(out.getvalue())["send"]
        assert sent.mime == kind
        assert len(sent.data) <= 150_000


def test_colours_of_another_profile_are_turned_into_srgb() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    broken = picture("JPEG", icc_profile=profile)
    assert sizes(broken)["web"].width == 60, "a profile that does not fit is no reason to refuse"
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    red, _g, _b = (
        opened(sizes(picture("PNG", icc_profile=srgb))["web"].data).convert("RGB").getpixel((5, 5))
    )  # type: ignore[misc]
    assert red > 230


def test_print_colours_and_palettes_are_taken_too() -> None:
    assert sizes(picture("JPEG", mode="CMYK"))["send"].mime == "image/jpeg"
    palette = Picture.new("P", (20, 20))
    palette.info["transparency"] = 0
    out = BytesIO()
    palette.save(out, "GIF", transparency=0)
    assert sizes(out.getvalue())["send"].mime == "image/png"


def test_grey_of_sixteen_bits_is_scaled_not_cut_off() -> None:
    scan = Picture.new("I;16", (20, 20), 0x8000)
    out = BytesIO()
    scan.save(out, "PNG")
    grey = opened(sizes(out.getvalue())["send"].data).convert("L").getpixel((5, 5))
    assert grey in range(126, 131)


def test_an_animation_becomes_its_first_frame() -> None:
    frames = [Picture.new("RGB", (20, 20), colour) for colour in ("red", "blue")]
    out = BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:])
    made = opened(sizes(out.getvalue())["web"].data)
    assert getattr(made, "n_frames", 1) == 1
