"""X's count of 100,000 hostile characters, the slowest of many kinds."""

from __future__ import annotations

from functools import partial
from typing import Any

from bench import rig
from channels import text

PIECES = (
    "a.", "한글.", "日本.", "http://", "👩‍", "🇰🇷", "a한", "xn--a.", "\u0315\u0300", "a.co?", "$A ", "é.",
    "https://한글.kr/(a)", "a.co ", "x.한국 ", "a.co/(",
)  # fmt: skip


def measure(quick: bool) -> dict[str, Any]:
    """Milliseconds for count, cashtags and characters of each text; medians, the slowest kind by name."""
    length, times = (10_000, 1) if quick else (100_000, 5)
    found = {piece: _ms((piece * length)[:length], times) for piece in PIECES}
    slowest = max(found, key=lambda piece: found[piece])
    plain = "평범한 문장 " * (length // 7)
    return {
        "characters": length,
        "slowest_ms": found[slowest],
        "slowest": slowest,
        "nothing_but_addresses_ms": max(found["a.co "], found["x.한국 "]),
        "aim": "slowest below 100; a text of nothing but addresses may take longer",
        "baseline": {"plain_text_ms": _ms(plain, times)},
    }


def _ms(sample: str, times: int) -> float:
    return rig.median_ms(partial(_count, sample), times)


def _count(sample: str) -> None:
    text.weigh(sample)
    text.count_cashtags(sample)
    text.has_invalid_characters(sample)
