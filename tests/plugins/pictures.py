"""Pictures that tests upload."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from PIL import Image as Picture


def picture(kind: str = "PNG", size: tuple[int, int] = (60, 40), **save: Any) -> bytes:
    """Bytes of a picture that is red at the left and blue at the right."""
    mode = save.pop("mode", "RGB")
    image = Picture.new(mode, size, "red")
    image.paste("blue", (size[0] // 2, 0, size[0], size[1]))
    out = BytesIO()
    image.save(out, kind, **save)
    return out.getvalue()


def opened(data: bytes) -> Picture.Image:
    return Picture.open(BytesIO(data))
