"""Counting and cutting texts for X."""

from __future__ import annotations

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels import text
from tests.channels.hard_texts import seeded

LENGTH = 100_000
HANGS_S = 10.0
FAMILY = "👩‍👩‍👧‍👦"


@pytest.mark.parametrize(
    ("sample", "length"),
    [
        ("", 0),
        ("hello", 5),
        ("한글", 4),
        (unicodedata.normalize("NFD", "한글"), 4),
        ("https://example.com/a/very/long/path?that=is&still=23", 23),
        ("보기 blog.example.co.kr", 5 + 23),
        ("mail@example.com", 16),
        ("http://foo.invalidtld", 21),
        (FAMILY, 2),
        ("\r\n", 2),
        ("가" * 128 + " https://a.kr/x", 128 * 2 + 1 + 23),
    ],
)
def test_a_text_weighs_what_x_says(sample: str, length: int) -> None:
    assert text.weighted_length(sample) == length


def test_where_a_text_passes_the_limit_is_shown_on_the_character() -> None:
    assert text.weigh("a" * 280).over_at is None
    assert text.weigh("a" * 281).over_at == 280
    assert text.weigh("가" * 141).over_at == 140
    assert text.weigh("a" * 270 + " https://example.com/x tail").over_at == 271
    assert text.weigh("a" * 279 + FAMILY).over_at == 279
    assert text.weigh("가" * 140 + "b").over_at == 140


def test_addresses_are_found_in_code_points() -> None:
    sample = "😀 https://a.co 😀 b.dev"
    assert [sample[start:end] for start, end in text.find_urls(sample)] == ["https://a.co", "b.dev"]


@pytest.mark.parametrize(
    ("sample", "count"), [("$ACME", 1), ("$ACME and $BRK.A!", 2), ("US$5 a$B $12", 0), ("", 0)]
)
def test_cashtags_are_counted(sample: str, count: int) -> None:
    assert text.count_cashtags(sample) == count


@pytest.mark.parametrize(
    "piece",
    [
        "a.", "한글.", "日本.", "http://", "https://", FAMILY, "👩‍", "1️⃣", "🇰🇷", "😀", "한",
        "a한", "co.", "xn--a.",
        "\u0315\u0300", "\u0f73", "a.co/.(a)", "a.co?", "(", "$A ", "-.", "_.", "é.", "\u200d",
        "vermögensberater.", "https://한글.kr/(a)", "@", "&amp;", "\ufeff.", "https://t.co/a(",
        "a.co ", "😀a.co ", "x.한국 ", "a.co한.kr ", "a.co/(", "a.co/((", "(a.co) ", "http://한글.kr ",
    ],
)  # fmt: skip
def test_hostile_text_hangs_nobody(piece: str) -> None:
    """How fast it is, `bench` says. This fails when counting is no longer linear: that takes minutes."""
    hostile = (piece * LENGTH)[:LENGTH]
    start = time.process_time()
    text.weigh(hostile)
    text.count_cashtags(hostile)
    text.has_invalid_characters(hostile)
    assert time.process_time() - start < HANGS_S


@given(st.text(alphabet="a가.\u0301\u0315\u0344\u0f73e ", max_size=80).map(lambda part: part * 40))
def test_our_nfc_is_the_libraries_nfc(sample: str) -> None:
    assert text.nfc(sample) == unicodedata.normalize("NFC", sample)


def test_a_text_that_fits_is_one_part_without_a_number() -> None:
    assert text.split_thread("짧은 글") == ["짧은 글"]
    assert text.split_thread("가" * 140) == ["가" * 140]


def test_a_thread_is_cut_at_paragraphs_and_sentences() -> None:
    first, second = "첫 문단입니다. " * 15, "둘째 문단입니다. " * 12
    assert text.split_thread(f"{first}\n\n{second}") == [
        f"{first.strip()}\n\n1/2",
        f"{second.strip()}\n\n2/2",
    ]
    sentences = text.split_thread("This is a sentence of some length. " * 20)
    assert all(part.rpartition("\n\n")[0].endswith(".") for part in sentences)


def test_parts_are_numbered_also_beyond_ten() -> None:
    parts = text.split_thread("낱말 " * 1500)
    assert len(parts) > 10
    assert [part.rpartition("\n")[2] for part in parts] == [
        f"{number}/{len(parts)}" for number in range(1, len(parts) + 1)
    ]


def test_a_limit_without_room_is_refused() -> None:
    with pytest.raises(ValueError, match="at least"):
        text.split_thread("x", limit=20)


@pytest.mark.parametrize("limit", [60, 100, 280])
def test_every_part_fits_and_nothing_is_lost(limit: int) -> None:
    for sample in seeded(150, seed=limit):
        whole = text.nfc(sample * 9)
        parts = text.split_thread(whole, limit)
        assert all(text.weighted_length(part) <= limit for part in parts)
        bodies = [part.rpartition("\n\n")[0] for part in parts] if len(parts) > 1 else parts
        assert "".join("".join(bodies).split()) == "".join(whole.split())
        assert parts == text.split_thread(whole, limit)


def test_addresses_and_emoji_stay_whole_in_a_thread() -> None:
    address = "https://blog.example.com/2026/11/23/a-long-address?p=3f9a"
    parts = text.split_thread(f"{FAMILY} {address} " * 60)
    assert sum(part.count(address) for part in parts) == 60
    assert sum(part.count(FAMILY) for part in parts) == 60
