"""A table's cells: text that a spreadsheet would compute is only text."""

from __future__ import annotations

import csv
import io

import pytest

from publisher.people.tables import line


def read(text: str) -> list[str]:
    return next(csv.reader(io.StringIO(text)))


@pytest.mark.parametrize(
    "cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1", "＝1", "-cmd|' /C calc'!A0"]
)
def test_a_formula_is_quoted(cell: str) -> None:
    assert read(line([cell])) == [f"'{cell}"]


def test_what_is_no_formula_stays_as_it_is() -> None:
    row = ["봄 소식", 'say "hi", twice', "two\nlines", "a=b", ""]
    assert read(line(row)) == row
    assert line([-3, None, 7]) == "-3,,7\r\n"
