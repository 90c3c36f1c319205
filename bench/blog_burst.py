"""How fast the hosted blog publishes: 1,000 posts due at once, beside what the database alone allows."""

from __future__ import annotations

import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

from redis import Redis
from rq import Queue
from sqlalchemy import insert

from bench import data, rig
from bench.rig import House
from bench.rq_job import note_start
from bench.start_lag import rq_workers
from publisher import clock
from publisher.blog.models import Article
from publisher.storage import writing

WORKERS = 2


def measure(quick: bool) -> dict[str, Any]:
    """From the instant at which all are due until the last one can be read, everything included."""
    posts = 40 if quick else 1_000
    with rig.house(PUBLISHER_WORKERS=str(WORKERS)) as house:
        seconds = _ours(house, posts)
        bare = _bare(posts)
    return {
        "n": posts,
        "seconds": round(seconds, 2),
        "per_s": round(posts / seconds, 1),
        "aim": "per_s >= 200",
        "baseline": {
            "insert_and_commit_per_s": round(posts / bare, 1),
            "rq_forked_job_per_post_per_s": round(_forked(posts if quick else 200), 1),
        },
    }


def _ours(house: House, posts: int) -> float:
    owner = data.blog()
    with rig.installation(house, WORKERS):
        due = clock.now() + timedelta(seconds=20 if posts > 100 else 6)
        data.schedule(house, [owner], data.articles(posts), [due] * posts)
        if clock.now() >= due:
            raise RuntimeError("the data was not ready in time")
        clock.wait_until(due)
        done = rig.wait_for(lambda: data.published() == posts, 120, house.home / "up.log")
    return done - due.timestamp()


def _bare(posts: int) -> float:
    """A plain loop over rendered articles: one INSERT and one commit each, with nothing around it."""
    begun = time.perf_counter()
    for n, draft in enumerate(data.articles(posts)):
        now = clock.now()
        with writing() as session:
            session.execute(
                insert(Article).values(
                    key=f"bare-{n}",
                    slug=f"bare-{n}",
                    title=draft.title,
                    text=draft.text,
                    html=draft.text,
                    published_at=now,
                    updated_at=now,
                )
            )
    return time.perf_counter() - begun


def _forked(posts: int) -> float:
    """RQ's way, one forked job per post, each of which does nothing but note the time. Posts per second."""
    with tempfile.TemporaryDirectory(prefix="bench-rq-") as folder:
        noted = Path(folder) / "noted"
        noted.touch()
        with rq_workers(Path(folder), WORKERS) as url, Redis.from_url(url) as redis:
            queue = Queue("baseline", connection=redis)
            begun = time.time()
            for _ in range(posts):
                queue.enqueue(note_start, begun, str(noted), result_ttl=0)
            done = rig.wait_for(lambda: noted.read_bytes().count(b"\n") == posts, 120)
    return posts / (done - begun)
