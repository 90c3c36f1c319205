"""Nothing an author can write runs, styles, or loads from elsewhere in a reader's browser."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.blog.markdown import render
from publisher.blog.sanitise import TAGS, clean

VECTORS = [
    "<script>alert(1)</script>",
    "<ScRiPt src=//evil.kr/x.js></sCrIpT>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<img src=x onerror=alert(1)>",
    '<img src="x" onerror="alert(1)"',
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    '<iframe src="javascript:alert(1)"></iframe>',
    '<iframe srcdoc="<script>alert(1)</script>"></iframe>',
    '<a href="javascript:alert(1)">x</a>',
    "<body onload=alert(1)>",
    "<details open ontoggle=alert(1)>",
    "<style>*{background:url(//evil.kr)}</style>",
    '<p style="background:url(//evil.kr)">x</p>',
    '<link rel="stylesheet" href="//evil.kr/x.css">',
    '<meta http-equiv="refresh" content="0;url=//evil.kr">',
    '<base href="//evil.kr/">',
    '<form action="//evil.kr"><button formaction="javascript:alert(1)">x</button></form>',
    '<button type="button" data-youtube="dQw4w9WgXcQ" onclick="alert(1)">x</button>',
    '<input autofocus onfocus="alert(1)">',
    '<object data="data:text/html,<script>alert(1)</script>"></object>',
    '<embed src="//evil.kr/x.swf">',
    '<video><source onerror="alert(1)"></video>',
    "<!--[if gte IE 4]><script>alert(1)</script><![endif]-->",
    "<!-- --!><script>alert(1)</script>",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?php echo 1 ?>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java\tscript:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](&#x6A&#x61&#x76&#x61script:alert(1))",
    "[x](\x01javascript:alert(1))",
    "[x](<javascript:alert(1)>)",
    "[x](vbscript:msgbox(1))",
    "[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    "[x](data:image/svg+xml;base64,PHN2Zy8+)",
    "![x](data:image/png;base64,iVBORw0KGgo=)",
    "![x](javascript:alert(1))",
    "![x](//evil.kr/pixel.gif)",
    "![x](https://evil.kr/pixel.gif)",
    "![x](/media/../static/x.svg)",
    "![x](/media/x/web.webp?a=<script>)",
    '![x](/media/x/web.webp "\\" onerror=alert(1) ")',
    '![" onerror="alert(1)](/media/x/web.webp)',
    "[x](https://a.kr 'a\" onmouseover=\"alert(1)')",
    '[x](https://a.kr/"onmouseover="alert(1))',
    "<javascript:alert(1)>",
    "<https://a.kr/\"onclick='alert(1)'>",
    'https://a.kr/"onmouseover="alert(1)"',
    "[ref]\n\n[ref]: javascript:alert(1)",
    '[ref]\n\n[ref]: https://a.kr "x\\" onclick=alert(1) "',
    '```"><script>alert(1)</script>\nx\n```',
    '```x" onclick="alert(1)\nx\n```',
    "`<script>alert(1)</script>`",
    "# <img src=x onerror=alert(1)>",
    '# " onclick="alert(1)',
    "| <script>alert(1)</script> |\n|--|\n| <img src=x onerror=alert(1)> |",
    "x[^1]\n\n[^1]: <img src=x onerror=alert(1)>",
    'x[^"><script>]\n\n[^"><script>]: y',
    'https://youtu.be/dQw4w9WgXcQ?"><script>alert(1)</script>',
    'https://youtu.be/dQw4w9WgX"Q',
    "- [x] <script>alert(1)</script>",
    "\u202ejavascript:alert(1)",
    "<a\u00a0href='javascript:alert(1)'>x</a>",
    "</p></div><script>alert(1)</script>",
]

ATTRIBUTES = {
    "alt", "class", "data-youtube", "decoding", "height", "href", "id", "loading", "rel", "src",
    "start", "tabindex", "title", "type", "width",
}  # fmt: skip


class _Inspector(HTMLParser):
    """Reads HTML as a browser would and complains about everything that could act."""

    def __init__(self) -> None:
        super().__init__()
        self.complaints: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in TAGS:
            self.complaints.append(f"<{tag}>")
        for name, value in attrs:
            self._attribute(tag, name, value or "")

    def _attribute(self, tag: str, name: str, value: str) -> None:
        if name not in ATTRIBUTES or name.startswith("on") or name == "style":
            self.complaints.append(f"{tag} {name}={value!r}")
        if name == "href":
            scheme = urlsplit(re.sub(r"[\x00-\x20]", "", value)).scheme.lower()
            if scheme not in {"", "http", "https", "mailto"}:
                self.complaints.append(f"{tag} {name}={value!r}")
        if name == "src" and not re.fullmatch(r"/media/[\w-]+/web\.webp", value):
            self.complaints.append(f"{tag} {name}={value!r}")

    def handle_comment(self, data: str) -> None:
        self.complaints.append(f"comment {data!r}")

    def handle_decl(self, decl: str) -> None:
        self.complaints.append(f"declaration {decl!r}")

    def handle_pi(self, data: str) -> None:
        self.complaints.append(f"instruction {data!r}")


def _complaints(html: str) -> list[str]:
    inspector = _Inspector()
    inspector.feed(html)
    inspector.close()
    return inspector.complaints


@pytest.mark.parametrize("text", VECTORS)
def test_no_vector_survives_rendering(text: str) -> None:
    assert _complaints(render(text)) == []
    assert _complaints(render(f"> - 글 {text}\n\n{text}")) == []


@pytest.mark.parametrize("html", [text for text in VECTORS if text.lstrip().startswith("<")])
def test_the_last_gate_alone_would_hold(html: str) -> None:
    assert [c for c in _complaints(clean(html)) if "href" not in c or "script" in c] == []


def test_the_inspector_would_notice() -> None:
    assert _complaints("<script>x</script>")
    assert _complaints("<img src=x onerror=alert(1)>")
    assert _complaints('<p style="color:red">')
    assert _complaints('<a href="java&#9;script:x">')
    assert _complaints('<img src="https://evil.kr/x.png">')


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from([*VECTORS, "**", "`", "\n", "\n\n", "> ", "[", "](", ")", "가"])))
def test_no_mixture_of_vectors_survives(parts: list[str]) -> None:
    assert _complaints(render("".join(parts))) == []
