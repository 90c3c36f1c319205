"""Tables for spreadsheets: CSV (RFC 4180) that Excel reads as what it is, and in which nothing runs."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

BOM = "\ufeff"
"""Begins a file; by it Excel knows UTF-8, without it Hangul is garbled."""

FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""How a cell begins that a spreadsheet would compute (OWASP, "CSV Injection"), full-width forms included."""


def line(values: Iterable[object]) -> str:
    """One row. None is an empty cell, a number stays one, a text that would be a formula is quoted."""
    target = io.StringIO()
    csv.writer(target, lineterminator="\r\n").writerow([_cell(value) for value in values])
    return target.getvalue()


def _cell(value: object) -> object:
    if value is None or isinstance(value, int):
        return value
    text = str(value).replace("\0", "")
    return f"'{text}" if text.lstrip(" ").startswith(FORMULAS) else text
