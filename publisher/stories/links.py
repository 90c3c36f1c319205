"""The plan of cross-links: `{blog}` and `{link:ACCOUNT}` in a text stand for other posts' addresses. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

PLACEHOLDER = re.compile(r"\{(blog|link:([a-z0-9][a-z0-9-]{0,59}))\}")
MARKER = "via"
"""The query parameter that carries a delivery's marker; the page's canonical address drops it."""

RESERVED = "https://example.com/" + "a" * 60
"""Stands for an address that is not known yet, so that counters reserve its length."""


class WhenLate(StrEnum):
    """What a post does when an address it links to is not there in time."""

    HOLD = "hold"
    SEND_WITHOUT = "send_without"
    DROP = "drop"


@dataclass(frozen=True, slots=True)
class Node:
    """One post of a story as the plan sees it: its account's slug and kind, its texts and planned instant."""

    post_id: int
    account: str
    kind: str
    texts: tuple[str, ...]
    at: float | None = None


def references(*texts: str) -> list[str]:
    """The placeholders' names in order of appearance, once each: "blog" or an account's slug with "link:"."""
    return list(dict.fromkeys(match[1] for text in texts for match in PLACEHOLDER.finditer(text)))


def targets(node: Node, story: Iterable[Node]) -> dict[str, int | None]:
    """Which post each reference of `node` means; None where there is no such post or more than one."""
    others = [other for other in story if other.post_id != node.post_id]
    found: dict[str, int | None] = {}
    for reference in references(*node.texts):
        if reference == "blog":
            matching = [other.post_id for other in others if other.kind == "blog"]
        else:
            slug = reference.removeprefix("link:")
            matching = [other.post_id for other in others if other.account == slug]
        found[reference] = matching[0] if len(matching) == 1 else None
    return found


def cycle(story: Iterable[Node]) -> bool:
    """Whether the posts wait for each other in a circle, so that none could ever be first."""
    nodes = list(story)
    waits = {
        node.post_id: {target for target in targets(node, nodes).values() if target is not None}
        for node in nodes
    }
    while free := [post for post, needed in waits.items() if not needed]:
        for post in free:
            del waits[post]
        for needed in waits.values():
            needed.difference_update(free)
    return bool(waits)


def render(text: str, address: Callable[[str], str | None]) -> str:
    """`text` with every reference replaced by its address.

    Where `address` gives None (the post goes out without that link), the placeholder goes and takes the
    white space before it along; a line that held nothing else disappears.
    """
    lines = []
    for line in text.split("\n"):
        if not PLACEHOLDER.search(line):
            lines.append(line)
            continue
        shown = _filled(line, address)
        if shown.strip():
            lines.append(shown)
    return "\n".join(lines).strip("\n")


def _filled(line: str, address: Callable[[str], str | None]) -> str:
    """One line with its addresses. Cut by hand: a pattern for the white space before a placeholder would look
    at each blank of a long gap anew."""
    pieces, at = [], 0
    for match in PLACEHOLDER.finditer(line):
        before, found = line[at : match.start()], address(match[1])
        pieces += [before.rstrip(" \t")] if found is None else [before, found]
        at = match.end()
    return "".join([*pieces, line[at:]])


def reserve(text: str) -> str:
    """`text` as long as it will be, for counting before any address is known."""
    return render(text, lambda _reference: RESERVED)


def marked(url: str, marker: str) -> str:
    """`url` carrying `marker`, so that the post can be recognised on the platform's timeline."""
    parts = urlsplit(url)
    query = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] != MARKER]
    return urlunsplit(parts._replace(query=urlencode([*query, (MARKER, marker)])))


def when_late(choices: Mapping[str, str], reference: str) -> WhenLate:
    """What the post wants when `reference` has no address in time; hold unless it says otherwise."""
    return WhenLate(choices.get(reference, WhenLate.HOLD))
