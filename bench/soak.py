"""Memory of a whole `publisher up` that works for minutes (an hour with --full): does it grow?"""

from __future__ import annotations

import os
import time
import urllib.error
import urllib.request
from datetime import timedelta
from functools import partial
from typing import Any

from bench import data, processes, rig
from publisher import clock

WORKERS = 2
EACH_S = 5.0


def measure(quick: bool) -> dict[str, Any]:
    """Every five seconds some posts fall due and the public pages are read; memory (PSS) after each round."""
    seconds = 1.0 if quick else 3600.0 if os.environ.get("BENCH_FULL") else 240.0
    with rig.house(PUBLISHER_WORKERS=str(WORKERS)) as house:
        blog, sent = data.blog(), 0
        with rig.installation(house, WORKERS) as root:
            base, until = f"http://127.0.0.1:{house.config.port}", time.monotonic() + seconds
            found: list[float] = []
            while time.monotonic() < until:
                due = clock.now() + timedelta(seconds=1.5)
                drafts = data.articles(sent + 20)[sent:]
                data.schedule(house, [blog], drafts, [due] * len(drafts))
                sent += len(drafts)
                for path in ("/blog", "/blog/atom.xml", "/sign-in", "/healthz"):
                    _read(base + path)
                rig.wait_for(partial(_out, sent), 60, house.home / "up.log")
                time.sleep(min(EACH_S, seconds))
                found.append(processes.memory_mb(processes.family(root)))
    half = found[len(found) // 2 :]
    return {
        "over_s": seconds,
        "posts": sent,
        "memory_mb": {
            "begin": round(found[0], 1),
            "half": round(half[0], 1),
            "end": round(found[-1], 1),
            "max": round(max(found), 1),
        },
        "growth_in_second_half": round(found[-1] / half[0], 3),
        "what": "proportional set size of the supervisor and all below it",
        "aim": "growth_in_second_half < 1.05",
        "baseline": {"first_round_mb": round(found[0], 1)},
    }


def _out(sent: int) -> bool:
    return data.published() == sent


def _read(url: str) -> None:
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:
            answer.read()
    except urllib.error.HTTPError as error:
        if error.code >= 500:
            raise
