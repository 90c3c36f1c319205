"""What a page says of itself, whatever it is written in and however it is put."""

from __future__ import annotations

import pytest

from publisher.cards.rules import Said, decoded, read


def page(head: str, body: str = "") -> str:
    return f"<!doctype html><html><head>{head}</head><body>{body}</body></html>"


def test_open_graph_comes_before_the_plain_words() -> None:
    said = read(
        page(
            "<title>Plain</title><meta name='description' content='plain'>"
            '<META content="The &quot;sea&quot; &amp; me" property="og:title"/>'
            '<meta property="og:description" content=" two\n lines ">'
            '<meta property="og:site_name" content="바다">'
            '<meta property="og:image" content="/a.png?b=1&amp;c=2">'
            "<meta name=twitter:card content=summary_large_image>"
        )
    )
    assert said == Said('The "sea" & me', "two lines", "바다", "/a.png?b=1&c=2", True)


def test_a_page_without_open_graph_has_its_title_and_description() -> None:
    said = read(page("<title>\n A &lt;b&gt; </title><meta name=description content=plain>"))
    assert (said.title, said.description, said.large) == ("A <b>", "plain", False)


@pytest.mark.parametrize(
    "text",
    [
        page('<!-- <meta property="og:title" content="no"> -->'),
        page("", '<meta property="og:title" content="no">'),
        '<!-- <meta property="og:title" content="no">',
        "",
    ],
)
def test_comments_and_bodies_say_nothing(text: str) -> None:
    assert read(text) == Said()


@pytest.mark.parametrize(
    ("codec", "header", "head"),
    [
        ("utf-8", "text/html", ""),
        ("cp949", "text/html; charset=EUC-KR", ""),
        ("cp949", "text/html", "<meta charset='euc-kr'>"),
        ("utf-8", "text/html; charset=punycode", ""),
    ],
)
def test_a_page_is_read_in_what_it_is_written_in(codec: str, header: str, head: str) -> None:
    body = page(f"{head}<title>바다의 하루</title>").encode(codec)
    assert read(decoded(body, header)).title == "바다의 하루"


def test_endless_words_are_cut() -> None:
    said = read(
        page(f'<title>{"가" * 1900}</title><meta name="description" content="{"b" * 1900}">')
    )
    assert (len(said.title), len(said.description)) == (300, 500)
