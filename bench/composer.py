"""The composer's count, problems and preview of a 5,000-word Korean post, measured as one types."""

from __future__ import annotations

from functools import partial
from typing import Any

from bench import data, rig
from channels import text as x_text
from publisher.accounts import service as accounts
from publisher.stories import service as stories
from publisher.stories.rules import Draft

WORDS = 5_000


def measure(quick: bool) -> dict[str, Any]:
    """Server time of POST /posts/ID/measure by Flask's test client, for the blog and for an X thread."""
    words = 500 if quick else WORDS
    times = 3 if quick else 15
    written = korean(words)
    with rig.house() as house:
        blog = data.blog()
        credentials = dict.fromkeys(
            ("consumer_key", "consumer_secret", "access_token", "access_token_secret"), "bench"
        )
        x = accounts.connect(None, kind="twitter", slug="x", credentials=credentials)
        story = stories.create_story(house.author, title="긴 글", language="ko")
        posts = {
            "article": stories.add_post(house.author, story, blog, Draft()).id,
            "thread": stories.add_post(house.author, story, x, Draft()).id,
        }
        client = rig.signed_in(house, house.author)
        found = {}
        for name, post_id in posts.items():
            form = {"title": "긴 글", "text": written}
            form |= {"thread": "y"} if name == "thread" else {}
            path = f"/posts/{post_id}/measure"
            if (status := client.post(path, data=form).status_code) != 200:
                raise RuntimeError(f"{path} answered {status}")
            found[f"{name}_ms"] = rig.median_ms(partial(client.post, path, data=form), times)
    return {
        "words": words,
        "characters": len(written),
        **found,
        "what": "server time by Flask's test client, medians",
        "aim": "below 100",
        "baseline": {
            "counting_alone_ms": rig.median_ms(lambda: x_text.weigh(written), times),
            "split_and_join_alone_ms": rig.median_ms(lambda: " ".join(written.split()), times),
        },
    }


def korean(words: int) -> str:
    """Paragraphs with headings and lists, of that many words."""
    given = f"{data.ARTICLE}\n".split(" ")
    return " ".join(given[n % len(given)] for n in range(words))
