"""The main pages with 10,000 stories: server time, and what a reader on a slow line sees first."""

from __future__ import annotations

import os
import shutil
import statistics
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from flask.testing import FlaskClient
from playwright.sync_api import Browser, CDPSession, Page, sync_playwright
from sqlalchemy import text

from bench import data, rig
from bench.rig import House
from publisher import clock
from publisher.people import sessions
from publisher.storage import writing
from publisher.stories import queries
from publisher.stories.queries import Filters

STORIES = 10_000
AHEAD, IN_REVIEW, DRAFTS, FAILED = 160, 40, 40, 5
"""What is at hand; the rest went out over the years."""
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
TELL = """
globalThis.largest = 0;
new PerformanceObserver((list) => {
  globalThis.largest = list.getEntries().at(-1).startTime;
}).observe({ type: "largest-contentful-paint", buffered: true });
"""
SEARCHED = "소식 7"
EMPTY = "/nothing-here"
"""The shell with one sentence: what every page costs."""


@dataclass(frozen=True)
class Profile:
    """A line and a machine: round trip in ms, kilobits a second, how many times slower the processor."""

    round_trip: int
    kbps: int
    slower: int
    width: int

    def slow_down(self, link: CDPSession) -> None:
        """Make the page at the other end of `link` as slow."""
        link.send("Network.enable")
        speed = self.kbps * 1000 / 8
        line = {"latency": self.round_trip, "downloadThroughput": speed, "uploadThroughput": speed}
        link.send("Network.emulateNetworkConditions", {"offline": False, **line})
        link.send("Emulation.setCPUThrottlingRate", {"rate": self.slower})

    def __str__(self) -> str:
        return f"{self.round_trip} ms, {self.kbps} kbit/s, processor {self.slower}x slower"


PROFILES = {"office": Profile(40, 10_000, 1, 1280), "phone": Profile(150, 1_600, 4, 390)}
"""What Lighthouse simulates for a desktop, and for a phone on slow 4G."""


def measure(quick: bool) -> dict[str, Any]:
    """Server time by Flask's test client; largest contentful paint in Chromium at a real web server."""
    stories, times = (400, 3) if quick else (STORIES, 15)
    with rig.house(PUBLISHER_WORKERS="1") as house:
        paths = furnish(house, stories)
        client = rig.signed_in(house, house.editor)
        if not queries.stories(house.editor, Filters(text=SEARCHED)).items:
            raise RuntimeError(f"nothing was found with {SEARCHED}")
        served = {
            name: rig.median_ms(partial(_get, client, path), times) for name, path in paths.items()
        }
        empty = rig.median_ms(partial(client.get, EMPTY), times)
        shown = dict(list(paths.items())[:1]) if quick else paths
        painted, baseline = paint(house, shown, 1 if quick else 3)
    slowest, slowest_paint = max(served.values()), _slowest(painted)
    return {
        "stories": stories,
        "server_ms": served,
        "slowest_ms": slowest,
        "largest_contentful_paint_ms": painted,
        "slowest_paint_ms": slowest_paint,
        "holds": {
            "server": slowest < 100,
            **{
                f"{name}_{visit}": slowest_paint[name][visit] < 1000
                for name, visit in (("office", "first"), ("phone", "next"))
            },
        },
        "what": "medians; server time by Flask's test client, an editor signed in; paint in Chromium with"
        " an empty cache (first) and a filled one (next), throttled as "
        + "; ".join(f"{name} ({profile})" for name, profile in PROFILES.items()),
        "aim": "server below 100; paint below 1,000: at the office at once, on the phone with a filled cache",
        "baseline": {"empty_page_ms": empty, "empty_page_paint_ms": baseline},
    }


def _slowest(
    painted: Mapping[str, Mapping[str, Mapping[str, float]]],
) -> dict[str, dict[str, float]]:
    return {
        name: {visit: max(seen[visit] for seen in pages.values()) for visit in ("first", "next")}
        for name, pages in painted.items()
    }


# ---- What there is to see ----


def furnish(house: House, stories: int) -> Mapping[str, str]:
    """Years of stories, and a desk at work; answers the main pages' addresses by name."""
    blog, now = data.blog(), clock.now()
    at_hand = AHEAD + IN_REVIEW + DRAFTS + FAILED
    dues = [now + timedelta(days=1, hours=n * 24 * 28 / at_hand) for n in range(at_hand)]
    data.schedule(house, [blog], data.articles(at_hand), dues)
    _spread(now)
    data.history(house, [blog], stories - at_hand)
    data.analyse()
    later = now + timedelta(days=7)
    return {
        "today": "/",
        "month": f"/calendar/{later:%Y/%-m}",
        "week": f"/calendar/week?day={later:%Y-%m-%d}",
        "list": "/calendar/list",
        "stories": "/stories",
        "search": f"/stories?q={SEARCHED}",
        "story": f"/stories/{IN_REVIEW + DRAFTS}",
        "review": "/review",
        "review_post": "/review/1",
        "attention": "/attention",
        "delivery": f"/posts/{at_hand}/deliveries",
        "images": "/media",
        "feeds": "/feeds",
        "notices": "/notices",
        "accounts": "/accounts",
        "blog": "/blog",
    }


