"""The last gate before a reader: only what articles need passes, whatever was rendered."""

from __future__ import annotations

import re

import nh3

_TEXT = {"p", "br", "hr", "strong", "em", "s", "code", "pre", "blockquote", "sup", "section", "div"}
_HEADINGS = {"h2", "h3", "h4", "h5", "h6"}
_LISTS = {"ul", "ol", "li"}
_TABLES = {"table", "thead", "tbody", "tr", "th", "td"}
_MEDIA = {"a", "img", "figure", "figcaption", "button"}
TAGS = _TEXT | _HEADINGS | _LISTS | _TABLES | _MEDIA

ATTRIBUTES: dict[str, set[str]] = {
    "a": {"href", "title", "rel", "id", "class"},
    "img": {"src", "alt", "title", "width", "height", "loading", "decoding"},
    "button": {"type", "data-youtube"},
    "code": {"class"},
    "div": {"class", "tabindex"},
    "figure": {"class"},
    "hr": {"class"},
    "li": {"class", "id"},
    "ol": {"class", "start"},
    "pre": {"tabindex"},
    "section": {"class"},
    "sup": {"class"},
    "td": {"class"},
    "th": {"class"},
    "ul": {"class"},
} | {heading: {"id"} for heading in _HEADINGS}

PICTURE = re.compile(r"/media/[A-Za-z0-9_-]{1,64}/(?:web|thumb|send)\.(?:webp|jpg|png)")
"""Where our own pictures live. No other address is ever loaded by an article."""

_CLASS = re.compile(
    r"language-[\w+#.-]{1,30}|table|video|task|align-(?:left|right|center)"
    r"|footnotes(?:-sep|-list)?|footnote-(?:ref|item|backref)"
)
_VALUES = {
    "class": _CLASS,
    "id": re.compile(r"(?:s-|fn|fnref)[\w:-]{1,80}"),
    "rel": re.compile(r"noopener nofollow"),
    "src": PICTURE,
    "type": re.compile(r"button"),
    "data-youtube": re.compile(r"[A-Za-z0-9_-]{11}"),
    "loading": re.compile(r"lazy"),
    "decoding": re.compile(r"async"),
    "tabindex": re.compile(r"0"),
    "width": re.compile(r"\d{1,5}"),
    "height": re.compile(r"\d{1,5}"),
    "start": re.compile(r"\d{1,9}"),
}


def _keep(_tag: str, attribute: str, value: str) -> str | None:
    pattern = _VALUES.get(attribute)
    return value if pattern is None or pattern.fullmatch(value) else None


_cleaner = nh3.Cleaner(
    tags=TAGS,
    attributes=ATTRIBUTES,
    attribute_filter=_keep,
    url_schemes={"http", "https", "mailto"},
    link_rel=None,
)


def clean(html: str) -> str:
    """`html` with nothing left that runs, styles, or loads from elsewhere."""
    return _cleaner.clean(html)
