"""The font in which pictures of the calendar are written: one of this machine's, with Korean letters."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from fnmatch import fnmatch
from functools import lru_cache
from pathlib import Path

from flask_babel import gettext as _
from PIL import ImageFont

from publisher.errors import Conflict

Font = ImageFont.FreeTypeFont

FOLDERS = (
    *("/usr/share/fonts", "/usr/local/share/fonts", "~/.local/share/fonts", "~/.fonts"),
    *("/Library/Fonts", "/System/Library/Fonts", "C:/Windows/Fonts"),
)
LIKED = (
    *("NotoSansCJK-Regular.ttc", "NotoSansCJKkr-Regular.otf", "NotoSansKR-Regular.*"),
    *("Pretendard-Regular.*", "NanumGothic.ttf", "NanumBarunGothic.ttf"),
    *("AppleSDGothicNeo.ttc", "malgun.ttf", "*CJK*Regular*", "Nanum*.ttf"),
)
"""Names of files, the best first."""
BOLD = (("Regular", "Bold"), ("NanumGothic.", "NanumGothicBold."), ("malgun.", "malgunbd."))
FACES = 12
"""A collection holds the same letters as each country writes them; so many faces are looked at."""


class Letters:
    """One face in the sizes that are asked for."""

    def __init__(self, path: str, face: int) -> None:
        self.path, self.face = path, face

    def size(self, pixels: int) -> Font:
        return _open(self.path, self.face, pixels)

    def shown(self, text: str) -> str:
        """The text in one line, without what this face has no glyph for: pictures and rare letters."""
        return " ".join("".join(char for char in text if self._has(char)).split())

    def _has(self, char: str) -> bool:
        return char.isspace() or _glyph(self.path, self.face, char) != _glyph(
            self.path, self.face, "\U0010fffe"
        )


def korean(folders: Iterable[str] = FOLDERS) -> tuple[Letters, Letters]:
    """Regular and bold letters of this machine, Korean ones among them. Raises Conflict (code `no_font`)."""
    found = _found(tuple(folders))
    if found is None:
        _found.cache_clear()  # somebody may install one
        sentence = _(
            "This server has no font with Korean letters, and the picture needs one. Please ask who runs it"
            " to install Noto Sans CJK or Nanum Gothic. Printing works without."
        )
        raise Conflict(sentence, code="no_font")
    return found


@lru_cache(maxsize=4)
def _found(folders: tuple[str, ...]) -> tuple[Letters, Letters] | None:
    for path in sorted(_files(folders), key=_rank):
        face = _korean_face(path)
        if face is not None:
            return Letters(str(path), face), _bold(path, face)
    return None


def _files(folders: tuple[str, ...]) -> Iterator[Path]:
    for folder in folders:
        for place, _folders, names in os.walk(Path(folder).expanduser()):
            yield from (Path(place, name) for name in names if _rank(Path(name))[0] < len(LIKED))


def _rank(path: Path) -> tuple[int, str]:
    place = next((n for n, liked in enumerate(LIKED) if fnmatch(path.name, liked)), len(LIKED))
    return place, str(path)


def _korean_face(path: Path) -> int | None:
    """The face of the file that writes Korean, best the one for Korea; None where none does."""
    faces: dict[int, str] = {}
    for face in range(FACES):
        try:
            font = _open(str(path), face, 16)
        except OSError:  # no font, or the collection's last face was before
            break
        if _glyph(str(path), face, "가") != _glyph(str(path), face, "힣"):
            faces[face] = font.getname()[0] or ""
    return min(faces, key=lambda face: (not faces[face].endswith("KR"), face), default=None)


def _bold(path: Path, face: int) -> Letters:
    for regular, bold in BOLD:
        other = path.with_name(path.name.replace(regular, bold))
        if other != path and other.exists():
            return Letters(str(other), face)
    return Letters(str(path), face)


@lru_cache(maxsize=64)
def _open(path: str, face: int, pixels: int) -> Font:
    return ImageFont.truetype(path, pixels, face, layout_engine=ImageFont.Layout.BASIC)


@lru_cache(maxsize=20_000)
def _glyph(path: str, face: int, char: str) -> tuple[tuple[int, int], bytes]:
    """What the letter looks like; what a font has no glyph for looks like one box in all its cases."""
    mask = _open(path, face, 16).getmask(char)
    return mask.size, bytes(mask)
