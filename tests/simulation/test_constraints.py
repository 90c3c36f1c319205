"""What the database itself refuses, whatever the code above it believes."""

from __future__ import annotations

import sqlite3

import pytest

from tests.simulation.newsroom import TWEET
from tests.simulation.people import People
from tests.simulation.world import World

OTHER = {"id": None, "run": 9, "marker": "another", "remote_id": None}


def twin(world: World, table: str, **changes: object) -> None:
    """Write the only row of a table a second time, with some columns changed."""
    ((row),) = world.read(f"SELECT * FROM {table}")
    values = {**dict(row), **changes}
    names, marks = ", ".join(values), ", ".join("?" * len(values))
    world.file.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", list(values.values()))


def test_one_account_sends_one_at_a_time(world: World, people: People) -> None:
    people.approve(TWEET)
    world.hear(stop="after-intent")
    with pytest.raises(sqlite3.IntegrityError):
        twin(world, "deliveries", **OTHER)


@pytest.mark.parametrize("same", ["run", "marker", "remote_id"])
def test_a_delivery_is_itself_only_once(world: World, people: People, same: str) -> None:
    people.approve(TWEET)
    world.hear()
    changes = {name: value for name, value in OTHER.items() if name != same}
    with pytest.raises(sqlite3.IntegrityError):
        twin(world, "deliveries", **changes)


def test_a_fence_is_held_once(world: World, people: People) -> None:
    people.approve(TWEET)
    world.hear()
    with pytest.raises(sqlite3.IntegrityError):
        twin(world, "attempts", id=None)


def test_what_differs_in_all_of_that_is_another_delivery(world: World, people: People) -> None:
    people.approve(TWEET)
    world.hear()
    twin(world, "deliveries", **OTHER)
