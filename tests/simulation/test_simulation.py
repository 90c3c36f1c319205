"""Any order of people, faults and time keeps the promise: once, on time, or visibly waiting for a person."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.simulation.machine import Newsroom
from tests.simulation.world import World

RUNS = int(os.environ.get("RUNS") or 0)
"""How many runs to try; without it the same few each time, so that this test never fails by chance."""
FEW = 20


@pytest.mark.timeout(0 if RUNS else 900)
def test_whatever_happens_each_post_is_there_once_or_waits_for_a_person(world: World) -> None:
    Newsroom.world = world
    run_state_machine_as_test(
        Newsroom,
        settings=settings(
            max_examples=RUNS or FEW,
            stateful_step_count=30,
            derandomize=not RUNS,
            deadline=None,
            database=None,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert world.runs >= (RUNS or FEW)
