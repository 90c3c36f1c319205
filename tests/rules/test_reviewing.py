"""What reviewers go by: how many approvals, which words, who is called, what a comment speaks of. Pure."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.stories import diff, passages, rules
from publisher.stories.diff import Row, Span
from publisher.stories.passages import Passage
from publisher.stories.rules import Demand, Draft, MediaUse

TEXTS = st.lists(
    st.sampled_from(["가격", "가격은", " ", "\n", "Launch", "launch", ".", "👍"]), max_size=12
).map("".join)


def needed(*demands: Demand, words: str = "아무 글", category: int | None = 1) -> int:
    return rules.approvals_needed(demands, category_id=category, account_id=7, words=words)


def test_one_approval_is_enough_where_no_rule_fits():
    assert needed() == 1
    assert needed(Demand(3, category_id=2), Demand(3, account_id=8), Demand(2, word="소송")) == 1
    assert needed(Demand(3, category_id=2), category=None) == 1


def test_of_several_rules_that_fit_the_strictest_counts():
    assert needed(Demand(2), Demand(4, account_id=7), Demand(3, category_id=1)) == 4


def test_a_rule_fits_only_where_all_of_it_is_true():
    strict = Demand(2, category_id=1, account_id=7, word="실적")
    assert needed(strict, words="올해 실적은") == 2
    assert needed(strict, words="올해 실적은", category=2) == 1


@pytest.mark.parametrize(
    ("word", "text", "there"),
    [
        ("sue", "We sue them", True),
        ("SUE", "we SUE.", True),
        ("sue", "an issue", False),
        ("sue", "sue를 당했다", True),
        ("소송", "집단소송을 당했다", True),
        ("1+1", "오늘만 1+1 행사", True),
        ("e\u0301", "caf\u00e9", True),
    ],
)
def test_a_latin_word_counts_as_a_whole_and_a_korean_one_wherever_it_stands(word, text, there):
    assert rules.says(word, text) is there


NAMES = {"Rui": [1], "Rui Kim": [2], "민아": [3], "김민아": [4], "kim": [5, 6]}


@pytest.mark.parametrize(
    ("text", "called"),
    [
        ("@Rui please", {1}),
        ("@rui kim, please", {2}),
        ("@Ruin", set()),
        ("mail rui@rui.example", set()),
        ("@민아님 확인해 주세요", {3}),
        ("@김민아에게 @rui도", {4, 1}),
        ("@kim", {5, 6}),
        ("@ nobody @someone", set()),
    ],
)
def test_who_is_called_by_name_is_found_also_with_a_korean_particle(text, called):
    assert rules.mentioned(text, NAMES) == called


def test_a_passage_is_found_again_however_its_words_are_spaced():
    assert passages.find("하나 둘\n셋 넷", "둘 셋") == Passage(3, 6)
    assert passages.find("하나 둘 셋", "다섯") is None
    assert passages.find("하나", "  ") is None


def test_of_several_places_the_closest_to_where_it_stood_is_meant():
    text = "가격 … 가격 … 가격"
    assert [passages.find(text, "가격", near).start for near in (None, 6, 99)] == [0, 5, 10]


@given(TEXTS, TEXTS, st.data())
def test_marking_passages_changes_no_word_of_the_difference(old: str, new: str, data):
    ends = st.integers(0, len(new))
    marks = [
        Passage(min(a, b), max(a, b), number)
        for number, (a, b) in enumerate(data.draw(st.lists(st.tuples(ends, ends), max_size=4)), 1)
    ]
    spans = diff.words(old, new)
    pieces = passages.marked(spans, marks)
    for kind in ("equal", "ins", "del"):
        assert "".join(p.text for p in pieces if p.kind == kind) == "".join(
            s.text for s in spans if s.kind == kind
        )
    firsts = [piece.comment for piece in pieces if piece.first]
    assert len(firsts) == len(set(firsts))
    covered = set().union(*(range(mark.start, mark.end) for mark in marks), set())
    assert sum(len(p.text) for p in pieces if p.comment) == len(covered)


def test_a_passage_goes_through_what_was_added_and_around_what_was_taken_out():
    spans = [Span("equal", "가 "), Span("del", "나"), Span("ins", "다"), Span("equal", " 라")]
    pieces = passages.marked(spans, [Passage(0, 3, 9)])
    assert [(p.text, p.comment) for p in pieces] == [
        ("가 ", 9),
        ("나", 0),
        ("다", 9),
        (" 라", 0),
    ]


def test_pictures_are_compared_one_by_one_by_what_is_said_of_them():
    old = Draft(media=(MediaUse(1, "공장"), MediaUse(2, "로봇"), MediaUse(3, "사람")))
    new = Draft(media=(MediaUse(2, "흰 로봇"), MediaUse(1, "공장"), MediaUse(4, "")))
    change = next(each for each in diff.drafts(old, new) if each.field == "media")
    assert change.rows == (
        Row("2", "로봇", "흰 로봇"),
        Row("1", "공장", "공장"),
        Row("4", None, ""),
        Row("3", "사람", None),
    )
    assert change.moved
    assert not diff.drafts(old, Draft(media=old.media[:2]))[-1].moved


def test_what_happens_if_a_link_is_late_is_compared_link_by_link():
    change = diff.drafts(Draft(when_late={"blog": "drop"}), Draft(when_late={}))[-1]
    assert (change.field, change.rows) == ("when_late", (Row("blog", "drop", None),))
