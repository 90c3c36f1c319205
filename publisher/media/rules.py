"""Names and bounds of pictures. Pure."""

from __future__ import annotations

import re
import unicodedata
from pathlib import PurePosixPath

MAX_BYTES = 10 * 1024 * 1024
MAX_PIXELS = 40_000_000
MAX_ALT = 1000
SEND_BYTES = 4 * 1024 * 1024
"""What both X and Facebook take without complaint."""

EXTENSIONS = {"image/webp": "webp", "image/jpeg": "jpg", "image/png": "png"}
RENDITIONS = ("web", "thumb", "send")

MIDDLE = 50
"""Where a cut is taken from unless somebody says otherwise, in percent of the width and of the height."""
CUTS = {"16:9": "w", "1.91:1": "l", "1:1": "s", "4:5": "p"}
"""The ratios of width to height to which pictures are cut, and how each begins its rendition's name."""


def ratio(cut: str) -> float:
    """Width by height of one of CUTS."""
    width, height = cut.split(":")
    return float(width) / float(height)


def cut_name(cut: str, x: int, y: int) -> str:
    """What the rendition is called that is cut to that ratio around x and y percent."""
    return f"{CUTS[cut]}{x}x{y}"


def cut_of(name: str) -> tuple[str, int, int] | None:
    """The ratio and the focal point in percent that `cut_name` put into `name`; None where it is no cut."""
    match = re.fullmatch(r"([wlsp])([0-9]{1,3})x([0-9]{1,3})", name)
    if match is None or max(int(match[2]), int(match[3])) > 100:
        return None
    kind = next(cut for cut, sign in CUTS.items() if sign == match[1])
    return kind, int(match[2]), int(match[3])


def cut_box(width: int, height: int, cut: str, x: int, y: int) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of the largest part of that ratio: its middle is as near to x and y percent
    as the edges allow."""
    wide = min(width, max(1, round(height * ratio(cut))))
    high = min(height, max(1, round(width / ratio(cut))))
    left = min(max(round(width * x / 100 - wide / 2), 0), width - wide)
    top = min(max(round(height * y / 100 - high / 2), 0), height - high)
    return left, top, left + wide, top + high


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
