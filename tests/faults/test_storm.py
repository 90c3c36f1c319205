"""A short storm: whatever breaks, each post appears once or visibly waits for a person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.faults.storm.plan import BLOWS, draw
from tests.faults.storm.run import Aftermath, storm
from tests.faults.storm.verdicts import Fate

pytestmark = pytest.mark.timeout(400)

SEED, POSTS, SECONDS = 1, 60, 15.0


def test_a_storm_loses_nothing_and_posts_nothing_twice(tmp_path: Path) -> None:
    with storm(tmp_path, draw(SEED, POSTS, SECONDS)) as aftermath:
        report = aftermath.report()

        assert report.kept, str(report)
        assert len(report.verdicts) == POSTS
        assert sum(verdict.fate == Fate.PUBLISHED for verdict in report.verdicts) > POSTS / 2
        _the_judge_is_not_blind(aftermath)


def test_a_seed_is_a_storm() -> None:
    assert draw(7, 200, 60) == draw(7, 200, 60)
    assert draw(7, 200, 60) != draw(8, 200, 60)
    assert {blow.kind for blow in draw(7, 200, 60).blows} == set(BLOWS)


def _the_judge_is_not_blind(aftermath: Aftermath) -> None:
    """It sees what the product's own pages would not show: the same storm with another ledger is broken."""
    ledger = aftermath.platform.ledger()
    fates = Counter(each.fate for each in aftermath.verdicts(ledger))
    once = next(each for each in ledger if each["text"].endswith(" v1"))
    others = [each for each in ledger if each is not once]

    def seen(*entries: dict[str, Any]) -> Sequence[Fate]:
        now = Counter(each.fate for each in aftermath.verdicts([*others, *entries]))
        return sorted(now - fates)

    assert seen(once) == []
    assert seen() == [Fate.LOST]
    assert seen(once, _later(once, 600)) == [Fate.DUPLICATED]
    assert seen(_later(once, -600)) == [Fate.EARLY]


def _later(entry: dict[str, Any], seconds: float) -> dict[str, Any]:
    at = datetime.fromisoformat(entry["created_at"]) + timedelta(seconds=seconds)
    return {**entry, "created_at": at.isoformat()}
