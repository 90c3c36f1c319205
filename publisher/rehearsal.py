"""`publisher demo`: the whole main job in a throwaway home, judged by the sandbox's ledger."""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import requests

from publisher import clock, demo
from publisher.application import create_app
from publisher.deliveries import service as deliveries
from publisher.extensions import db
from publisher.feeds import service as feeds
from publisher.stories import review
from publisher.stories import service as stories

PATIENCE_S = 90.0
DUE_IN_S = 3.0
ADDRESS = re.compile(r"https?://\S+")
MARKER = re.compile(r"\?via=[0-9a-f]{10}$")
"""By which a link that Facebook holds tells its delivery."""

Entry = dict[str, Any]
"""A post as the sandbox's ledger shows it."""


class Failed(Exception):
    """The rehearsal did not end as it must; the message says where."""


class Steps:
    """Prints each step as it ends: a sentence, or a JSON line."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self.began = time.monotonic()

    def tell(self, step: str, **facts: Any) -> None:
        at = round(time.monotonic() - self.began, 2)
        if self.as_json:
            line = json.dumps({"step": step, "ok": True, "at_s": at, **facts}, ensure_ascii=False)
        else:
            line = f"{at:6.2f} s  {step}  " + "  ".join(
                f"{key}={value}" for key, value in facts.items()
            )
        sys.stdout.write(line + "\n")
        sys.stdout.flush()


def main() -> None:
    """Exit code 0 only if the ledger holds a tweet and a Facebook post with the blog's address, no more."""
    parser = argparse.ArgumentParser(prog="publisher demo")
    parser.add_argument("--json", action="store_true", dest="as_json")
    steps = Steps(as_json=parser.parse_args().as_json)
    with tempfile.TemporaryDirectory(prefix="publisher-demo-") as home:
        try:
            with running(Path(home)):
                rehearse(steps)
        except Failed as failure:
            sys.stdout.write(
                json.dumps({"step": "failed", "ok": False, "why": str(failure)}) + "\n"
            )
            raise SystemExit(1) from failure


@contextmanager
def running(home: Path, begin: str = "--sandbox") -> Iterator[None]:
    """`publisher up`, empty or with `--demo` as it begins, on free ports; stopped as Ctrl-C would."""
    os.environ["PUBLISHER_HOME"] = str(home)
    os.environ["PORT"] = str(demo.any_port())
    os.environ.pop("SANDBOX_PORT", None)
    os.environ.pop("REDIS_URL", None)
    if "PUBLISHER_DEMO_DATABASE_URL" in os.environ:
        os.environ["DATABASE_URL"] = os.environ["PUBLISHER_DEMO_DATABASE_URL"]
    else:
        os.environ.pop("DATABASE_URL", None)
    demo.set_environment()
    with (home / "up.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "publisher", "up", begin], stdout=log, stderr=log
        )
    try:
        yield
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(90)
        except subprocess.TimeoutExpired:
            process.kill()


def rehearse(steps: Steps) -> None:
    """Draft, review, approve, publish, link, subscribe; then ask the ledger."""
    base = f"http://127.0.0.1:{os.environ['PORT']}"
    _until(lambda: _get(f"{base}/livez") is not None, "the web server answers")
    _until(lambda: _get(f"{demo.sandbox_url()}/control/ledger") is not None, "the sandbox answers")
    app = create_app()
    with app.app_context():
        steps.tell("started", url=base)
        author, editor, admin = demo.staff()
        blog, x, page = demo.connect_accounts(admin)
        story = demo.make_story(author, blog, x, page)
        steps.tell("drafted", story=story.id, posts=[post.id for post in story.posts])
        review.submit_story(author, story)
        steps.tell("submitted")
        _feed, feed_url = feeds.make(editor, "rehearsal", {}, "full", "ko")
        due = clock.now() + timedelta(seconds=DUE_IN_S)
        revisions = {post.id: post.revision for post in story.posts}
        deliveries.approve_story(editor, story, revisions, due, demo.ZONE)
        steps.tell("approved", due_at=due.isoformat())
        story_id = story.id
        post_ids = [post.id for post in story.posts]
        _until(lambda: _all_published(post_ids), "all three posts are published")
        found = _published(post_ids)
        steps.tell("published", **found)
        for platform, entry in _ledger(found).items():
            steps.tell("ledger", platform=platform, id=entry["id"], posts=1)
        _check_article(steps, found)
        _check_feed(steps, feed_url, story_id)
        steps.tell("done", ledger=len(_ledger(found)))


def _published(post_ids: list[int]) -> dict[str, str]:
    db.session.rollback()
    posts = [stories.get_post(None, post_id) for post_id in post_ids]
    return {post.account.slug: post.url for post in posts if post.shown_status == "published"}


def _all_published(post_ids: list[int]) -> bool:
    return len(_published(post_ids)) == len(post_ids)


def _ledger(found: dict[str, str]) -> dict[str, Entry]:
    entries = requests.get(f"{demo.sandbox_url()}/control/ledger", timeout=5).json()
    return judged(entries, found["blog"])


def judged(entries: list[Entry], article: str) -> dict[str, Entry]:
    """All that was ever posted, by platform: one tweet and one Facebook post, whose only address is the
    article's. Raises Failed where there is anything else, be it a second copy without that address."""
    platforms = sorted(entry["platform"] for entry in entries)
    if platforms != ["facebook", "x"]:
        raise Failed(f"the ledger holds {platforms}, and not one post on each of facebook and x")
    for entry in entries:
        said = {*ADDRESS.findall(entry["text"]), entry["link"]} - {""}
        addresses = {MARKER.sub("", address) for address in said}
        if addresses != {article}:
            raise Failed(f"the post on {entry['platform']} carries {sorted(addresses)}")
    return {entry["platform"]: entry for entry in entries}


def _check_article(steps: Steps, found: dict[str, str]) -> None:
    """The blog page shows both addresses, once the links were written back."""

    def both() -> bool:
        page = _get(found["blog"]) or ""
        return all(found[slug] in page for slug in ("x", "facebook"))

    _until(both, "the article shows both addresses")
    steps.tell("linked back", article=found["blog"])


def _check_feed(steps: Steps, url: str, story_id: int) -> None:
    feed = _get(url) or ""
    events = feed.count("BEGIN:VEVENT")
    if "공장 자동화 1년" not in feed.replace("\r\n ", ""):
        raise Failed("the feed does not show the story")
    steps.tell("subscribed", events=events, story=story_id)


def _get(url: str) -> str | None:
    try:
        answer = requests.get(url, timeout=5)
    except requests.RequestException:
        return None
    answer.encoding = "utf-8"
    return answer.text if answer.ok else None


def _until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > deadline:
            raise Failed(f"waited {PATIENCE_S:.0f} seconds in vain until {what}")
        time.sleep(0.1)


if __name__ == "__main__":
    main()
