"""Who holds a claim, and when it is seen that nobody does any more."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from publisher.deliveries.claim import started


def test_a_process_that_runs_is_known_by_when_it_started() -> None:
    assert started(os.getpid()).isdigit()


def test_a_dead_process_whose_remains_nobody_collects_is_dead() -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    try:
        stat = Path(f"/proc/{process.pid}/stat")
        deadline = time.monotonic() + 30
        while stat.read_text().rpartition(")")[2].split()[0] != "Z":
            assert time.monotonic() < deadline
            time.sleep(0.01)

        assert started(process.pid) == ""
    finally:
        process.wait()
