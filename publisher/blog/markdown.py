"""From an author's Markdown to safe HTML, with Korean emphasis and only our own pictures."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markdown_it.parser_inline import ParserInline
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.rules_inline.state_inline import Scanned
from markdown_it.token import Token
from mdit_py_plugins.footnote import footnote_plugin

from publisher.blog import addresses, sanitise
from publisher.blog.rules import anchor, shorten

Sizes = Mapping[str, tuple[int, int]]
"""Width and height in pixels by a picture's path, so that pages do not jump while pictures load."""

MAX_NESTING = 20
SENTENCE_ENDS = tuple(".!?…:。")
PLAY = {"ko": "YouTube 동영상 재생", "en": "Play the YouTube video"}
WATCH = {"ko": "YouTube에서 보기", "en": "Watch on YouTube"}
"""Words inside an article are in the article's language, which is not the language of whoever
renders it."""

_YOUTUBE = re.compile(
    r"https?://(?:(?:www\.|m\.)?youtube\.com/(?:watch\?(?:[^#\s]{0,200}&)?v=|shorts/|embed/|live/)|youtu\.be/)"
    r"([A-Za-z0-9_-]{11})(?:[?&#]\S{0,200})?"
)
_TASK = re.compile(r"\[([ xX])\][ \t]")
_ALIGN = re.compile(r"text-align:(left|right|center)")


@dataclass(frozen=True)
class _Page:
    """What the rules below need to know of the page that a text is for."""

    language: str = "ko"
    site: str = ""
    sizes: Sizes = field(default_factory=dict)

    def own(self, address: str) -> str:
        """`address` as a path of this site, or the empty string when it leads elsewhere."""
        if self.site and address.startswith(self.site + "/"):
            address = address.removeprefix(self.site)
        inside = address.startswith("/") and not address.startswith(("//", "/\\"))
        return address if inside else ""


def render(text: str, *, language: str = "ko", site: str = "", sizes: Sizes | None = None) -> str:
    """Sanitised HTML of `text`. Linear in its length; nesting beyond MAX_NESTING stays plain text.

    `language` is the article's, for the words on a video; addresses that begin with `site` count
    as our own; `sizes` gives pictures their width and height. Headings begin at h2: the title is
    the page's h1.
    """
    return rendered(text, language=language, site=site, sizes=sizes)[0]


def rendered(
    text: str, *, language: str = "ko", site: str = "", sizes: Sizes | None = None
) -> tuple[str, str]:
    """As `render` and `excerpt`, from one reading of the text."""
    page = _Page(language=language, site=site.rstrip("/"), sizes=sizes or {})
    parser, values = _parser(), {"page": page}
    tokens = parser.parse(text, values)
    beginning = _beginning(tokens)
    html = str(parser.renderer.render(tokens, parser.options, values))
    return sanitise.clean(html.replace("<pre><code", '<pre tabindex="0"><code')), beginning


def excerpt(text: str, length: int = 160) -> str:
    """The first `length` characters of what `text` says, without headings, code, tables and
    markup."""
    return _beginning(_parser().parse(text, {"page": _Page()}), length)


def opening(text: str) -> str:
    """The first paragraph of `text` that says something, on one line and without markup."""
    for token in _prose(_parser().parse(text, {"page": _Page()})):
        if said := " ".join("".join(_said(token.children or ())).split()):
            return said
    return ""


def _beginning(tokens: list[Token], length: int = 160) -> str:
    found = ""
    for token in _prose(tokens):
        said = " ".join("".join(_said(token.children or ())).split())
        between = " " if found.endswith(SENTENCE_ENDS) else " · "  # such as between items of a list
        found = f"{found}{between}{said}" if found and said else found or said
        if len(found) > length:
            break
    return shorten(found, length)


def _prose(tokens: list[Token]) -> Iterator[Token]:
    """The inline tokens that make up running text."""
    outside = 0
    for token in tokens:
        if token.type in {"heading_open", "table_open", "footnote_block_open"}:
            outside += 1
        elif token.type in {"heading_close", "table_close", "footnote_block_close"}:
            outside -= 1
        elif token.type == "inline" and not outside:
            yield token


