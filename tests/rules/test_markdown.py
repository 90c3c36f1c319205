"""What authors write and what readers get: Korean emphasis, pictures, players, headings, tables."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from publisher.blog.markdown import excerpt, render

PICTURE = "/media/abcdefghijklmnopqrstuv/web.webp"


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("**강조(괄호)**는", "<strong>강조(괄호)</strong>는"),
        ('**"따옴표"**입니다', '<strong>"따옴표"</strong>입니다'),
        ("**50%**의", "<strong>50%</strong>의"),
        ("오늘**(월)**부터", "오늘<strong>(월)</strong>부터"),
        ("*기울임.*도", "<em>기울임.</em>도"),
        ("***둘 다!***를", "<em><strong>둘 다!</strong></em>를"),
        ("~~취소(됨)~~은", "<s>취소(됨)</s>은"),
        ("**漢字(한자)**와", "<strong>漢字(한자)</strong>와"),
        ("**굵게** 그리고 *기울게*", "<strong>굵게</strong> 그리고 <em>기울게</em>"),
    ],
)
def test_emphasis_ends_where_a_korean_particle_follows(text: str, html: str) -> None:
    assert render(text) == f"<p>{html}</p>\n"


def test_a_link_can_be_bold_before_a_particle() -> None:
    html = render("**[링크](https://a.kr)**를")
    assert html.startswith('<p><strong><a href="https://a.kr"') and html.endswith(
        "</strong>를</p>\n"
    )


@pytest.mark.parametrize(
    "text",
    [
        "2*3*4",
        "가 ** 나",
        "가 * 나 * 다",
        "snake_case_name",
        "**bold** and *it*, a**b**c",
        "별표 \\*하나\\*",
        "5 * 3 = 15 * 1",
        "`**코드**는`",
    ],
)
def test_what_commonmark_already_reads_right_stays_as_it_is(text: str) -> None:
    assert render(text) == MarkdownIt("commonmark").render(text)


def test_the_library_itself_is_left_alone() -> None:
    render("**강조(괄호)**는")
    assert MarkdownIt().render("**강조(괄호)**는") == "<p>**강조(괄호)**는</p>\n"


@given(st.text(alphabet="abc 1.,()가나 ", max_size=60))
def test_text_without_markers_is_only_escaped(text: str) -> None:
    line = " ".join(text.split())
    if line and not line[0].isdigit():
        assert render(line) == f"<p>{line}</p>\n"


def test_headings_begin_below_the_title_and_have_addresses() -> None:
    html = render("# 소개\n\n## 소개\n\n###### 깊은 곳\n\n# A & <b>")
    assert '<h2 id="s-소개">소개</h2>' in html
    assert '<h3 id="s-소개--2">소개</h3>' in html
    assert '<h4 id="s-깊은-곳">깊은 곳</h4>' in html
    assert '<h2 id="s-a-b">A &amp; &lt;b&gt;</h2>' in html
    assert "<h1" not in html


def test_headings_leave_no_level_out_wherever_the_author_begins() -> None:
    html = render("### a\n\n###### b\n\n## c\n\n### d")
    assert [html[at + 1 : at + 3] for at in range(len(html)) if html.startswith("<h", at)] == [
        "h2",
        "h3",
        "h2",
        "h3",
    ]


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("보세요 https://a.kr를 지금", "https://a.kr"),
        ("https://a.kr/x에서", "https://a.kr/x"),
        ("(https://a.kr/x).", "https://a.kr/x"),
        ("**https://a.kr/q?a=1**는", "https://a.kr/q?a=1"),
        ("https://a.kr/*x*", "https://a.kr/*x"),
        ("https://ko.wikipedia.org/wiki/한국", "https://ko.wikipedia.org/wiki/%ED%95%9C%EA%B5%AD"),
        ("http://localhost:8000/blog/a_b_c", "http://localhost:8000/blog/a_b_c"),
        ("me@example.kr", "mailto:me@example.kr"),
    ],
)
def test_bare_addresses_become_links_without_the_particle(text: str, address: str) -> None:
    html = render(text)
    assert f'href="{address}"' in html
    assert html.count("<a ") == 1


@pytest.mark.parametrize(
    "text", ["README.md", "Node.js", "example.com", "xhttps://a.kr", "https://"]
)
def test_what_only_looks_like_an_address_stays_text(text: str) -> None:
    assert "<a " not in render(text)


def test_links_that_lead_elsewhere_are_marked_and_our_own_are_not() -> None:
    html = render("[a](https://a.kr) [b](/blog/x) [c](#s-x) [d](//evil.kr)")
    assert '<a href="https://a.kr" rel="noopener nofollow">' in html
    assert '<a href="/blog/x">' in html
    assert '<a href="#s-x">' in html
    assert html.count("nofollow") == 2
    ours = render("[a](https://blog.kr/blog/x)", site="https://blog.kr")
    assert "nofollow" not in ours


def test_our_own_pictures_are_shown_with_their_size_and_load_late() -> None:
    html = render(f"글 ![바다]({PICTURE}) 글", sizes={PICTURE: (640, 480)})
    assert f'<img src="{PICTURE}" alt="바다" width="640" height="480"' in html
    assert 'loading="lazy"' in html
    absolute = render(f"![바다](https://blog.kr{PICTURE})", site="https://blog.kr")
    assert f'src="{PICTURE}"' in absolute


def test_a_picture_alone_is_a_figure_with_its_title_as_caption() -> None:
    html = render(f'![바다]({PICTURE} "동해 <b>")')
    assert html.startswith("<figure><img") and "<figcaption>동해 &lt;b&gt;</figcaption>" in html
    assert "title=" not in html


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.kr/a.png",
        "//evil.kr/a.png",
        "http://blog.kr.evil.kr/media/x/web.webp",
        "/blog/x",
    ],
)
def test_pictures_from_elsewhere_become_links(address: str) -> None:
    html = render(f"![추적]({address})", site="http://blog.kr")
    assert "<img" not in html
    assert f'href="{address}"' in html and ">추적</a>" in html


def test_a_foreign_picture_inside_a_link_leaves_one_link() -> None:
    html = render("[![추적](https://evil.kr/a.png)](https://a.kr)")
    assert html.count("<a ") == 1 and "<img" not in html and "추적" in html


@pytest.mark.parametrize(
    "address",
    [
        "https://www.youtube.com/watch?v=dQw4w9WgXcQ",
        "https://www.youtube.com/watch?list=x&v=dQw4w9WgXcQ&t=10",
        "https://youtu.be/dQw4w9WgXcQ?si=abc",
        "https://m.youtube.com/shorts/dQw4w9WgXcQ",
        "https://youtube.com/live/dQw4w9WgXcQ",
    ],
)
def test_a_video_alone_waits_for_a_click(address: str) -> None:
    html = render(f"앞\n\n{address}\n\n뒤")
    assert '<button type="button" data-youtube="dQw4w9WgXcQ">' in html
    assert 'href="https://www.youtube.com/watch?v=dQw4w9WgXcQ"' in html
    assert "YouTube에서 보기" in html
    assert "<iframe" not in html and "<img" not in html
    assert "Watch on YouTube" in render(address, language="en")


@pytest.mark.parametrize(
    "text",
    [
        "보기: https://youtu.be/dQw4w9WgXcQ",
        "https://youtu.be/tooShort",
        "https://youtube.com.evil.kr/watch?v=dQw4w9WgXcQ",
        "https://evil.kr/?u=https://youtu.be/dQw4w9WgXcQ",
    ],
)
def test_other_video_addresses_stay_links(text: str) -> None:
    html = render(text)
    assert "<button" not in html and "<a " in html


def test_tables_scroll_by_themselves_and_align_by_class() -> None:
    html = render("| a | b |\n|:--|--:|\n| 1 | 2 |")
    assert html.startswith('<div class="table" tabindex="0"><table>')
    assert '<td class="align-right">2</td>' in html
    assert "style" not in html


def test_code_keeps_its_language_and_its_signs() -> None:
    html = render('```python\nif a < b: print("&")\n```')
    assert '<pre tabindex="0"><code class="language-python">if a &lt; b: print("&amp;")' in html


def test_task_lists_show_signs_not_fields() -> None:
    html = render("- [x] 완료\n- [ ] 아직\n- [y] 아님")
    assert '<li class="task">☑ 완료</li>' in html
    assert '<li class="task">☐ 아직</li>' in html
    assert "<li>[y] 아님</li>" in html
    assert "<input" not in html


def test_footnotes_lead_there_and_back() -> None:
    html = render("글[^1]\n\n[^1]: 설명")
    assert '<a href="#fn1" id="fnref1">' in html
    assert '<li id="fn1" class="footnote-item">' in html
    assert 'href="#fnref1" class="footnote-backref"' in html


def test_an_excerpt_is_the_running_text_alone() -> None:
    text = "# 제목\n\n**안녕** `코드`\n둘째 줄[^1] [링크](https://a.kr)\n\n| a |\n|--|\n| b |\n\n[^1]: 각주"
    assert excerpt(text) == "안녕 코드 둘째 줄 링크"
    assert excerpt("첫 문장.\n\n- 하나\n- 둘\n\n끝.") == "첫 문장. 하나 · 둘 · 끝."
    assert len(excerpt("가나다 " * 200)) <= 160
    assert excerpt("") == ""


@pytest.mark.parametrize(
    "text",
    [
        "*" * 20_000,
        "**가(나)**" * 2_000,
        "[" * 10_000,
        "![" * 5_000,
        ">" * 5_000,
        "- " * 3_000,
        "`a``b" * 2_000,
        "https://a." * 2_000,
        "a@b." * 3_000,
        "# a\n" * 2_000,
        "[^1]" * 1_000 + "\n\n[^1]: x",
        "&" * 10_000 + "<" * 10_000,
        "|a" * 2_000 + "\n" + "|-" * 2_000,
    ],
    ids=lambda text: text[:10].strip(),
)
@pytest.mark.timeout(20)
def test_hostile_texts_are_rendered_all_the_same(text: str) -> None:
    assert render(text)
