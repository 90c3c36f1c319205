"""One storm from its first post until nothing moves any more."""

from __future__ import annotations

import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.faults.installation import Installation, Knobs, running
from tests.faults.storm import weather
from tests.faults.storm.people import People
from tests.faults.storm.plan import Plan
from tests.faults.storm.platform import WatchedSandbox
from tests.faults.storm.report import Report, timelines
from tests.faults.storm.verdicts import Court, Verdict, doubts, unsettled
from tests.faults.storm.weather import Weather

SCALE = 0.1
PATIENCE_S = 180.0
"""How long everything may take to settle once the faults have stopped."""


@dataclass
class Aftermath:
    """A storm that is over, on an installation that still runs."""

    installation: Installation
    people: People
    platform: WatchedSandbox
    weather: Weather
    spoilt: Counter[str]
    begun: float

    def verdicts(self, ledger: Sequence[dict[str, Any]]) -> list[Verdict]:
        """What became of each post if the platforms hold that."""
        timings = self.installation.app.extensions["settings"].timings
        return Court(ledger, self.people.told, timings.settle).verdicts()

    def report(self) -> Report:
        verdicts = self.verdicts(self.platform.ledger())
        return Report(
            plan=self.people.plan,
            database="postgresql" if self.installation.knobs.database_url else "sqlite",
            scale=SCALE,
            verdicts=verdicts,
            seen=self.platform.seen,
            doubts=doubts(),
            struck=self.weather.struck,
            faults=self.spoilt,
            died=sum(not order.exists() for order in self.people.orders),
            timelines=[*timelines(verdicts), *_logs(self.installation, verdicts)],
            seconds=time.monotonic() - self.begun,
        )


@contextmanager
def storm(
    folder: Path,
    plan: Plan,
    *,
    workers: int = 3,
    database_url: str = "",
    say: Callable[[str], None] = lambda _: None,
) -> Iterator[Aftermath]:
    """Let it storm as planned, then wait until everything has settled."""
    os.environ["PGAPPNAME"] = weather.NAME
    knobs = Knobs(workers=workers, scale=SCALE, database_url=database_url)
    platform = WatchedSandbox(timeline_lag_seconds=0, rate_limits=False, duplicate_window_seconds=0)
    begun = time.monotonic()
    with running(folder, knobs, platform) as installation:
        people, blows = People(installation, plan), Weather(installation, plan)
        people.connect()
        _spoil(platform, plan.seed)
        blows.start()
        threading.Thread(target=_tell, args=(people, blows, say), daemon=True).start()
        people.work(lambda: blows.failed is not None)
        blows.join()
        if blows.failed:
            raise blows.failed
        spoilt = _spoilt(platform)
        say("calm: waiting until nothing moves any more")
        blows.calm()
        people.reconnect()
        _settle(say)
        yield Aftermath(installation, people, platform, blows, spoilt, begun)


def _spoil(platform: WatchedSandbox, seed: int) -> None:
    """The weather of the network: reads that fail, answers that are slow, connections that break."""
    platform.fault("read_fails", {"method": "GET"}, None, 0.15, seed)
    platform.fault("latency", {}, None, 0.1, seed + 1, seconds=0.2)
    platform.fault("reset_before", {"method": "POST"}, None, 0.03, seed + 2)


def _spoilt(platform: WatchedSandbox) -> Counter[str]:
    """How often each fault hit."""
    with platform.world.faults._lock:
        used: Counter[str] = Counter()
        for rule in platform.world.faults._rules:
            used[rule.kind] += rule.used
    return +used


def _settle(say: Callable[[str], None]) -> None:
    """Wait until no delivery moves by itself any more. What still does then is judged as it is."""
    deadline = time.monotonic() + PATIENCE_S
    said = 0
    while (left := unsettled()) and time.monotonic() < deadline:
        if left != said:
            say(f"{left} deliveries still move")
        said = left
        time.sleep(0.5)


def _logs(installation: Installation, verdicts: Sequence[Verdict]) -> list[str]:
    return [installation.logs()] if any(each.fate.broken for each in verdicts) else []


def _tell(people: People, blows: Weather, say: Callable[[str], None]) -> None:
    while blows.is_alive():
        time.sleep(10)
        say(
            f"{len(people.told)} of {people.plan.posts} posts approved, {blows.struck.total()} blows"
        )
