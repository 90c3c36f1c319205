"""kill -9 in the middle of things: each post still appears exactly once. The ledger is the oracle."""

from __future__ import annotations

import signal
import time

import pytest

from tests.faults.installation import Installation
from tests.faults.processes import kill

pytestmark = pytest.mark.timeout(180)

TEXTS = ("하나", "둘", "셋", "넷")


def all_published(installation: Installation) -> bool:
    return set(installation.statuses()) == {"published"}


@pytest.mark.parametrize("seconds", [0.4, 1.2], ids=["answered-late", "never-answered"])
def test_a_worker_killed_in_the_middle_of_sending(
    installation: Installation, seconds: float
) -> None:
    kind = "latency" if seconds < 1 else "accept_then_hang"
    installation.sandbox.fault(kind, match={"path": "/2/tweets"}, times=4, seconds=seconds)
    installation.post(*TEXTS)
    installation.until(installation.on_the_wire)

    assert installation.kill_workers() >= 2

    installation.until(lambda: all_published(installation))
    assert installation.ledger() == sorted(TEXTS)


def test_only_the_horse_is_killed(installation: Installation) -> None:
    installation.sandbox.fault("accept_then_hang", match={"path": "/2/tweets"}, times=4, seconds=1)
    installation.post(*TEXTS)
    installation.until(installation.on_the_wire)

    assert kill(installation.horses())

    installation.until(lambda: all_published(installation))
    assert installation.ledger() == sorted(TEXTS)


def test_the_dispatcher_killed_before_the_time_has_come(installation: Installation) -> None:
    installation.post(*TEXTS, in_s=3.0)
    installation.until(lambda: bool(installation.dispatchers()))

    assert kill(installation.dispatchers()) == 1

    installation.until(lambda: all_published(installation))
    assert installation.ledger() == sorted(TEXTS)


def test_valkey_killed_while_posts_are_due(installation: Installation) -> None:
    installation.post(*TEXTS, in_s=1.5)

    assert installation.kill_valkey() == 1
    time.sleep(0.5)
    installation.kill_valkey()

    installation.until(lambda: all_published(installation))
    assert installation.ledger() == sorted(TEXTS)


def test_ctrl_c_finishes_what_is_on_the_wire_and_leaves_no_process(
    installation: Installation,
) -> None:
    installation.sandbox.fault("latency", match={"path": "/2/tweets"}, times=4, seconds=0.5)
    installation.post(*TEXTS)
    installation.until(installation.on_the_wire)

    assert installation.process is not None
    installation.process.send_signal(signal.SIGINT)
    installation.process.wait(60)

    assert installation.family() == []
    assert not installation.on_the_wire()
    assert "unconfirmed" not in installation.statuses()
