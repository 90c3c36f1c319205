"""Pages while 1,000 posts go out: how long people wait, and whether a post is early or overtaken."""

from __future__ import annotations

import statistics
import time
import urllib.request
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import cycle, pairwise
from typing import Any

from sqlalchemy import select

from bench import data, rig
from bench.rig import House
from publisher import clock
from publisher.deliveries.models import Delivery
from publisher.extensions import db
from publisher.people import sessions
from publisher.people.models import User

WORKERS, SENDERS, ACCOUNTS = 2, 4, 50
LATENCY_S = 0.3


def measure(quick: bool) -> dict[str, Any]:
    """Milliseconds over HTTP, one person clicking through the pages: at rest, then while all are due."""
    posts = 40 if quick else 1_000
    settings = {"PUBLISHER_WORKERS": str(WORKERS), "PUBLISHER_SENDERS": str(SENDERS)}
    with (
        rig.house(**settings) as house,
        rig.platform(house.home, latency_s=LATENCY_S) as platform,
        rig.installation(house, WORKERS),
    ):
        owners = data.x_accounts(platform, ACCOUNTS)
        due = clock.now() + timedelta(seconds=6 if quick else 20)
        drafts = data.tweets(posts)
        dues = [due + timedelta(milliseconds=n) for n in range(posts)]
        data.schedule(house, owners, drafts, dues)
        reader = _Reader(house, house.editor, posts)
        calm = reader.click_until(lambda: clock.now() >= due)
        begun = time.monotonic()
        busy = reader.click_until(lambda: data.published() == posts, patience_s=300)
        seconds = time.monotonic() - begun
        due_of = {draft.text: at for draft, at in zip(drafts, dues, strict=True)}
        created = platform.creates()
        early = sum(
            datetime.fromisoformat(each["created_at"]) < due_of[each["text"]] for each in created
        )
        overtaken = _overtaken()
    return {
        "n": posts,
        "accounts": ACCOUNTS,
        "burst_s": round(seconds, 1),
        "pages_ms": busy,
        "early": early,
        "overtaken": overtaken,
        "doubled": len(created) - posts,
        "what": "whole answers over HTTP, by page",
        "aim": "p95 <= 200 for each page, early 0, overtaken 0",
        "baseline": {"same_pages_at_rest_ms": calm},
    }


class _Reader:
    """One signed-in person who opens one page after the other."""

    def __init__(self, house: House, user: User, posts: int) -> None:
        self.paths: Mapping[str, str] = {
            "month": f"/calendar/{clock.now():%Y/%-m}",
            "list": "/stories",
            "story": f"/stories/{posts // 2}",
            "review": "/review",
        }
        self.base = f"http://127.0.0.1:{house.config.port}"
        token = sessions.begin_session(user, "bench")
        signer = house.app.session_interface.get_signing_serializer(house.app)  # type: ignore[attr-defined]
        self.cookie = f"{house.app.config['SESSION_COOKIE_NAME']}={signer.dumps({'token': token})}"

    def click_until(self, done: Any, patience_s: float = 60.0) -> dict[str, dict[str, float]]:
        """Open the pages in turn until `done`; how long each took."""
        took: dict[str, list[float]] = {name: [] for name in self.paths}
        deadline = time.monotonic() + patience_s
        for name in cycle(self.paths):
            took[name].append(rig.timed(partial(self._open, self.paths[name])))
            if min(map(len, took.values())) >= 2 and done():
                return {name: _p95(each) for name, each in took.items()}
            if time.monotonic() > deadline:
                raise TimeoutError(f"not sent within {patience_s:g} s")
            time.sleep(0.05)
        raise AssertionError

    def _open(self, path: str) -> None:
        request = urllib.request.Request(self.base + path, headers={"Cookie": self.cookie})
        with urllib.request.urlopen(request, timeout=60) as answer:
            answer.read()
            if answer.url != self.base + path:
                raise RuntimeError(f"{path} led to {answer.url}")


def _p95(milliseconds: Sequence[float]) -> dict[str, float]:
    return {
        "p50": round(statistics.median(milliseconds), 1),
        "p95": round(statistics.quantiles(milliseconds, n=20, method="inclusive")[-1], 1),
        "pages": len(milliseconds),
    }


def _overtaken() -> int:
    """Posts that went on the wire before an older one of their own account."""
    db.session.rollback()
    query = select(Delivery.account_id, Delivery.due_at, Delivery.wire_at)
    rows = db.session.execute(query.order_by(Delivery.account_id, Delivery.due_at)).all()
    return sum(
        one.account_id == next_.account_id and next_.wire_at < one.wire_at
        for one, next_ in pairwise(rows)
    )
