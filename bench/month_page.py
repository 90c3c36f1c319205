"""The month page with 1,000, 10,000 and 100,000 posts in the database: flat, as it reads one month only."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from bench import data, rig
from bench.rig import House
from publisher import clock
from publisher.accounts.models import Account

A_MONTH = 120
"""Posts in the month that is looked at, whatever the database holds besides."""


def measure(quick: bool) -> dict[str, Any]:
    """Server time by Flask's test client, the editor signed in; the same month each time."""
    sizes = (200, 400) if quick else (1_000, 10_000, 100_000)
    found: dict[str, float] = {}
    with rig.house() as house:
        owner = data.blog()
        client = rig.signed_in(house, house.editor)
        today = clock.now()
        month = today.replace(day=1, hour=3, minute=0)
        _add(house, owner, [month + timedelta(hours=n * 24 * 28 / A_MONTH) for n in range(A_MONTH)])
        path, held, empty = f"/calendar/{today:%Y/%-m}", A_MONTH, f"/calendar/{today.year + 9}/1"
        for size in sizes:
            rest = size - held
            _add(
                house, owner, [month - timedelta(days=40 + n % 900, minutes=n) for n in range(rest)]
            )
            held = size
            if (status := client.get(path).status_code) != 200:
                raise RuntimeError(f"{path} answered {status}")
            found[str(size)] = rig.median_ms(lambda: client.get(path), 3 if quick else 25)
        bare = rig.median_ms(lambda: client.get(empty), 3 if quick else 25)
    return {
        "posts_in_month": A_MONTH,
        "median_ms": found,
        "growth": round(found[str(sizes[-1])] / found[str(sizes[0])], 2),
        "what": "server time by Flask's test client",
        "aim": "growth about 1",
        "baseline": {"same_page_without_posts_ms": bare},
    }


def _add(house: House, owner: Account, dues: list[Any]) -> None:
    data.schedule(house, [owner], data.tweets(len(dues)), dues)
