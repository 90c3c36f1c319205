"""A post for X or Facebook begun from the story's blog post: its first paragraph, and the way to the rest."""

from __future__ import annotations

import re
from dataclasses import replace

from channels import channel_class
from publisher.blog import markdown, rules
from publisher.stories import contents, links, previews
from publisher.stories.models import Post
from publisher.stories.problems import HINT
from publisher.stories.rules import Draft

RETOLD = frozenset({"twitter", "facebook"})
LEAST = 20
"""With fewer characters of the paragraph it is not worth while."""

_SENTENCE = re.compile(r"(?<=[.!?。！？…])[\"'”’)\]]*\s+")


def beginning(post: Post) -> str:
    """The text that `post` could begin with; empty where the story has no blog post with a text.

    It fits the channel, and on one that folds texts it stays above the fold.
    """
    if post.account.kind not in RETOLD:
        return ""
    for reference, target in sorted(previews.targets(post).items()):  # {blog} comes first
        paragraph = _first_paragraph(target) if target.account.kind == "blog" else ""
        if paragraph:
            return _fitting(post, paragraph, "{" + reference + "}")
    return ""


def begun(post: Post, draft: Draft) -> Draft:
    """`draft` with that text, if it has none yet: what somebody wrote is never replaced."""
    return draft if draft.text.strip() else replace(draft, text=beginning(post))


def _first_paragraph(target: Post) -> str:
    """What the article says first, without markup and without a template's hints to the writer."""
    text = links.render(target.head.text, lambda _reference: None)
    kept = "\n".join(line for line in text.split("\n") if HINT not in line)
    return markdown.opening(kept)


def _fitting(post: Post, paragraph: str, reference: str) -> str:
    """As many whole sentences as there is room for, or else as many words."""

    def told(words: str) -> str:
        return f"{words}\n\n{reference}"

    def fits(words: str) -> bool:
        limits = channel_class(post.account.kind).limits
        content = contents.reserving(post, Draft(text=told(words)))
        length = channel_class(post.account.kind).measure(content).length
        return length <= (limits.fold or limits.text)

    ends = [match.start() for match in _SENTENCE.finditer(paragraph)]
    for end in [len(paragraph), *reversed(ends)]:
        if end >= LEAST and fits(paragraph[:end]):
            return told(paragraph[:end])
    low, high = LEAST, len(paragraph)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(rules.shorten(paragraph, middle)) else (low, middle - 1)
    return told(rules.shorten(paragraph, low))
