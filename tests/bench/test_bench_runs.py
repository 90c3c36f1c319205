"""Each figure of `make bench` can be measured, on small numbers, and stands beside a baseline."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bench.__main__ import FIGURES

pytestmark = pytest.mark.timeout(900)
LONG = {"recovery", "idle", "growth", "under_load", "soak", "pages"}
"""Even their small numbers take minutes, or a browser: `make bench-quick` tries them."""
QUICK = [name for name in FIGURES if name not in LONG]

ROOT = Path(__file__).parents[2]


def start(*figures: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "bench", "--quick", *figures],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture(scope="module")
def lines() -> dict[str, dict[str, Any]]:
    """What a quick run prints, by figure; two processes measure half of them each."""
    running = [start(*QUICK[::2]), start(*QUICK[1::2])]
    said = [process.communicate() for process in running]
    assert [process.returncode for process in running] == [0, 0], said
    printed = [json.loads(line) for out, _progress in said for line in out.splitlines()]
    return {line["figure"]: line for line in printed}


@pytest.mark.parametrize("figure", QUICK)
def test_a_figure_is_one_line_with_its_aim_and_a_baseline(
    lines: dict[str, dict[str, Any]], figure: str
) -> None:
    line = lines[figure]

    assert line["aim"]
    numbers = [each for each in leaves(line["baseline"]) if isinstance(each, int | float)]
    assert numbers


def test_no_post_is_ever_early(lines: dict[str, dict[str, Any]]) -> None:
    assert lines["start_lag"]["early"] == 0
    assert lines["start_lag"]["commit_2"]["early"] == 0


def test_the_long_figures_are_figures() -> None:
    assert set(FIGURES) >= LONG


def test_an_unknown_figure_is_refused_with_those_there_are() -> None:
    process = start("speed")
    _out, said = process.communicate()

    assert process.returncode == 2
    assert "start_lag" in said


def leaves(value: object) -> list[object]:
    """All values in nested dicts."""
    if not isinstance(value, dict):
        return [value]
    return [leaf for each in value.values() for leaf in leaves(each)]