def _said(children: list[Token] | tuple[Token, ...]) -> Iterator[str]:
    for child in children:
        if child.type in {"text", "code_inline", "text_special"}:
            yield child.content
        elif child.type in {"softbreak", "hardbreak"}:
            yield " "


class _HangulState(StateInline):
    """CommonMark decides by spaces and punctuation whether `**` opens or closes, which fails
    where a particle follows directly: **강조(괄호)**는. Here a Hangul or Han letter beside it will
    do."""

    def scanDelims(self, start: int, canSplitWord: bool) -> Scanned:
        found = super().scanDelims(start, canSplitWord)
        if self.src[start] not in "*~":
            return found
        end = start + found.length
        before = self.src[start - 1] if start else " "
        after = self.src[end] if end < self.posMax else " "
        return Scanned(
            found.can_open or (_is_cjk(before) and not after.isspace()),
            found.can_close or (_is_cjk(after) and not before.isspace()),
            found.length,
        )


def _is_cjk(char: str) -> bool:
    code = ord(char)
    return (
        0x1100 <= code <= 0x11FF
        or 0x2E80 <= code <= 0x9FFF
        or 0xA960 <= code <= 0xA97F
        or 0xAC00 <= code <= 0xD7FF
        or 0xF900 <= code <= 0xFAFF
        or 0xFF00 <= code <= 0xFFEF
        or 0x20000 <= code <= 0x3FFFF
    )


class _HangulInline(ParserInline):
    def parse(self, src: str, md: MarkdownIt, env: Any, tokens: list[Token]) -> list[Token]:
        state = _HangulState(src, md, env, tokens)
        self.tokenize(state)
        for rule in self.ruler2.getRules(""):
            rule(state)
        return state.tokens


@cache
def _parser() -> MarkdownIt:
    """The one parser. Rules are only read while parsing, so threads share it; a page's data is in
    `env`."""
    md = MarkdownIt("gfm-like", {"html": False, "linkify": True, "maxNesting": MAX_NESTING})
    md.use(footnote_plugin)
    addresses.install(md)
    inline = _HangulInline()
    inline.ruler, inline.ruler2 = md.inline.ruler, md.inline.ruler2
    md.inline = inline
    md.core.ruler.push("finish", _finish)
    md.add_render_rule("table_open", _table_open)
    md.add_render_rule("table_close", _table_close)
    md.add_render_rule("footnote_anchor", _footnote_anchor)
    return md


def _table_open(*_: Any) -> str:
    """A frame that scrolls by itself, by keyboard too: a wide table does not widen the page."""
    return '<div class="table" tabindex="0"><table>\n'


def _table_close(*_: Any) -> str:
    return "</table></div>\n"


def _footnote_anchor(_renderer: Any, tokens: list[Token], index: int, *_: Any) -> str:
    meta = tokens[index].meta
    again = f":{meta['subId']}" if meta.get("subId", 0) > 0 else ""
    return f' <a href="#fnref{meta["id"] + 1}{again}" class="footnote-backref">\u21a9\ufe0e</a>'


def _finish(state: StateCore) -> None:
    """One pass over the finished tokens: everything that makes an article ours."""
    page: _Page = state.env.get("page") or _Page()
    levels: list[int] = []
    anchors: Counter[str] = Counter()
    for index, token in enumerate(state.tokens):
        if token.type == "inline":
            _inline(state.tokens, index, page)
        elif token.type == "heading_open":
            _heading(state.tokens, index, levels, anchors)
        elif token.type in {"th_open", "td_open"} and "style" in token.attrs:
            _align(token)


def _inline(tokens: list[Token], index: int, page: _Page) -> None:
    token, before = tokens[index], tokens[index - 1]
    alone = before.type == "paragraph_open" and not before.hidden
    if alone and (video := _YOUTUBE.fullmatch(token.content.strip())):
        _replace_paragraph(tokens, index, _player(video[1], page.language))
        return
    _tick(tokens, index)
    token.children = list(_ours(token.children or [], page))
    if alone and len(token.children) == 1 and token.children[0].type == "image":
        _figure(tokens, index)


