"""Stopping in order: each role is asked once, and given the time that a call may take."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from workers.supervisor import Role, Supervisor

ASKED_TWICE = 9
PROGRAM = """
import signal, sys, threading
asked = []
def stop(number, frame):
    asked.append(number)
    if len(asked) > 1:
        sys.exit({twice})
signal.signal(signal.SIGTERM, stop)
print("ready", flush=True)
while not asked:
    threading.Event().wait(0.05)
threading.Event().wait(float(sys.argv[1]))
"""


def test_no_worker_is_asked_twice_which_would_kill_what_is_on_the_wire(tmp_path: Path) -> None:
    supervisor = Supervisor(lambda _said: None, deadline_s=10.0)
    program = PROGRAM.format(twice=ASKED_TWICE)
    for number, seconds in ((1, "0.2"), (2, "0.8")):
        command = [sys.executable, "-c", program, seconds]
        log = tmp_path / f"worker-{number}.log"
        role = Role(f"worker-{number}", command, dict(os.environ), log)
        role.start()
        supervisor.roles.append(role)
        while "ready" not in log.read_text():
            assert role.process is not None and role.process.poll() is None

    supervisor.stop()

    assert [role.process and role.process.returncode for role in supervisor.roles] == [0, 0]
