"""Dispatchers and workers of several hosts on one PostgreSQL: nothing is claimed by two of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.claims import quarrel

pytestmark = pytest.mark.timeout(300)


def test_hosts_that_quarrel_about_the_same_posts_send_each_once(
    tmp_path: Path, postgres_url: str
) -> None:
    tally = quarrel(tmp_path, postgres_url, 300, workers=4)

    assert tally.kept, str(tally)
    assert len(tally.by_host) > 1, str(tally)
