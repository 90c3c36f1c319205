"""The sandbox's own counter: what X weighs, in linear time."""

from __future__ import annotations

import random
import time

import pytest

from channels import text as adapter
from sandbox.length import cashtags, urls, weigh


@pytest.mark.parametrize(
    ("text", "weight"),
    [
        ("", 0),
        ("hello", 5),
        ("안녕", 4),
        ("안녕", 4),
        ("é", 1),
        ("日本語", 6),
        ("a\r\nb", 3),
        ("https://hanbit.kr/a/very/long/path?with=query#and-hash", 23),
        ("hanbit.kr", 23),
        ("한빛(https://hanbit.kr/a)에서", 4 + 2 + 23 + 4),
        ("https://hanbit.kr을 보세요", 23 + 2 + 1 + 6),
        ("https://hanbit.kr/글", 23 + 2),
        ("http://127.0.0.1:8000/blog", 23),
        ("http://blog.internal/a", 22),
        ("mail@hanbit.kr", 14),
        ("😀", 2),
        ("👨‍👩‍👧‍👦", 2),
        ("🇰🇷", 2),
        ("👍🏽", 2),
        ("1️⃣", 2),
        ("❤️", 2),
        ("🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f", 2),
        ("“quoted” … –", 8 + 1 + 2 + 1 + 1),
    ],
)
def test_weights(text, weight):
    assert weigh(text) == weight


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("see https://hanbit.kr/a.", ["https://hanbit.kr/a"]),
        ("(hanbit.kr/a_(b))", ["hanbit.kr/a_(b)"]),
        ("a.dev, b.zip and c.kr", ["a.dev", "b.zip", "c.kr"]),
        ("https://a.kr/?x=1&y=2, 끝", ["https://a.kr/?x=1&y=2"]),
        ("글https://a.kr", ["https://a.kr"]),
        ("xhttps://a.kr and file.txt", []),
        ("https://한글.kr/가", ["https://한글.kr/"]),
    ],
)
def test_addresses(text, found):
    assert [url.text for url in urls(text)] == found


def test_cashtags():
    assert cashtags("$TSLA $AAPL") == 2
    assert cashtags("US$5 and $5 and a$BC") == 0


@pytest.mark.parametrize(
    "hostile", ["日本.", "a.", "a", "https://", "(", "$A", "@", "a.kr/", "\u200d😀", "-."]
)
def test_hostile_texts_are_counted_in_linear_time(hostile):
    text = hostile * (25_000 // len(hostile))
    begun = time.process_time()
    weigh(text)
    cashtags(text)
    assert time.process_time() - begun < 1.0


EVERYDAY = """
안녕하세요 새 글을 썼습니다. 자세히: 을(를) release notes, v2.1 — “quoted” … 10% A&B $TSLA #한빛 @hanbit
https://hanbit.kr/blog/a https://hanbit.kr을 https://blog.example.com/b?x=1&y=2#z hanbit.kr
(hanbit.kr/c) http://127.0.0.1:8000/d http://blog.internal/e mail@hanbit.kr
😀 👍🏽 👨‍👩‍👧‍👦 🇰🇷 ❤️ café 日本語 ©
"""
WORDS = EVERYDAY.split()


def test_two_counters_written_apart_agree_on_everyday_texts():
    dice = random.Random(20261123)
    for _ in range(500):
        text = " ".join(dice.choices(WORDS, k=dice.randint(1, 30)))
        assert weigh(text) == adapter.weighted_length(text), text
        assert cashtags(text) == adapter.count_cashtags(text), text