def _ours(children: list[Token], page: _Page) -> Iterator[Token]:
    """The same inline tokens, with foreign links marked and foreign pictures turned into links.

    A reader's browser shall ask nobody but us, so a picture from elsewhere is not loaded by the
    page.
    """
    inside_link = False
    for child in children:
        if child.type == "link_open":
            inside_link = True
            _mark_foreign(child, page)
        elif child.type == "link_close":
            inside_link = False
        elif child.type == "image":
            path = page.own(str(child.attrs["src"]))
            if not sanitise.PICTURE.fullmatch(path):
                yield from _picture_as_link(child, page, inside_link=inside_link)
                continue
            _picture(child, path, page)
        yield child


def _mark_foreign(link: Token, page: _Page) -> None:
    address = str(link.attrs.get("href", ""))
    if not (address.startswith(("#", "mailto:")) or page.own(address)):
        link.attrs["rel"] = "noopener nofollow"


def _picture(image: Token, path: str, page: _Page) -> None:
    image.attrs["src"] = path
    if path in page.sizes:
        image.attrs["width"], image.attrs["height"] = page.sizes[path]
    image.attrs["loading"] = "lazy"
    image.attrs["decoding"] = "async"


def _picture_as_link(image: Token, page: _Page, *, inside_link: bool) -> Iterator[Token]:
    address = str(image.attrs["src"])
    text = Token("text", "", 0, content=image.content or urlsplit(address).path or address)
    if inside_link:
        yield text
        return
    link = Token("link_open", "a", 1, attrs={"href": address})
    _mark_foreign(link, page)
    yield link
    yield text
    yield Token("link_close", "a", -1)


def _figure(tokens: list[Token], index: int) -> None:
    """A picture that is a paragraph of its own becomes a figure; its title is the caption."""
    children = tokens[index].children or []
    opening, closing = tokens[index - 1], tokens[index + 1]
    opening.tag = closing.tag = "figure"
    if caption := str(children[0].attrs.pop("title", "")):
        children.append(Token("caption_open", "figcaption", 1))
        children.append(Token("text", "", 0, content=caption))
        children.append(Token("caption_close", "figcaption", -1))


def _replace_paragraph(tokens: list[Token], index: int, html: str) -> None:
    token = tokens[index]
    token.type, token.content, token.children = "html_block", html, None
    tokens[index - 1].hidden = tokens[index + 1].hidden = True


def _player(video: str, language: str) -> str:
    """A button that loads the player, and a link for those without script. No request before."""
    language = language if language in PLAY else "en"
    return (
        '<figure class="video">'
        f'<button type="button" data-youtube="{video}">{PLAY[language]}</button>'
        f'<figcaption><a href="https://www.youtube.com/watch?v={video}" rel="noopener nofollow">'
        f"{WATCH[language]}</a></figcaption></figure>\n"
    )


def _tick(tokens: list[Token], index: int) -> None:
    """`- [x] done` shows a ticked box: a sign, not a form field that could be pressed in vain."""
    children = tokens[index].children or []
    in_item = index > 1 and tokens[index - 2].type == "list_item_open"
    if in_item and children and (task := _TASK.match(children[0].content)):
        sign = "\u2610" if task[1] == " " else "\u2611"
        children[0].content = f"{sign} {children[0].content[task.end() :]}"
        tokens[index - 2].attrJoin("class", "task")


def _heading(tokens: list[Token], index: int, levels: list[int], taken: Counter[str]) -> None:
    """Below the title, which is the h1, without leaving out a level, and with an address of its own.

    `levels` are the author's levels that are open here: ### right under the title becomes h2.
    """
    opening, inline, closing = tokens[index : index + 3]
    level = int(opening.tag[1])
    while levels and levels[-1] >= level:
        levels.pop()
    levels.append(level)
    opening.tag = closing.tag = f"h{min(len(levels) + 1, 6)}"
    name = anchor("".join(_said(inline.children or ())))
    taken[name] += 1
    opening.attrs["id"] = name if taken[name] == 1 else f"{name}--{taken[name]}"


def _align(cell: Token) -> None:
    """Alignment as a class: the page's policy forbids style attributes."""
    if side := _ALIGN.search(str(cell.attrs.pop("style"))):
        cell.attrs["class"] = f"align-{side[1]}"


# mdurl fills its tables at their first use; two threads that begin at once would use them half full, and
# break the first article's links. So they are filled before there are threads.
render("[a](https://example.com/%20) <https://example.com/>")
