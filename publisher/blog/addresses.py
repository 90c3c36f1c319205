"""Bare addresses in a text become links: bounded work, and Korean particles stay outside."""

from __future__ import annotations

import re
from typing import Any

from linkify_it import LinkifyIt
from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline

MAX_ADDRESS = 2048
"""Characters of one address; what is longer is not read as one."""

_SCHEME = re.compile(r"(?<![A-Za-z0-9.+-])https?\Z", re.IGNORECASE)
_EMPHASIS = re.compile(r"\*\*|~~")
_PARTICLE = re.compile(
    r"(?<=[0-9A-Za-z/_=&)-])"
    r"(?:을|를|은|는|이|가|에|의|로|으로|와|과|도|만|에서|에게|에는|에도|까지|부터|이나|나|라는|이라는|입니다|에요|예요)$"
)


class _Linkify(LinkifyIt):
    """Leaves the particle that Korean glues to an address outside: https://a.kr를."""

    def test_schema_at(self, text: str, name: str, position: int) -> int:
        """Bounded, since a text of nothing but addresses would else be read to its end for each
        of them."""
        start = max(0, position - 8)
        nearby = text[start : position + MAX_ADDRESS]
        return int(super().test_schema_at(nearby, name, position - start))

    def _create_match(self, text: str, schema: str, index: int, last_index: int) -> Any:
        if particle := _PARTICLE.search(text[index:last_index]):
            last_index = index + particle.start()
        return super()._create_match(text, schema, index, last_index)


def install(md: MarkdownIt) -> None:
    """Let `md` find http, https and mail addresses; `example.com` alone stays text, as
    `README.md` must."""
    md.linkify = _Linkify(options={"fuzzy_link": False})
    md.inline.ruler.at("linkify", _address)


def _address(state: StateInline, silent: bool) -> bool:
    """An address that holds markers of Markdown, taken whole before those are read.

    The library's own rule searches all text since the last marker for the scheme: quadratic on
    hostile text.
    """
    pos, src = state.pos, state.src
    if state.linkLevel > 0 or not src.startswith("://", pos):
        return False
    scheme = _SCHEME.search(src[max(0, pos - 6) : pos])
    if not scheme or not state.pending.endswith(scheme[0]) or not state.md.linkify:
        return False
    start = pos - len(scheme[0])
    found = state.md.linkify.match_at_start(src[start : start + MAX_ADDRESS])
    raw = _EMPHASIS.split(found.raw, maxsplit=1)[0].rstrip("*~") if found else ""
    address = state.md.normalizeLink(raw)
    if len(raw) <= len(scheme[0]) + 3 or not state.md.validateLink(address):
        return False
    if not silent:
        state.pending = state.pending.removesuffix(scheme[0])
        opening = state.push("link_open", "a", 1)
        opening.attrs = {"href": address}
        opening.markup, opening.info = "linkify", "auto"
        state.push("text", "", 0).content = state.md.normalizeLinkText(raw)
        closing = state.push("link_close", "a", -1)
        closing.markup, closing.info = "linkify", "auto"
    state.pos = start + len(raw)
    return True
