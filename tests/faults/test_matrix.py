"""Crash point × network outcome: the part that fits here; `make faults` plays all of it on both databases."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.faults import matrix
from tests.faults.installation import Installation, Knobs, running
from tests.faults.matrix import OUTCOMES, POINTS, Case
from tests.faults.matrix_report import figures, story, table
from tests.faults.matrix_run import Matrix, Play
from tests.faults.oracle import Entry, Fate, judge

LIMIT_S = 240.0
pytestmark = pytest.mark.timeout(420)


def play(installation: Installation, cases: Sequence[Case]) -> list[Play]:
    plays = Matrix(installation, cases).play(LIMIT_S)
    broken = [play for play in plays if play.broken]
    stories = "\n".join(story(installation, each) for each in broken)
    assert not broken, f"\n{table(plays)}\n{figures(plays)}\n{stories}\n{installation.logs()}"
    return plays


def test_each_crash_and_each_outcome_keeps_the_promise(tmp_path: Path) -> None:
    with running(tmp_path / "run", Knobs(workers=3, senders=1)) as installation:
        plays = play(installation, matrix.short())

    assert figures(plays)["settled_share"] == 1.0


def test_each_crash_keeps_the_promise_on_postgresql(tmp_path: Path, postgres_url: str) -> None:
    knobs = Knobs(workers=3, senders=1, database_url=postgres_url)
    with running(tmp_path / "run", knobs) as installation:
        play(installation, matrix.shortest())


def test_the_whole_matrix_has_every_pair_of_point_and_outcome() -> None:
    cases = matrix.full()
    pairs = {(case.point.name, case.outcome.name) for case in cases if case.kind == "twitter"}

    assert pairs == {(point.name, outcome.name) for point in POINTS for outcome in OUTCOMES}
    assert len({case.word for case in cases}) == len(cases)


def told(shown: str, status: str = "", reason: str = "", paused: str = "") -> Entry:
    return Entry(1, shown, status or shown, reason, paused)


@pytest.mark.parametrize(
    ("posted", "entry", "fate"),
    [
        (1, told("published"), Fate.SETTLED),
        (0, told("published"), Fate.LOST),
        (2, told("published"), Fate.DUPLICATED),
        (2, told("needs_attention", reason="two_matches"), Fate.DUPLICATED),
        (1, told("needs_attention", reason="no_verdict"), Fate.WAITS),
        (0, told("needs_attention"), Fate.LOST),
        (0, told("failed", reason="X does not accept this post."), Fate.WAITS),
        (1, told("failed", reason="X does not accept this post."), Fate.HIDDEN),
        (1, told("missed", reason="missed"), Fate.HIDDEN),
        (0, told("scheduled", paused="Connect the account again."), Fate.WAITS),
        (1, told("unconfirmed", paused="Connect the account again."), Fate.WAITS),
        (0, told("sending", paused="Connect the account again."), Fate.OPEN),
        (0, told("scheduled"), Fate.OPEN),
        (1, told("unconfirmed"), Fate.OPEN),
        (0, told("cancelled"), Fate.LOST),
    ],
)
def test_the_oracle_tells_a_kept_promise_from_a_broken_one(
    posted: int, entry: Entry, fate: Fate
) -> None:
    assert judge(posted, entry) is fate
