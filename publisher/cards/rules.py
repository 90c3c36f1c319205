"""What a page says of itself in its head: Open Graph, X's own words, or its plain title. Pure.

The library's parser reads each tag by itself: over a whole page that was made to trouble it, it would take
minutes. Work grows with the page's length.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from html.parser import HTMLParser

MAX_TAGS = 300
CHARSETS = {
    **dict.fromkeys(("utf-8", "utf8", "us-ascii", "ascii"), "utf-8"),
    **dict.fromkeys(("euc-kr", "ks_c_5601-1987", "cp949", "uhc"), "cp949"),
    **dict.fromkeys(("iso-8859-1", "latin1", "windows-1252", "cp1252"), "cp1252"),
    **dict.fromkeys(("shift_jis", "shift-jis", "sjis"), "cp932"),
    **{name: name for name in ("euc-jp", "gb18030", "big5")},
    **dict.fromkeys(("gbk", "gb2312"), "gb18030"),
}
"""What pages are written in. Others of Python's codecs are no texts, or slow on purpose-made ones."""

_CHARSET = re.compile(r"charset\s{0,9}=\s{0,9}[\"']?([A-Za-z0-9_-]{1,40})", re.IGNORECASE)
_END_OF_HEAD = re.compile(r"</head|<body", re.IGNORECASE)
_META = re.compile(r"<meta\s(?:[^<>\"']|\"[^\"<]{0,2000}\"|'[^'<]{0,2000}')*>", re.IGNORECASE)
_TITLE = re.compile(r"<title(?:\s[^<>]{0,200})?>([^<]{1,2000})</title", re.IGNORECASE)
_UNWANTED = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_LONGEST_TAG = 4000


@dataclass(frozen=True, slots=True)
class Said:
    """What a page says of itself. `image` is an address as it stands there; `large`: X shall show it wide."""

    title: str = ""
    description: str = ""
    site: str = ""
    image: str = ""
    large: bool = False


def decoded(body: bytes, content_type: str) -> str:
    """`body` as text, by what its header or its first bytes say it is written in; by UTF-8 if they do not."""
    head = body[:2048].decode("ascii", "replace")
    named = _CHARSET.search(content_type) or _CHARSET.search(head)
    return body.decode(CHARSETS.get(named[1].lower() if named else "", "utf-8"), "replace")


def read(page: str) -> Said:
    """What `page` says of itself; empty where it says nothing. The first word on a matter counts."""
    head = _without_comments(page)
    if end := _END_OF_HEAD.search(head):
        head = head[: end.start()]
    told: dict[str, str] = {}
    for name, content in _metas(head):
        if content and name not in told:
            told[name] = content
    title = _TITLE.search(head)
    return Said(
        title=line(
            _first(told, "og:title", "twitter:title") or unescape(title[1] if title else "")
        ),
        description=line(_first(told, "og:description", "twitter:description", "description"), 500),
        site=line(_first(told, "og:site_name"), 100),
        image=_first(
            told, "og:image:secure_url", "og:image", "og:image:url", "twitter:image"
        ).strip(),
        large=told.get("twitter:card", "").strip().lower() == "summary_large_image",
    )


def line(text: str, most: int = 300) -> str:
    """`text` on one line, NFC, at most `most` characters."""
    plain = unicodedata.normalize("NFC", _UNWANTED.sub(" ", text[: 4 * most]))
    return " ".join(plain.split())[:most]


def _first(told: dict[str, str], *names: str) -> str:
    return next((told[name] for name in names if name in told), "")


def _metas(head: str) -> Iterator[tuple[str, str]]:
    """The named `meta` elements with their contents, in order."""
    for count, tag in enumerate(_META.finditer(head)):
        if count == MAX_TAGS:
            return
        if tag.end() - tag.start() > _LONGEST_TAG:
            continue
        attributes = _attributes(tag[0])
        name = attributes.get("property") or attributes.get("name") or ""
        if name:
            yield name.strip().lower(), attributes.get("content", "")


class _Tag(HTMLParser):
    found: dict[str, str]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found = {name: value or "" for name, value in reversed(attrs)}


def _attributes(tag: str) -> dict[str, str]:
    parser = _Tag()
    parser.found = {}
    parser.feed(tag)
    return parser.found


def _without_comments(page: str) -> str:
    kept, at = [], 0
    while (start := page.find("<!--", at)) >= 0:
        kept.append(page[at:start])
        end = page.find("-->", start + 4)
        if end < 0:
            return "".join(kept)
        at = end + 3
    return "".join([*kept, page[at:]])
