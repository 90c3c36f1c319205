"""The oracle: what platforms really hold, against what people approved. It never asks the product."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import datetime

from tests.simulation.platform import Posted

NAME = re.compile(r"p(\d+)v(\d+)")


class Broken(AssertionError):
    """The promise was broken; the message says which part of it."""


@dataclass
class Fact:
    """What people decided about one post: which version is approved, when it is due, what it links to.

    `written` counts versions; `linked` is the post whose address must stand in the text. `told` says that it
    is out though a restored database has it as a draft, and that its owner knows: people leave it alone then.
    """

    post_id: int
    account: str
    written: int = 1
    approved: int | None = None
    due: datetime | None = None
    linked: int | None = None
    needs_link: bool = False
    parts: int = 1
    plan: str = ""
    told: bool = False


@dataclass
class Ledger:
    """Facts by post, and every line that a platform ever wrote."""

    facts: dict[int, Fact] = field(default_factory=dict)
    posted: list[Posted] = field(default_factory=list)

    def named(self, text: str) -> tuple[int, int, int]:
        """Post, version and part of a text: each carries its own name."""
        found = NAME.search(text)
        assert found is not None, f"a text of nobody's: {text!r}"
        numbering = re.search(r"(\d+)/\d+\s*$", text)
        return int(found[1]), int(found[2]), int(numbering[1]) if numbering else 1

    def of(self, post_id: int, part: int = 1) -> list[Posted]:
        """What is really there of one part of a post."""
        return [line for line in self.posted if self.named(line.text)[::2] == (post_id, part)]

    def copy(self) -> dict[int, Fact]:
        return {post_id: replace(fact) for post_id, fact in self.facts.items()}

    def forget(self, facts: dict[int, Fact]) -> None:
        """An older copy is in place: its facts count. Posts that were written since are nobody's any more."""
        self.facts = facts
        self.facts = self.copy()
        self.posted = [line for line in self.posted if self.named(line.text)[0] in facts]

    def check_wire(self, text: str, link: str, approved: int | None) -> None:
        """Commit 2 has said yes to these words; that version was `approved` at that moment."""
        post_id, version, part = self.named(text)
        fact = self.facts[post_id]
        if approved != version:
            raise Broken(f"post {post_id} goes out in version {version}, approved is {approved}")
        if fact.needs_link and part == 1 and "http" not in text + link:
            raise Broken(f"post {post_id} goes out before the post it links to")

    def accept(self, line: Posted) -> None:
        """The platform takes it. It has no mercy: what is sent twice is there twice."""
        post_id, _version, part = self.named(line.text)
        fact = self.facts[post_id]
        if self.of(post_id, part):
            raise Broken(f"post {post_id}, part {part}, is there twice")
        if fact.due is None or line.at < fact.due:
            raise Broken(f"post {post_id} went out at {line.at}, due at {fact.due}")
        if part > 1:
            before = self.of(post_id, part - 1)
            if not before or before[0].remote_id != line.reply_to:
                raise Broken(f"part {part} of post {post_id} answers {line.reply_to!r}")
        self.posted.append(line)
