"""How `publisher demo` judges the ledger: two posts in all, with the article's very address."""

from __future__ import annotations

import pytest

from publisher.rehearsal import Entry, Failed, judged

ARTICLE = "http://127.0.0.1:8000/blog/a-year"
TWEET: Entry = {"platform": "x", "text": f"What a year {ARTICLE}", "link": ""}
POST: Entry = {"platform": "facebook", "text": "What a year", "link": f"{ARTICLE}?via=0123456789"}


def test_one_tweet_and_one_facebook_post_with_the_article_s_address_are_a_success() -> None:
    assert judged([POST, TWEET], ARTICLE) == {"x": TWEET, "facebook": POST}


@pytest.mark.parametrize(
    "entries",
    [
        [],
        [TWEET],
        [TWEET, POST, TWEET],
        [TWEET, POST, TWEET | {"text": "What a year"}],
        [TWEET, POST | {"platform": "x"}],
        [TWEET | {"text": f"What a year {ARTICLE}-2"}, POST],
        [TWEET | {"text": "What a year"}, POST],
        [TWEET, POST | {"link": f"{ARTICLE}-2?via=0123456789"}],
        [TWEET, POST | {"text": "http://127.0.0.1:8000/blog/another"}],
    ],
)
def test_anything_else_is_a_failure(entries: list[Entry]) -> None:
    with pytest.raises(Failed):
        judged(entries, ARTICLE)
