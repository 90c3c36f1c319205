"""The publishing state machine and the verdict on a doubtful delivery, row by row."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.config import ConfigError, Timings
from publisher.crosslinks.rules import Live, links_under
from publisher.deliveries.rules import (
    BEYOND_RECALL,
    CANCELLED,
    FAILED,
    FINAL,
    MISSED,
    NEEDS_ATTENTION,
    OPEN,
    PUBLISHED,
    SCHEDULED,
    SENDING,
    TAKEN_DOWN,
    TRANSITIONS,
    UNCONFIRMED,
    DeliveryStatus,
    Verdict,
    backoff,
    overall,
    uncorrectable,
    verdict,
)
from publisher.stories.rules import Draft, MediaUse

FACTS = {
    "matches": 0,
    "readable": True,
    "absences": 1,
    "since_wire": 200.0,
    "since_last_wire": 200.0,
    "since_absence": 40.0,
    "resends": 0,
    "settle": 60.0,
    "read_gap": 30.0,
    "give_up": 21_600.0,
    "max_resends": 3,
}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"readable": False}, Verdict.NO_READING),
        ({"matches": None}, Verdict.AGAIN),
        ({"matches": None, "since_wire": 22_000.0}, Verdict.NO_VERDICT),
        ({"matches": 1, "since_last_wire": 0.0}, Verdict.PUBLISHED),
        ({"matches": 2}, Verdict.TWO_MATCHES),
        ({"since_last_wire": 59.0}, Verdict.AGAIN),
        ({"absences": 0}, Verdict.ABSENT),
        ({"since_absence": 29.0}, Verdict.AGAIN),
        ({}, Verdict.RESEND),
        ({"resends": 3}, Verdict.RESENT),
    ],
)
def test_one_reading_means(change: dict[str, object], expected: Verdict) -> None:
    assert verdict(**{**FACTS, **change}) is expected  # type: ignore[arg-type]


@given(
    since=st.floats(0, 59.9),
    absences=st.integers(0, 5),
    gap=st.floats(0, 1000),
    resends=st.integers(0, 5),
)
def test_nothing_is_sent_again_while_a_sender_could_be_alive(
    since: float, absences: int, gap: float, resends: int
) -> None:
    facts = {
        **FACTS,
        "since_last_wire": since,
        "absences": absences,
        "since_absence": gap,
        "resends": resends,
    }
    assert verdict(**facts) is not Verdict.RESEND  # type: ignore[arg-type]


def test_every_status_is_final_or_open_and_final_ones_stay() -> None:
    assert set(DeliveryStatus) == FINAL | OPEN
    assert not FINAL & OPEN
    assert {to for status in FINAL for to in TRANSITIONS[status]} == {TAKEN_DOWN}
    assert [status for status, to in TRANSITIONS.items() if TAKEN_DOWN in to] == [PUBLISHED]
    assert set(TRANSITIONS) == set(DeliveryStatus)


def test_what_was_missed_or_doubted_never_goes_straight_to_sending() -> None:
    assert [status for status, to in TRANSITIONS.items() if SENDING in to] == [SCHEDULED, SENDING]


def test_an_approval_is_beyond_recall_as_soon_as_something_may_be_out() -> None:
    assert {SENDING, UNCONFIRMED, NEEDS_ATTENTION, PUBLISHED} == BEYOND_RECALL
    assert not BEYOND_RECALL & {SCHEDULED, MISSED, FAILED, CANCELLED, TAKEN_DOWN}


@pytest.mark.parametrize(
    ("parts", "shown"),
    [
        ([], None),
        ([SCHEDULED], "scheduled"),
        ([PUBLISHED, PUBLISHED], "published"),
        ([PUBLISHED, SCHEDULED], "sending"),
        ([PUBLISHED, FAILED, SCHEDULED], "partly_published"),
        ([PUBLISHED, NEEDS_ATTENTION], "needs_attention"),
        ([UNCONFIRMED, SCHEDULED], "unconfirmed"),
        ([FAILED, SCHEDULED], "failed"),
        ([MISSED, SCHEDULED], "missed"),
        ([CANCELLED, CANCELLED], "cancelled"),
        ([TAKEN_DOWN, TAKEN_DOWN], "taken_down"),
        ([TAKEN_DOWN, CANCELLED], "taken_down"),
    ],
)
def test_parts_are_shown_as_one(parts: list[DeliveryStatus], shown: str | None) -> None:
    assert overall(parts) == shown


@pytest.mark.parametrize("status", [SCHEDULED, "scheduled"], ids=["as-written", "as-read"])
def test_what_waits_is_shown_as_waiting_as_a_database_returns_it(status: DeliveryStatus) -> None:
    assert overall([status], waiting=True) == "waiting"


PICTURE = (MediaUse(1, "words"),)
TEXT_ONLY = frozenset({"text"})


@pytest.mark.parametrize(
    ("was", "now", "corrects", "impossible"),
    [
        (Draft(text="a"), Draft(text="b"), TEXT_ONLY, []),
        (Draft(text="a"), Draft(text="b"), frozenset(), ["text"]),
        (Draft(link="a"), Draft(link="b"), TEXT_ONLY, ["link"]),
        (Draft(media=PICTURE), Draft(media=()), TEXT_ONLY, ["media"]),
        (Draft(media=PICTURE), Draft(media=(MediaUse(1, "new"),)), TEXT_ONLY, ["media"]),
        (Draft(link="a", media=PICTURE), Draft(link="b", media=PICTURE), TEXT_ONLY, []),
        (Draft(), Draft(when_late={"blog": "drop"}), frozenset(), []),
    ],
)
def test_a_channel_corrects_what_it_can(
    was: Draft, now: Draft, corrects: frozenset[str], impossible: list[str]
) -> None:
    assert uncorrectable(was, now, corrects) == impossible


@given(st.integers(1, 50), st.floats(0, 1))
def test_waits_grow_and_spread(attempts: int, spread: float) -> None:
    steps = (5.0, 20.0, 60.0)
    wait = backoff(steps, attempts, spread)
    step = steps[min(attempts, 3) - 1]
    assert 0.7 * step <= wait <= 1.3 * step


def test_timings_that_could_send_twice_do_not_start() -> None:
    with pytest.raises(ConfigError, match="settle"):
        Timings(settle=30.0)
    with pytest.raises(ConfigError, match="lease"):
        Timings(lease=60.0)
    scaled = Timings().scaled(0.01)
    assert scaled.deadline < scaled.settle < scaled.lease


def test_a_post_shows_every_live_sibling_but_itself() -> None:
    live = [
        Live(1, "blog", "Blog", "b"),
        Live(2, "twitter", "X", "x"),
        Live(3, "facebook", "F", "f"),
    ]
    assert [link["url"] for link in links_under(1, live)] == ["f", "x"]
    assert links_under(1, live[:1]) == []
