"""Addresses, excerpts and reading time of articles."""

from __future__ import annotations

import unicodedata
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.blog import rules


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("봄의 소식, 새 제품!", "봄의-소식-새-제품"),
        (unicodedata.normalize("NFD", "한글"), "한글"),
        ("Hello,  World_2", "hello-world-2"),
        ("  --x--  ", "x"),
        ("../../etc/passwd", "etc-passwd"),
        ("🎉", ""),
    ],
)
def test_a_slug_keeps_letters_of_any_script(title: str, slug: str) -> None:
    assert rules.slug(title) == slug


def test_a_long_title_is_cut_between_words() -> None:
    slug = rules.slug("아주 긴 제목이 여기에 " * 20)
    assert slug.endswith(("아주", "긴", "제목이", "여기에"))


@given(st.text(max_size=300))
def test_a_slug_is_short_in_both_forms_and_stays_itself(title: str) -> None:
    slug = rules.slug(title)
    assert len(slug) <= rules.SLUG_LENGTH
    assert len(quote(slug)) <= rules.QUOTED_LENGTH
    assert "/" not in slug and not slug.startswith("-") and not slug.endswith("-")
    assert unicodedata.is_normalized("NFC", slug)


def test_the_suffix_is_the_deliverys_own() -> None:
    first, second = (rules.slug_with_suffix("글", key) for key in ("d1", "d2"))
    assert first == rules.slug_with_suffix("글", "d1") != second
    assert first.startswith("글-") and len(first) == len("글-") + 6


def test_an_excerpt_ends_between_words_with_an_ellipsis() -> None:
    assert rules.shorten("하나 둘 셋", 160) == "하나 둘 셋"
    assert rules.shorten("하나 둘 셋 넷", 7) == "하나 둘 셋…"
    assert rules.shorten("가" * 20, 8) == "가" * 7 + "…"


def test_reading_time_counts_syllables_in_korean_and_words_in_english() -> None:
    assert rules.reading_minutes("") == 1
    assert rules.reading_minutes("가나다라마 " * 300) == 3
    assert rules.reading_minutes("word " * 440) == 2
