"""A text in pieces: where it folds, and what of it is too long."""

from __future__ import annotations

import pytest

from publisher.stories import links
from publisher.stories.pieces import Meant, Piece, cut, folded, marked

BLOG = {"blog": Meant("Blog")}
ADDRESS = len(links.RESERVED)


def said(pieces: tuple[Piece, ...]) -> str:
    return "".join(piece.text for piece in pieces)


def test_a_text_is_cut_into_words_addresses_and_posts() -> None:
    found = list(cut("가 https://a.kr/b, {blog} {link:x}", BLOG))
    assert [(piece.kind, piece.text) for piece in found] == [
        ("text", "가 "),
        ("link", "https://a.kr/b"),
        ("text", ", "),
        ("reference", "Blog"),
        ("text", " "),
        ("unknown", "{link:x}"),
    ]


@pytest.mark.parametrize("room", [0, 5, 100])
def test_what_has_room_is_not_folded(room: int) -> None:
    assert folded(tuple(cut("하나 둘셋"[:5], {})), room) == ((Piece("text", "하나 둘셋"),), ())


def test_a_text_folds_between_words_and_all_of_it_is_still_there() -> None:
    before, after = folded(tuple(cut("one two three four", {})), 10)
    assert (said(before), said(after)) == ("one two", "three four")


def test_a_word_without_end_folds_in_its_middle() -> None:
    before, after = folded(tuple(cut("가" * 100, {})), 40)
    assert (len(said(before)), len(said(after))) == (40, 60)


def test_an_address_is_folded_whole() -> None:
    before, after = folded(tuple(cut("See this: https://example.com/long", {})), 20)
    assert said(before) == "See this: "
    assert [(piece.kind, piece.text) for piece in after] == [("link", "https://example.com/long")]


def test_what_begins_where_the_text_is_too_long_is_marked() -> None:
    pieces = marked(tuple(cut("one two", {})), 4)
    assert [(piece.text, piece.over) for piece in pieces] == [("one ", False), ("two", True)]


def test_an_address_counts_with_the_length_that_is_reserved_for_it() -> None:
    pieces = marked(tuple(cut("ab {blog} cd", BLOG)), 3 + ADDRESS + 1)
    assert [(piece.text, piece.over) for piece in pieces] == [
        ("ab ", False),
        ("Blog", False),
        (" ", False),
        ("cd", True),
    ]


def test_an_address_that_does_not_end_in_time_is_marked_whole() -> None:
    pieces = marked(tuple(cut("ab {blog}", BLOG)), 3)
    assert [(piece.text, piece.over) for piece in pieces] == [("ab ", False), ("Blog", True)]


def test_a_text_that_fits_has_no_mark() -> None:
    assert not any(piece.over for piece in marked(tuple(cut("ab {blog}", BLOG)), None))
