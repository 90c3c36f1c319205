"""A running sandbox and people who may post to it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sandbox.server import Sandbox
from tests.sandbox.people import PageOwner, XUser


@pytest.fixture
def sb() -> Iterator[Sandbox]:
    with Sandbox(timeline_lag_seconds=0.0) as running:
        yield running


@pytest.fixture
def hanbit(sb: Sandbox) -> XUser:
    return XUser(sb.x_url, sb.world.accounts.x["1001"].credentials())


@pytest.fixture
def owner(sb: Sandbox) -> PageOwner:
    return PageOwner(sb.facebook_url)
