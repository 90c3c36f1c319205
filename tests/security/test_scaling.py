"""Texts made to keep a machine busy: the work grows with the text, not with its square.

Measured in processor time of this thread, as a ratio between a text and one four times as long: a linear
piece of work takes about four times as long, a quadratic one sixteen times.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from channels import text as platform
from publisher.blog import markdown
from publisher.blog import rules as blog
from publisher.cards import rules as cards
from publisher.feeds import rules as feeds
from publisher.media import rules as media
from publisher.people import rules as people
from publisher.stories import diff, links, pieces

Make = Callable[[int], str]

HOSTILE: dict[str, Make] = {
    "videos": lambda n: "https://www.youtube.com/watch?" + "&v=AAAAAAAAAAA" * (n // 14) + " b",
    "gap": lambda n: " " * (n // 2) + "{blog}" + " \t" * (n // 4) + "x",
    "placeholders": lambda n: "{link:a" * (n // 7),
    "references": lambda n: "{blog} " * (n // 7),
    "addresses": lambda n: "https://" * (n // 8),
    "dots": lambda n: "https://a" + "." * n,
    "domains": lambda n: "a.com" * (n // 5),
    "brackets": lambda n: "[" * n,
    "pictures": lambda n: "![](" * (n // 4),
    "stars": lambda n: "**a" * (n // 3),
    "strikes": lambda n: "~~가 " * (n // 4),
    "ticks": lambda n: "`" * (n // 2) + "a" + "`" * (n // 2 - 1),
    "quotes": lambda n: ">" * n,
    "notes": lambda n: "[^1]" * (n // 4) + "\n\n[^1]: a",
    "table": lambda n: "|a" * (n // 4) + "|\n" + "|-" * (n // 4) + "|\n",
    "entities": lambda n: "&#x41" * (n // 5),
    "tags": lambda n: "<a" * (n // 2),
    "mails": lambda n: "a@" * (n // 2),
    "hangul": lambda n: "가-" * (n // 2),
    "marks": lambda n: "@#$" * (n // 3),
    "one word": lambda n: "가" * n,
    "lines": lambda n: "a b\n" * (n // 4),
}
WORK: dict[str, tuple[int, Callable[[str], object]]] = {
    "article": (6_000, markdown.render),
    "excerpt": (6_000, markdown.excerpt),
    "rendering links": (40_000, lambda text: links.render(text, lambda _reference: None)),
    "finding links": (40_000, links.references),
    "preview": (40_000, lambda text: pieces.folded(tuple(pieces.cut(text, {})), 477)),
    "page elsewhere": (40_000, cards.read),
    "weighing": (12_000, platform.weighted_length),
    "slug": (40_000, blog.slug),
    "anchor": (40_000, blog.anchor),
    "address": (40_000, people.email_of),
    "name": (40_000, lambda text: people.slug_of(people.name_of(text), ())),
    "file name": (40_000, media.clean_filename),
    "calendar words": (40_000, feeds.one_line),
    "difference": (4_000, lambda text: diff.words(text, text[::-1])),
}
LINEAR, TRIES = 9.0, 4
NOTHING_S = 0.02
"""What takes no longer than that is quick, whatever the ratio of two such times says."""


def seconds(work: Callable[[str], object], text: str) -> float:
    before = time.thread_time()
    work(text)
    return time.thread_time() - before


@pytest.mark.parametrize("kind", WORK)
def test_the_work_grows_with_the_text_and_not_with_its_square(kind: str) -> None:
    size, work = WORK[kind]
    for name, make in HOSTILE.items():
        ratios = []
        for _ in range(TRIES):
            short, long = seconds(work, make(size)), seconds(work, make(4 * size))
            ratios.append(long / max(short, NOTHING_S / 4))
            if ratios[-1] < LINEAR:
                break
        assert min(ratios) < LINEAR, (name, ratios)
