"""The sandbox's own counter: what X weighs, in linear time."""

from __future__ import annotations

import time

import pytest

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
        ("http://127.0.0.1:8000/blog", 26),
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