def _spread(now: datetime) -> None:
    """The first posts wait for a decision, the next are being written, the last did not go out."""
    waiting = {"first": 0, "last": IN_REVIEW, "status": "in_review", "now": now}
    drafts = {"first": IN_REVIEW, "last": IN_REVIEW + DRAFTS, "status": "draft", "now": None}
    with writing() as session:
        for some in (waiting, drafts):
            session.execute(
                text("DELETE FROM deliveries WHERE post_id > :first AND post_id <= :last"), some
            )
            session.execute(_UNAPPROVED, some)
        session.execute(_MISSED, {"after": AHEAD + IN_REVIEW + DRAFTS})


_UNAPPROVED = text(
    "UPDATE posts SET status = :status, shown_status = :status, delivery_status = NULL, due_at = NULL,"
    " approved_hash = NULL, submitted_at = :now WHERE id > :first AND id <= :last"
)
_MISSED = text("UPDATE deliveries SET status = 'missed', next_at = NULL WHERE post_id > :after")


def _get(client: FlaskClient, path: str) -> None:
    if (status := client.get(path).status_code) != 200:
        raise RuntimeError(f"{path} answered {status}")


# ---- What a reader sees ----


def paint(
    house: House, paths: Mapping[str, str], times: int
) -> tuple[dict[str, Any], dict[str, float]]:
    """By profile and page, the first visit's paint and the next one's; and the empty page's next one."""
    found: dict[str, Any] = {}
    baseline: dict[str, float] = {}
    token = sessions.begin_session(house.editor, "bench")
    signer = house.app.session_interface.get_signing_serializer(house.app)  # type: ignore[attr-defined]
    base = house.config.base_url
    cookie = {"name": "publisher", "value": signer.dumps({"token": token}), "url": base}
    log = house.home / "web.log"
    with (
        rig.running("workers", "web", environment=house.environment, log=log),
        chromium() as browser,
    ):
        rig.wait_for(partial(_answers, base), 60, log)
        for name, profile in PROFILES.items():
            visits = {
                page: [_visit(browser, profile, cookie, base + path) for _ in range(times)]
                for page, path in [*paths.items(), ("", EMPTY)]
            }
            medians = {
                page: {
                    "first": round(statistics.median(seen[0] for seen in pairs)),
                    "next": round(statistics.median(seen[1] for seen in pairs)),
                }
                for page, pairs in visits.items()
            }
            baseline[name] = medians.pop("")["next"]
            found[name] = medians
    return found, baseline


def _answers(base: str) -> bool:
    with suppress(OSError):
        urllib.request.urlopen(f"{base}/livez", timeout=10).close()
        return True
    return False


@contextmanager
def chromium() -> Iterator[Browser]:
    """The system's Chromium; only root needs to go without its sandbox."""
    program = next(filter(None, map(shutil.which, CHROMIUM)), None)
    flags = ["--disable-gpu", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=flags)
        try:
            yield browser
        finally:
            browser.close()


def _visit(browser: Browser, profile: Profile, cookie: Any, url: str) -> tuple[float, float]:
    """The paint of a first visit with nothing cached, and of the same page opened again."""
    context = browser.new_context(
        viewport={"width": profile.width, "height": 844},
        locale="ko-KR",
        timezone_id="Asia/Seoul",
        reduced_motion="reduce",
    )
    try:
        context.add_cookies([cookie])
        page = context.new_page()
        page.add_init_script(TELL)
        profile.slow_down(context.new_cdp_session(page))
        return _paint(page, url), _paint(page, url)
    finally:
        context.close()


def _paint(page: Page, url: str) -> float:
    """Milliseconds from asking for the page to the paint of the largest thing on it."""
    page.goto(url, wait_until="load")
    for _look in range(500):  # the pages' policy lets wait_for_function evaluate no string
        if page.evaluate("globalThis.largest"):
            break
        page.wait_for_timeout(20)
    else:
        raise TimeoutError(f"nothing was painted at {url}")
    page.wait_for_timeout(200)  # a late picture would be larger still
    return float(page.evaluate("globalThis.largest"))
