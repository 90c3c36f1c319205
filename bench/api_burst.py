"""1,000 posts due at once over 50 accounts against a 300 ms API, beside a bare pool of as many threads."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

from bench import data, rig
from bench.rig import House, Platform
from channels.base import Content
from publisher import clock
from publisher.accounts import service as accounts
from publisher.accounts.models import Account

WORKERS, SENDERS = 4, 8
ACCOUNTS = 50
LATENCY_S = 0.3


def measure(quick: bool) -> dict[str, Any]:
    """From the instant at which all are due until the last receipt is in the database."""
    posts = 64 if quick else 1_000
    settings = {"PUBLISHER_WORKERS": str(WORKERS), "PUBLISHER_SENDERS": str(SENDERS)}
    with (
        rig.house(**settings) as house,
        rig.platform(house.home, latency_s=LATENCY_S) as platform,
    ):
        owners = data.x_accounts(platform, ACCOUNTS)
        seconds = _ours(house, platform, owners, posts)
        pool = _pool(owners, posts)
    return {
        "n": posts,
        "accounts": ACCOUNTS,
        "senders": WORKERS * SENDERS,
        "latency_ms": LATENCY_S * 1000,
        "seconds": round(seconds, 2),
        "per_s": round(posts / seconds, 1),
        "aim": "seconds < 15",
        "baseline": {
            "ideal_s": round(posts * LATENCY_S / (WORKERS * SENDERS), 2),
            "bare_thread_pool_s": round(pool, 2),
        },
    }


def _ours(house: House, platform: Platform, owners: Sequence[Account], posts: int) -> float:
    with rig.installation(house, WORKERS):
        due = clock.now() + timedelta(seconds=20 if posts > 100 else 6)
        data.schedule(house, owners, data.tweets(posts), [due] * posts)
        if clock.now() >= due:
            raise RuntimeError("the data was not ready in time")
        clock.wait_until(due)
        done = rig.wait_for(lambda: data.published() == posts, 120, house.home / "up.log")
        if (created := len(platform.creates())) != posts:
            raise RuntimeError(f"{created} posts appeared instead of {posts}")
    return done - due.timestamp()


def _pool(owners: Sequence[Account], posts: int) -> float:
    """The same creates through the same adapter from one process's threads, without any database."""
    texts = [draft.text for draft in data.tweets(2 * posts)[posts:]]
    opened = [accounts.open_channel(account) for account in owners]

    def create(n: int) -> None:
        channel = opened[n % len(opened)]
        channel.publish(Content(text=texts[n]), key="", on_wire=lambda: None)

    begun = time.perf_counter()
    with ThreadPoolExecutor(WORKERS * SENDERS) as pool:
        list(pool.map(create, range(posts)))
    return time.perf_counter() - begun
