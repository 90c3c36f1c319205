"""The pages of a bad day, in both languages, themes and widths: whoever must act can read what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from playwright.sync_api import BrowserContext

from channels.base import Quota
from publisher import clock
from publisher.accounts import authority, health, timekeeping
from publisher.accounts import service as accounts
from publisher.accounts.rules import Reading
from publisher.config import Config
from publisher.deliveries import preflight
from publisher.effects.models import Effect
from publisher.storage import writing
from publisher.stories.rules import Draft
from tests.journeys.conftest import Site
from tests.journeys.test_accessibility import LOOKS, Look, window
from tests.plugins.app import Cast

pytestmark = pytest.mark.browser


@pytest.fixture
def config(config: Config, look: Look) -> Config:
    return replace(config, language=look.language)


@pytest.fixture
def bad_day(site: Site) -> Iterator[int]:
    """X is silent, Facebook blocks the page, the clock was moved, posts are planned. Gives one's id."""
    room = site.newsroom
    drafts = {"x": Draft(text="짧은 소식"), "page": Draft(text="긴 소식")}
    story = room.approve(room.story("x", "page", **drafts), in_s=20 * 3600)
    x, page = accounts.by_slug("x"), accounts.by_slug("page")
    with writing() as session:
        for _ in range(5):
            health.unanswered(x)
        accounts.throttle(x, clock.now() + timedelta(minutes=15))
        x.expires_at = clock.now() + timedelta(hours=12)
        health.metered(page, Quota(used_percent=83.0))
        problem = "Facebook has restricted posting for this Page."
        authority.lose(page, problem, used=page.credentials)
        for kind, problem in (("links", "Facebook did not change the post."), ("mail", "OSError")):
            desired = {"post_id": room.post(story, "page").id}
            stuck = {"attempts": 7, "problem": problem, "created_at": clock.now()}
            session.add(Effect(kind=kind, key=f"{kind}:1", desired=desired, **stuck))
    post_id = room.post(story, "x").id
    for slug in drafts:
        preflight.look(room.delivery(story, slug).id)
    reading = Reading(wall=1_795_000_000.0, boot=5_000.0, boot_id="this start")
    readings = [reading, replace(reading, wall=reading.wall + 7500)]
    timekeeping.set_source(lambda: readings[0] if len(readings) > 1 else readings[-1])
    readings.pop(0)
    timekeeping.watch()
    yield post_id
    timekeeping.set_source(None)


@pytest.mark.timeout(240)
@pytest.mark.parametrize("look", LOOKS[:2], ids=str)
def test_pages_of_a_bad_day_are_for_everybody(
    app: Flask,
    site: Site,
    cast: Cast,
    new_context: Callable[..., BrowserContext],
    bad_day: int,
    look: Look,
) -> None:
    admin = window(app, new_context, site, look, cast.ada)
    addresses = [
        *("/", "/accounts", "/accounts/x", "/accounts/page", "/attention", "/notices"),
        f"/posts/{bad_day}/deliveries",
    ]
    for address in addresses:
        admin.go(address)
        admin.check(address)
    assert not admin.wrong, "\n".join(admin.wrong)
