"""One simulated newsroom for all tests here; each begins anew in it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.simulation.newsroom import newsroom
from tests.simulation.people import People
from tests.simulation.world import World


@pytest.fixture(scope="module")
def _room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with newsroom(tmp_path_factory.mktemp("simulation")) as world:
        yield world


@pytest.fixture
def world(_room: World) -> World:
    _room.begin()
    return _room


@pytest.fixture
def people(world: World) -> People:
    return People(world)
