"""What a mutant is, and where the guards of delivery stand."""

from __future__ import annotations

from dataclasses import dataclass

CLAIM, DELIVER, SETTLE, SWEEP, STATE, RULES, MODELS, PLAN, RECONCILE, SERVICE, QUARANTINE = (
    f"publisher/deliveries/{name}.py"
    for name in (
        *("claim", "deliver", "settle", "sweep", "state", "rules", "models", "plan"),
        *("reconcile", "service", "quarantine"),
    )
)
STORAGE, REVIEW = "publisher/storage.py", "publisher/stories/review.py"
CONSTRAINTS = ("tests/simulation/test_constraints.py",)
VERDICTS = ("tests/rules/test_delivery_rules.py",)
DELIVERIES = "tests/features/test_deliveries.py"
LINKS = "tests/features/test_deliveries_links.py"
RACES = ("tests/features/test_deliveries_races.py",)


@dataclass(frozen=True)
class Mutant:
    """Without `old`, which is there exactly once, `guard` is gone; one of `tests` must fail then."""

    guard: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]


def before(*names: str) -> tuple[str, ...]:
    """Tests of `test_before_the_wire.py`."""
    return tuple(f"tests/simulation/test_before_the_wire.py::test_{name}" for name in names)


def after(*names: str) -> tuple[str, ...]:
    """Tests of `test_after_the_wire.py`."""
    return tuple(f"tests/simulation/test_after_the_wire.py::test_{name}" for name in names)


def order(*names: str) -> tuple[str, ...]:
    """Tests of `test_time_and_order.py`."""
    return tuple(f"tests/simulation/test_time_and_order.py::test_{name}" for name in names)
