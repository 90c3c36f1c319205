"""A living installation for browsers: the site, the platforms and a worker, all on this machine."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import pytest
from babel.support import Translations
from flask import Flask
from playwright.sync_api import BrowserContext, Error, Page, Response
from sqlalchemy import select
from werkzeug.serving import BaseWSGIServer, make_server

from publisher.config import Config, Timings
from publisher.extensions import db
from publisher.paths import data_dir
from publisher.people import links
from publisher.people import service as people
from publisher.people.models import User
from publisher.stories.models import Story
from tests.plugins.chromium import BrowserGuard
from tests.plugins.newsroom import Newsroom

HANGUL = re.compile("[가-힣]")
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
UNHURRIED = Timings(
    connect=2.0,
    deadline=5.0,
    settle=6.0,
    lease=12.0,
    read_gap=0.5,
    give_up=30.0,
    backoff=(0.2, 0.5),
    late=20.0,
)
"""The product's waits, shorter, but long enough for a machine that also runs a browser."""


@pytest.fixture
def timings() -> Timings:
    return UNHURRIED


@pytest.fixture
def server() -> Iterator[BaseWSGIServer]:
    """A listening port that gets its app later: the app has to know its own address."""
    server = make_server("127.0.0.1", 0, lambda environ, start: [], threaded=True)
    yield server
    server.server_close()


@pytest.fixture
def config(config: Config, request: pytest.FixtureRequest) -> Config:
    """Where a site runs, links of mails, feeds and posts lead to it."""
    if "server" not in request.fixturenames:
        return config
    port = request.getfixturevalue("server").server_port
    return replace(config, public_url=f"http://127.0.0.1:{port}", site_name="Hanbit Newsroom")


@dataclass
class Site:
    """A running site and who works there."""

    url: str
    newsroom: Newsroom

    def link_for(self, user: User) -> str:
        """A one-time sign-in link, as an administrator would hand it over."""
        return links.make_link(None, user)

    def story(self, title: str) -> Story:
        """The newest story of that title."""
        db.session.rollback()
        found = db.session.scalars(select(Story).where(Story.title == title).order_by(-Story.id))
        return found.first() or pytest.fail(f"no story {title!r}")

    def wait_until(self, condition: Callable[[], bool], seconds: float = 30.0) -> None:
        """Wait for something that happens behind the pages."""
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, "waited in vain"
            time.sleep(0.05)


def reload_until_seen(page: Page, selector: str, seconds: float = 30.0) -> None:
    """Look again and again, as somebody waiting for news does."""
    deadline = time.monotonic() + seconds
    while not page.locator(selector).count():
        assert time.monotonic() < deadline, f"{selector} never came to {page.url}"
        time.sleep(0.2)
        with suppress(Error):  # the page may just be on its way to another one
            page.reload()


@pytest.fixture
def site(app: Flask, server: BaseWSGIServer, newsroom: Newsroom) -> Iterator[Site]:
    """The app on its port with CSRF protection on, and a worker that sends what is due."""
    app.config["WTF_CSRF_ENABLED"] = True
    server.app = app
    stopping, stumbled = threading.Event(), []

    def work() -> None:
        with app.app_context():
            while not stopping.wait(0.1):
                try:
                    newsroom.work()
                except Exception as error:
                    stumbled.append(error)
                    return

    threads = [
        threading.Thread(target=server.serve_forever, name="site"),
        threading.Thread(target=work, name="worker"),
    ]
    for thread in threads:
        thread.start()
    db.session.rollback()
    yield Site(f"http://127.0.0.1:{server.server_port}", newsroom)
    stopping.set()
    server.shutdown()
    for thread in threads:
        thread.join()
    assert stumbled == []


@pytest.fixture
def enter(
    new_context: Callable[..., BrowserContext], site: Site, browser_guard: BrowserGuard
) -> Callable[..., Page]:
    """`enter(user)`: a browser of their own, signed in by a one-time link, at Today."""

    def watch(response: Response) -> None:
        if response.status >= 500:
            browser_guard.problems.append(f"{response.status} from {response.url}")

    def go(user: User, **options: Any) -> Page:
        context = new_context(base_url=site.url, **options)
        context.on("response", watch)
        page = context.new_page()
        page.goto(site.link_for(user))
        page.locator("main form button[type=submit]").click()
        page.wait_for_url(f"{site.url}/")
        return page

    return go


@pytest.fixture
def speak(app: Flask) -> Callable[..., Callable[..., str]]:
    """`say = speak("ko", user)`: the user reads Korean now, and `say("Approve")` is what pages then say."""

    def choose(language: str, *users: User) -> Callable[..., str]:
        for user in users:
            people.save_look(user, language=language)
        catalogue = Translations.load(str(data_dir("translations")), [language])

        def say(text: str, **values: object) -> str:
            said = catalogue.ugettext(text) % values if values else catalogue.ugettext(text)
            assert language != "ko" or HANGUL.search(said), f"not in Korean: {text}"
            return said

        return say

    return choose
