"""Real installations for the tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.installation import Installation, Knobs, running


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    """`publisher up` on an empty home, with all waits at a tenth."""
    with running(tmp_path, Knobs()) as installation:
        yield installation
