"""Names and bounds of pictures. Pure."""

from __future__ import annotations

import unicodedata
from pathlib import PurePosixPath

MAX_BYTES = 10 * 1024 * 1024
MAX_PIXELS = 40_000_000
MAX_ALT = 1000
SEND_BYTES = 4 * 1024 * 1024
"""What both X and Facebook take without complaint."""

EXTENSIONS = {"image/webp": "webp", "image/jpeg": "jpg", "image/png": "png"}
RENDITIONS = ("web", "thumb", "send")


def clean_filename(name: str) -> str:
    """The last part of `name`, NFC and printable, at most 200 characters; never empty."""
    name = unicodedata.normalize("NFC", name).replace("\\", "/")
    name = PurePosixPath(name).name
    name = " ".join("".join(c if c.isprintable() else " " for c in name).split())
    stem, dot, ending = name.rpartition(".")
    if len(name) > 200:
        name = f"{stem[: 199 - len(ending)]}.{ending}" if dot and len(ending) < 10 else name[:200]
    return name or "picture"


def clean_alt(text: str) -> str:
    """An alternative text on one line, NFC."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def markdown(alt: str, path: str) -> str:
    """How an author writes the picture into a text. Brackets would end the alternative text."""
    for char in "\\[]":
        alt = alt.replace(char, "\\" + char)
    return f"![{alt}]({path})"
