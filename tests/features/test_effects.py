"""The outbox: asked once, done once, tried again, and shown when it gives up."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

import pytest
from flask import Flask

from publisher import clock
from publisher.effects import service as effects
from publisher.effects import stuck
from publisher.effects.models import Effect
from publisher.extensions import db
from publisher.storage import writing
from tests.features.racing import in_thread


class Recorder:
    """An effect function that remembers what it was asked for, and fails as often as told."""

    def __init__(self, failures: int = 0) -> None:
        self.seen: list[dict[str, int]] = []
        self.failures = failures

    def __call__(self, desired: dict[str, int]) -> None:
        self.seen.append(desired)
        if len(self.seen) <= self.failures:
            raise RuntimeError("not yet")


@pytest.fixture
def record(app: Flask) -> Recorder:
    recorder = Recorder()
    effects.register("record", recorder)
    return recorder


def the_effect() -> Effect:
    db.session.rollback()
    return db.session.query(Effect).one()


def work_off_all() -> None:
    while effects.work_off():
        pass


@pytest.mark.usefixtures("database_url")
def test_asking_twice_for_the_same_is_one_piece_of_work(record: Recorder) -> None:
    effects.ask("record", "k", {"n": 1})
    effects.ask("record", "k", {"n": 1})
    work_off_all()
    effects.ask("record", "k", {"n": 1})
    work_off_all()
    assert record.seen == [{"n": 1}]


@pytest.mark.usefixtures("database_url")
@pytest.mark.parametrize("second", [1, 2])
def test_two_who_ask_for_something_new_at_once_are_both_heard(
    app: Flask, record: Recorder, second: int
) -> None:
    asked = threading.Event()

    def first() -> None:
        with writing():
            effects.ask("record", "k", {"n": 1})
            db.session.flush()
            asked.set()
            threading.Event().wait(0.3)

    def other() -> None:
        asked.wait(5)
        effects.ask("record", "k", {"n": second})

    threads = [in_thread(app, first), in_thread(app, other)]
    for thread, _said in threads:
        thread.join()
    work_off_all()

    assert [said for _thread, said in threads] == [[None], [None]]
    assert record.seen == [{"n": second}]


@pytest.mark.usefixtures("app")
def test_asking_for_another_state_does_it_again(record: Recorder) -> None:
    for n in (1, 2):
        effects.ask("record", "k", {"n": n})
        work_off_all()
    assert record.seen == [{"n": 1}, {"n": 2}]


@pytest.mark.usefixtures("app")
def test_a_wish_that_changes_while_it_is_worked_on_is_not_lost() -> None:
    seen = []

    def change_of_mind(desired: dict[str, int]) -> None:
        seen.append(desired["n"])
        if desired["n"] == 1:
            effects.ask("mind", "k", {"n": 2})

    effects.register("mind", change_of_mind)
    effects.ask("mind", "k", {"n": 1})
    work_off_all()
    assert seen == [1, 2]
    assert the_effect().done_at is not None


@pytest.mark.usefixtures("database_url")
def test_a_wish_that_changes_while_it_is_being_claimed_is_not_lost(app: Flask) -> None:
    seen, asked, claimed = [], threading.Event(), threading.Event()

    def works(desired: dict[str, int]) -> None:
        seen.append(desired["n"])
        claimed.set()
        asker.join()

    def change_of_mind() -> None:
        with writing():
            effects.ask("mind", "k", {"n": 2})
            asked.set()
            claimed.wait(0.3)

    effects.register("mind", works)
    effects.ask("mind", "k", {"n": 1})
    asker, said = in_thread(app, change_of_mind)
    asked.wait(5)
    work_off_all()
    asker.join()
    work_off_all()

    assert said == [None]
    assert seen[-1] == 2
    assert the_effect().done_at is not None


@pytest.mark.usefixtures("database_url")
def test_what_a_late_call_may_have_overwritten_is_brought_about_again(app: Flask) -> None:
    """The first call hangs until a second worker has brought about what is wanted since."""
    shown: list[int] = []

    def show(desired: dict[str, int]) -> None:
        if desired["n"] == 1:
            effects.ask("show", "k", {"n": 2})
            other, said = in_thread(app, effects.work_off)
            other.join()
            assert said == [True]
        shown.append(desired["n"])

    effects.register("show", show, overwrites=True)
    effects.ask("show", "k", {"n": 1})
    work_off_all()

    assert shown == [2, 1, 2]
    assert the_effect().done_at is not None


@pytest.mark.usefixtures("database_url")
def test_what_is_brought_about_while_a_late_call_ends_is_so_again_later(
    app: Flask, travel: Callable[[timedelta], None]
) -> None:
    shown: list[int] = []
    at_it, late = threading.Event(), threading.Event()

    def show(desired: dict[str, int]) -> None:
        if desired["n"] == 2 and not at_it.is_set():
            at_it.set()
            late.wait(5)
        elif desired["n"] == 1:
            effects.ask("show", "k", {"n": 2})
            others.append(in_thread(app, effects.work_off)[0])
            at_it.wait(5)
        shown.append(desired["n"])

    others: list[threading.Thread] = []
    effects.register("show", show, overwrites=True)
    effects.ask("show", "k", {"n": 1})
    assert effects.work_off()
    late.set()
    others[0].join()
    assert shown == [1, 2]

    work_off_all()
    assert shown == [1, 2], "nobody else begins within the lease"
    travel(timedelta(seconds=effects.LEASE_S + 1))
    work_off_all()

    assert shown == [1, 2, 2]
    assert the_effect().done_at is not None


@pytest.mark.usefixtures("app")
def test_nothing_is_done_before_its_time(record: Recorder) -> None:
    effects.ask("record", "k", {"n": 1}, at=clock.now() + timedelta(hours=1))
    work_off_all()
    assert record.seen == []


@pytest.mark.usefixtures("app")
def test_a_failure_is_tried_again_later_and_in_the_end_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(effects, "WAITS_S", (0.0, 0.0))
    effects.register("broken", Recorder(failures=99))
    effects.ask("broken", "k", {"n": 1})
    work_off_all()
    assert the_effect().attempts == 3
    assert [each.key for each in stuck.waiting()] == ["k"]


@pytest.mark.usefixtures("app")
def test_later_is_no_failure() -> None:
    def not_now(_desired: dict[str, int]) -> None:
        raise effects.Later(60)

    effects.register("later", not_now)
    effects.ask("later", "k", {})
    assert effects.work_off()
    assert (the_effect().attempts, the_effect().done_at) == (0, None)
    assert not effects.work_off()


@pytest.mark.usefixtures("app")
def test_an_effect_that_kills_its_worker_is_shown_as_stuck_at_last(
    travel: Callable[[timedelta], None],
) -> None:
    class Killed(BaseException):
        """The process died here."""

    def deadly(_: effects.Desired) -> None:
        raise Killed

    effects.register("deadly", deadly)
    effects.ask("deadly", "deadly:1", {})
    for _ in range(10):
        with suppress(Killed):
            effects.work_off()
        db.session.rollback()
        travel(timedelta(hours=2))

    assert [effect.key for effect in stuck.waiting()] == ["deadly:1"]


@pytest.mark.usefixtures("app")
def test_a_stuck_effect_can_be_asked_for_again(travel: Callable[[timedelta], None]) -> None:
    recorder = Recorder(failures=7)
    effects.register("record", recorder)
    effects.ask("record", "k", {"n": 1})
    for _ in range(8):
        effects.work_off()
        travel(timedelta(hours=2))
    assert len(stuck.waiting()) == 1

    effects.ask("record", "k", {"n": 1})
    work_off_all()

    assert the_effect().done_at is not None
