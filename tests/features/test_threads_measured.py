"""What a thread costs and breaks, before it goes out."""

from __future__ import annotations

from dataclasses import replace

from publisher.stories import checks, contents, gauges
from publisher.stories import service as stories
from publisher.stories.models import Post
from publisher.stories.rules import Draft
from tests.plugins.newsroom import Newsroom

LONG = Draft(text="\n\n".join(["긴 이야기입니다. " * 12] * 4), thread=True)


def tweet(newsroom: Newsroom, draft: Draft) -> Post:
    story = stories.create_story(newsroom.author, title="긴 이야기")
    return stories.add_post(newsroom.author, story, newsroom.accounts["x"], draft)


def test_a_thread_costs_what_its_parts_cost(newsroom: Newsroom) -> None:
    post = tweet(newsroom, LONG)
    parts = len(contents.parts(LONG, "twitter"))
    assert parts > 2
    assert checks.measure(post).cost_usd == round(parts * 0.015, 3)

    linked = replace(LONG, text=f"{LONG.text} https://example.com/a")
    cost = checks.measure(post, linked).cost_usd
    assert cost == round((len(contents.parts(linked, "twitter")) - 1) * 0.015 + 0.2, 3)
    assert f"{cost:g}" in gauges.measured(post, linked).count.cost


def test_a_link_that_no_part_of_a_thread_would_carry_is_a_problem(newsroom: Newsroom) -> None:
    post = tweet(newsroom, replace(LONG, link="https://example.com/a"))
    assert "link_unsupported" in {problem.code for problem in checks.problems(post)}
