"""Names and measures of articles: addresses, anchors, excerpts, reading time. Pure."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from urllib.parse import quote

SLUG_LENGTH = 80
"""Most characters of an article's name in its address."""

QUOTED_LENGTH = 360
"""Most bytes of it once percent-encoded: a syllable takes nine, and addresses are stored whole."""

HANGUL_A_MINUTE = 500
WORDS_A_MINUTE = 220

_HANGUL = re.compile(r"[\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3]")
_WORD = re.compile(r"[A-Za-z0-9\u00c0-\u024f]+")
_GAP = re.compile(r"[^\w]+|_+")


def slug(title: str) -> str:
    """`title` as it stands in an address: NFC, Hangul stays, what is no letter or digit is a
    hyphen.

    Empty when nothing is left, as for a title of emoji alone.
    """
    name = _GAP.sub("-", unicodedata.normalize("NFC", title).lower()).strip("-")
    return _fit(name, SLUG_LENGTH, QUOTED_LENGTH)


def slug_with_suffix(name: str, key: str) -> str:
    """`name` made unique by six hex digits of `key`: the same delivery always gets the same
    address."""
    suffix = hashlib.sha256(key.encode()).hexdigest()[:6]
    return f"{name}-{suffix}" if name else suffix


def _fit(name: str, characters: int, quoted: int) -> str:
    """`name` within both bounds, cut at a hyphen where there is one in its second half."""
    whole = name
    name = name[:characters]
    while len(quote(name)) > quoted:
        name = name[:-1]
    if len(name) < len(whole) and "-" in name[len(name) // 2 :]:
        name = name[: name.rindex("-")]
    return name.strip("-")


def anchor(heading: str) -> str:
    """An element id for `heading`, prefixed to stay clear of the page's own ids. Never holds
    "--"."""
    return f"s-{_GAP.sub('-', heading.lower()).strip('-')[:60]}".rstrip("-")


def shorten(text: str, length: int) -> str:
    """`text` in at most `length` characters, cut between words, with an ellipsis where it was
    cut."""
    if len(text) <= length:
        return text
    head = text[: length - 1]
    space = text.rfind(" ", 0, length)
    return (head[:space] if space > length // 2 else head).rstrip(" ,.;:·-") + "…"


def reading_minutes(text: str) -> int:
    """Minutes it takes to read `text`, at least one: by syllables in Korean, by words elsewhere."""
    minutes = (
        len(_HANGUL.findall(text)) / HANGUL_A_MINUTE + len(_WORD.findall(text)) / WORDS_A_MINUTE
    )
    return max(1, round(minutes))
