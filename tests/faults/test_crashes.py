"""Crash points: armed in tests only, and each order kills once, and whom it names."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from publisher import crashes
from publisher.config import Config, ConfigError

PROGRAM = """
import os, sys, time
from pathlib import Path
from publisher.crashes import arm, crash_point, killing_by

arm(killing_by(Path(sys.argv[1])))
if sys.argv[2] == "forks" and os.fork():
    time.sleep(60)
crash_point("after-wire", 8)
crash_point("after-wire", 7)
crash_point("after-wire", 7)
Path(sys.argv[1], "lived").touch()
"""


def run(folder: Path, how: str) -> int:
    """The exit status of a program that passes the crash points of deliveries 8, 7 and 7 again."""
    return subprocess.run([sys.executable, "-c", PROGRAM, folder, how], check=False).returncode


def test_an_order_kills_the_one_that_passes_and_no_second_time(tmp_path: Path) -> None:
    order = tmp_path / "after-wire.7"
    order.write_text("self")

    assert run(tmp_path, "alone") == -signal.SIGKILL
    assert not order.exists()
    assert run(tmp_path, "alone") == 0
    assert (tmp_path / "lived").exists()


def test_an_order_may_name_the_parent_that_forked(tmp_path: Path) -> None:
    (tmp_path / "after-wire.7").write_text("parent")

    assert run(tmp_path, "forks") == -signal.SIGKILL
    deadline = time.monotonic() + 30
    while not (tmp_path / "lived").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert (tmp_path / "lived").exists()


def test_who_was_not_forked_kills_no_parent(tmp_path: Path) -> None:
    (tmp_path / "after-wire.7").write_text("parent")

    assert run(tmp_path, "alone") == 0


def test_an_order_may_name_a_process_and_a_dead_one_dies_no_second_time(tmp_path: Path) -> None:
    victim = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    (tmp_path / "after-wire.7").write_text(str(victim.pid))

    assert run(tmp_path, "alone") == 0
    assert victim.wait(30) == -signal.SIGKILL
    (tmp_path / "after-wire.7").write_text(str(victim.pid))
    assert run(tmp_path, "alone") == 0


def test_no_production_process_can_be_armed(tmp_path: Path) -> None:
    environment = {"PUBLISHER_HOME": str(tmp_path), "PUBLISHER_CRASHES": str(tmp_path)}

    for kind in ("production", "demo"):
        with pytest.raises(ConfigError, match="PUBLISHER_CRASHES is for tests"):
            Config.from_environment({**environment, "PUBLISHER_ENVIRONMENT": kind})
    armed = Config.from_environment({**environment, "PUBLISHER_ENVIRONMENT": "test"})
    assert armed.crashes == tmp_path


def test_unarmed_a_crash_point_does_nothing() -> None:
    crashes.arm(None)

    for name in crashes.POINTS:
        crashes.crash_point(name, os.getpid())
