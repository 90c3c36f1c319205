"""What is to be said of a post before it goes out: how long it is, what it costs, what keeps it."""

from __future__ import annotations

from dataclasses import replace

from channels import channel_class
from channels.base import Measure, Problem
from publisher import clock
from publisher.errors import NotFound
from publisher.stories import contents
from publisher.stories import problems as found_problems
from publisher.stories.models import Post
from publisher.stories.rules import Draft


def measure(post: Post, draft: Draft | None = None) -> Measure:
    """Length as the channel counts it, with reserved addresses, and cost, which is that of all parts of a
    thread; of `draft` if given."""
    draft, channel = draft or post.head.draft, channel_class(post.account.kind)
    whole = channel.measure(contents.reserving(post, draft))
    cost = sum(channel.measure(piece).cost_usd for piece in contents.pieces(post, draft))
    return replace(whole, cost_usd=round(cost, 3))


def problems(post: Post, draft: Draft | None = None) -> list[Problem]:
    """Every reason not to go out: the channel's rules, the link plan, the account.

    Having no planned time is none. `draft` is checked instead of the newest revision, if given.
    """
    draft = draft or post.head.draft
    try:
        found = contents.broken_limits(post, draft)
    except NotFound:
        found = [Problem("media_missing")]
    found += found_problems.of_plan(contents.node(post, draft), contents.nodes(post, draft))
    found += found_problems.unfinished(draft)
    if post.account.status == "paused":
        found.append(Problem("account_paused", {"account": post.account.label}, blocking=False))
    if post.planned_at and post.planned_at < clock.now() and post.delivery_status is None:
        found.append(Problem("planned_past", blocking=False))
    return found
