"""The difference by words loses nothing and reads as a person would mark it."""

from __future__ import annotations

import time
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from publisher.stories import diff
from publisher.stories.diff import Span
from publisher.stories.rules import Draft, MediaUse

WORDS = st.sampled_from(
    [
        "회의",
        "회의를",
        "내일",
        "엽니다.",
        "Launch",
        "on",
        "Monday",
        ",",
        " ",
        "\n",
        "👩‍👩‍👧",
        "é",
        "\t",
    ]
)
TEXTS = st.one_of(st.text(max_size=60), st.lists(WORDS, max_size=40).map("".join))


def joined(spans: tuple[Span, ...], *kinds: str) -> str:
    return "".join(span.text for span in spans if span.kind in kinds)


@given(TEXTS, TEXTS)
def test_equal_and_added_spans_are_the_new_text_equal_and_deleted_ones_the_old(old: str, new: str):
    spans = diff.words(old, new)
    assert joined(spans, "equal", "ins") == new
    assert joined(spans, "equal", "del") == old


@given(TEXTS, TEXTS)
def test_neighbouring_spans_are_of_different_kinds_and_none_is_empty(old: str, new: str):
    spans = diff.words(old, new)
    assert all(span.text for span in spans)
    assert all(a.kind != b.kind for a, b in pairwise(spans))


@given(TEXTS)
def test_a_text_does_not_differ_from_itself(text: str):
    assert all(span.kind == "equal" for span in diff.words(text, text))


def test_a_hangul_word_with_another_particle_is_replaced_as_a_word():
    assert diff.words("새 기능을 소개합니다", "새 기능이 나왔습니다. 소개합니다") == (
        Span("equal", "새 "),
        Span("del", "기능을"),
        Span("ins", "기능이 나왔습니다."),
        Span("equal", " 소개합니다"),
    )


def test_only_the_changed_word_of_a_long_text_is_marked():
    lines = [f"Line {n} says something of its own.\n" for n in range(2_000)]
    changed = [*lines]
    changed[1_000] = changed[1_000].replace("something", "nothing")
    spans = diff.words("".join(lines), "".join(changed))
    assert [span for span in spans if span.kind != "equal"] == [
        Span("del", "something"),
        Span("ins", "nothing"),
    ]


def test_a_hostile_pair_of_texts_is_compared_in_well_under_a_second():
    old, new = "a " * 50_000, "b " * 50_000
    started = time.perf_counter()
    spans = diff.words(old, new)
    assert time.perf_counter() - started < 1.0
    assert joined(spans, "equal", "ins") == new


def test_drafts_are_compared_field_by_field_and_the_text_is_always_there():
    old = Draft(title="Old", text="Same", media=(MediaUse(3, "A desk"),))
    new = Draft(title="New", text="Same", media=(MediaUse(3, "A tidy desk"),), thread=True)
    changes = {change.field: change for change in diff.drafts(old, new)}
    assert set(changes) == {"title", "text", "media", "thread"}
    assert not changes["text"].changed
    assert joined(changes["media"].spans, "ins").strip() == "tidy"
