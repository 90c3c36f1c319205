"""How a story is foreseen to go out: in the order, with the waits and distances that dispatching keeps."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from publisher.deliveries.forecast import Planned, Step, foresee
from publisher.stories.links import WhenLate

NINE = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)
LATE = timedelta(minutes=10)
HOLD, WITHOUT, DROP = WhenLate.HOLD, WhenLate.SEND_WITHOUT, WhenLate.DROP
BLOG, X, PAGE = 1, 2, 3


def at(minutes: float) -> datetime:
    return NINE + timedelta(minutes=minutes)


def told(steps: list[Step]) -> list[tuple[int, float | None, str]]:
    """(post, minutes after nine, outcome) in their order."""
    return [
        (step.post_id, (step.at - NINE).total_seconds() / 60 if step.at else None, step.outcome)
        for step in steps
    ]


def test_each_post_goes_at_its_time_and_who_links_comes_after() -> None:
    steps = foresee(
        [
            Planned(PAGE, 30, at(10), {BLOG: HOLD}),
            Planned(X, 20, at(2), {BLOG: HOLD}),
            Planned(BLOG, 10, at(0)),
        ],
        late=LATE,
    )
    assert told(steps) == [(BLOG, 0, "goes"), (X, 2, "goes"), (PAGE, 10, "goes")]
    assert steps[1].waits_for == (BLOG,)


def test_a_post_whose_target_comes_later_waits_for_it() -> None:
    steps = foresee([Planned(X, 20, at(0), {BLOG: HOLD}), Planned(BLOG, 10, at(30))], late=LATE)
    assert told(steps) == [(BLOG, 30, "goes"), (X, 30, "goes")]


def test_what_happens_when_the_address_is_late_is_foreseen() -> None:
    for minutes, policy, expected in (
        (5, WITHOUT, (X, 5, "goes")),
        (10, WITHOUT, (X, 10, "goes")),
        (11, WITHOUT, (X, 10, "without")),
        (5, DROP, (X, 5, "goes")),
        (11, DROP, (X, 10, "dropped")),
        (11, HOLD, (X, 11, "goes")),
    ):
        steps = foresee(
            [Planned(X, 20, at(0), {BLOG: policy}), Planned(BLOG, 10, at(minutes))], late=LATE
        )
        assert expected in told(steps), (minutes, policy)


def test_a_target_without_a_time_holds_its_followers_and_theirs() -> None:
    steps = foresee(
        [
            Planned(BLOG, 10, None),
            Planned(X, 20, at(2), {BLOG: HOLD}),
            Planned(PAGE, 30, at(3), {X: HOLD}),
        ],
        late=LATE,
    )
    assert told(steps) == [(BLOG, None, "unplanned"), (X, None, "held"), (PAGE, None, "held")]


def test_a_circle_holds_all_in_it_and_nobody_else() -> None:
    steps = foresee(
        [
            Planned(BLOG, 10, at(0), {X: HOLD}),
            Planned(X, 20, at(0), {BLOG: HOLD}),
            Planned(PAGE, 30, at(5)),
        ],
        late=LATE,
    )
    assert told(steps) == [(PAGE, 5, "goes"), (BLOG, None, "held"), (X, None, "held")]


def test_what_is_out_counts_as_there_and_what_failed_does_not() -> None:
    out = Planned(BLOG, 10, at(-60), out_at=at(-60))
    assert told(foresee([out, Planned(X, 20, at(1), {BLOG: HOLD})], late=LATE))[1] == (X, 1, "goes")
    failed = Planned(BLOG, 10, at(-60), stopped=True)
    steps = foresee([failed, Planned(X, 20, at(1), {BLOG: HOLD})], late=LATE)
    assert set(told(steps)) == {(BLOG, None, "stopped"), (X, None, "held")}


def test_a_link_to_nothing_holds_the_post() -> None:
    assert told(foresee([Planned(X, 20, at(1), hopeless=True)], late=LATE)) == [(X, None, "held")]


def test_an_account_keeps_its_distance_also_between_the_parts_of_a_thread() -> None:
    minute = timedelta(minutes=1)
    steps = foresee(
        [
            Planned(X, 20, at(0), parts=3, spacing=minute),
            Planned(PAGE, 20, at(1), spacing=minute),
        ],
        late=LATE,
    )
    assert told(steps) == [(X, 0, "goes"), (PAGE, 3, "goes")]
    assert steps[0].until == at(2)


def test_an_account_that_is_busy_with_other_stories_is_waited_for() -> None:
    steps = foresee(
        [Planned(X, 20, at(0)), Planned(BLOG, 10, at(0))],
        late=LATE,
        free=lambda account, instant: max(instant, at(7)) if account == 20 else instant,
    )
    assert told(steps) == [(BLOG, 0, "goes"), (X, 7, "goes")]
