"""Who writes first: what is due at this moment, in this process and in others."""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from publisher import turns
from publisher.turns import Turns

WAIT_S = 20.0


@pytest.fixture
def gate(tmp_path: Path) -> Path:
    return tmp_path / "urgent"


def asked(call: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=call, daemon=True)
    thread.start()
    return thread


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + WAIT_S
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.001)


def test_the_urgent_write_before_those_who_wait_longer(gate: Path) -> None:
    queue, order = Turns(gate), []

    def write(name: str, *, urgent: bool) -> None:
        with queue.take(WAIT_S, urgent=urgent):
            order.append(name)

    with queue.take(WAIT_S):
        waiting = [asked(lambda: write("rest", urgent=False))]
        until(lambda: bool(queue._rest._waiters))  # type: ignore[attr-defined]
        waiting += [asked(lambda: write("urgent", urgent=True)) for _ in range(2)]
        until(lambda: queue._urgent_waiting == 2)
    for thread in waiting:
        thread.join(WAIT_S)
    assert order == ["urgent", "urgent", "rest"]


def test_one_at_a_time_however_many_come(gate: Path) -> None:
    queue, inside, most = Turns(gate), [], []

    def write(number: int) -> None:
        for _ in range(20):
            with queue.take(WAIT_S, urgent=number % 2 == 0):
                inside.append(number)
                most.append(len(inside))
                inside.remove(number)

    for thread in [asked(lambda number=n: write(number)) for n in range(6)]:
        thread.join(WAIT_S)
    assert (len(most), max(most)) == (120, 1)


def test_who_is_not_urgent_lets_the_urgent_of_other_processes_pass(
    gate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "ASIDE_S", WAIT_S)
    here, elsewhere = Turns(gate), Turns(gate)
    written = threading.Event()

    def write() -> None:
        with here.take(WAIT_S):
            written.set()

    with elsewhere.take(WAIT_S, urgent=True):
        thread = asked(write)
        assert not written.wait(0.1)
        with here.take(WAIT_S, urgent=True):
            assert not written.is_set(), "the urgent do not wait for each other here"
    thread.join(WAIT_S)
    assert written.is_set()


def test_nobody_stands_aside_for_long(gate: Path) -> None:
    other = os.open(gate, os.O_RDWR | os.O_CREAT)
    try:
        fcntl.flock(other, fcntl.LOCK_SH)
        begin = time.monotonic()
        with Turns(gate).take(WAIT_S):
            assert turns.ASIDE_S <= time.monotonic() - begin < WAIT_S / 2
    finally:
        os.close(other)


@pytest.mark.parametrize("urgent", [False, True])
def test_who_has_waited_long_enough_goes_on_without_a_turn(*, urgent: bool, gate: Path) -> None:
    queue = Turns(gate)
    with queue.take(WAIT_S):
        with queue.take(0.02, urgent=urgent):
            pass
        assert queue._taken, "it is still the first one's turn"
    with queue.take(0.02, urgent=urgent):
        assert queue._taken
    assert not queue._taken
