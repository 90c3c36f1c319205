"""The public blog in a browser: nothing is loaded from elsewhere, nothing breaks the page's policy."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from io import BytesIO

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from PIL import Image as Picture
from playwright.sync_api import BrowserContext, Page
from werkzeug.serving import make_server

from channels.base import Author, Content, Image, Link
from publisher.blog.service import Shelf
from publisher.config import Config
from publisher.extensions import db
from publisher.media import service as media
from publisher.storage import writing
from tests.plugins.app import Cast
from tests.plugins.chromium import BrowserGuard

pytestmark = pytest.mark.browser

TEXT = """## 처음

**강조(괄호)**는 이렇게, [링크](https://example.kr)와 `코드`도 있습니다.[^1]

| 채널 | 글자 수 |
|:--|--:|
| 블로그 | 제한 없음 |

- [x] 완료
- [ ] 아직

```python
print("아주 긴 줄 " * 20)  # 옆으로 밀리는 줄입니다. 페이지가 넓어지면 안 됩니다. 아주 길고 긴 줄입니다.
```

https://youtu.be/dQw4w9WgXcQ

![그림]({picture} "설명")

[^1]: 각주입니다.
"""


@pytest.fixture
def config(config: Config) -> Config:
    return replace(config, language="ko", site_name="한빛 블로그")


@pytest.fixture
def site(app: Flask, cast: Cast) -> Iterator[str]:
    """The address of a running site with one article that has everything."""
    out = BytesIO()
    Picture.new("RGB", (900, 500), "teal").save(out, "PNG")
    picture = media.upload(cast.ana, "a.png", out.getvalue(), "청록색 그림")
    along = Image(picture.id, b"", "image/png", 900, 500, alt="표지")
    content = Content(
        title='<script>alert(1)</script> "제목" & 글',
        text=TEXT.replace("{picture}", media.url(picture)),
        author=Author("Ana", "ana"),
        category="news",
        media=(along,),
        slug="everything",
    )
    with writing():
        receipt = Shelf().put(content, key="d1")
        Shelf().show_links(receipt.remote_id, [Link("twitter", "X", "https://x.com/a/status/1")])
    db.session.remove()
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_are_accessible_and_never_wider_than_the_window(
    new_context: Callable[..., BrowserContext], site: str, width: int, scheme: str
) -> None:
    context = new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    page = context.new_page()
    for path in ("/blog", "/blog/everything", "/blog/category/news", "/blog/author/ana"):
        answer = page.goto(site + path)
        assert answer and answer.status == 200
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, f"{path} is {wide} px too wide"
        found = Axe().run(page).response["violations"]
        assert [(problem["id"], problem["nodes"][0]["html"]) for problem in found] == []
    assert context.cookies() == []


def test_search_engines_data_is_there_and_breaks_no_policy(page: Page, site: str) -> None:
    page.goto(f"{site}/blog/everything")
    posting = page.evaluate(
        "JSON.parse(document.querySelector('script[type=\"application/ld+json\"]').textContent)"
    )
    assert posting["headline"] == '<script>alert(1)</script> "제목" & 글'
    assert page.locator("h1").inner_text() == posting["headline"]


def test_a_video_asks_youtube_only_after_the_click(
    page: Page, site: str, browser_guard: BrowserGuard
) -> None:
    page.goto(f"{site}/blog/everything")
    page.wait_for_load_state("networkidle")
    assert not browser_guard.problems, "nobody else was asked before the click"
    page.get_by_role("button", name="YouTube 동영상 재생").click()
    frame = page.locator("figure.video iframe")
    assert (frame.get_attribute("src") or "").startswith(
        "https://www.youtube-nocookie.com/embed/dQw4w9WgXcQ"
    )
    page.wait_for_load_state("networkidle")
    browser_guard.expect("www.youtube-nocookie.com")


def test_an_article_is_whole_without_scripts(
    new_context: Callable[..., BrowserContext], site: str
) -> None:
    page = new_context(java_script_enabled=False).new_page()
    page.goto(f"{site}/blog")
    page.get_by_role("link", name="제목").click()
    assert page.locator(".article-body strong").first.inner_text() == "강조(괄호)"
    assert page.get_by_role("link", name="YouTube에서 보기").is_visible()
    assert not page.locator("button[data-youtube]").is_visible()
    assert page.locator(".discussed a").get_attribute("href") == "https://x.com/a/status/1"


def test_a_footnote_leads_there_and_back(page: Page, site: str) -> None:
    page.goto(f"{site}/blog/everything")
    page.locator("#fnref1").click()
    assert page.url.endswith("#fn1")
    page.locator(".footnote-backref").click()
    assert page.url.endswith("#fnref1")
