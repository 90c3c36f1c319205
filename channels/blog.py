"""The hosted blog as a channel: it writes through a shelf, inside its owner's own transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar, Protocol

from channels.base import (
    Channel,
    Content,
    Credentials,
    Limits,
    Link,
    Measure,
    Problem,
    Receipt,
    Token,
)

TITLE = 200


class Shelf(Protocol):
    """Where articles are kept. Flushes, never commits; `put` with a known key returns the first receipt."""

    def put(self, content: Content, *, key: str) -> Receipt: ...

    def show_links(self, remote_id: str, links: Sequence[Link]) -> None: ...

    def edit(self, remote_id: str, content: Content) -> None: ...


class Blog(Channel):
    """Articles of our own site. Nothing to ask afterwards: they are there when the transaction commits."""

    kind: ClassVar[str] = "blog"
    label: ClassVar[str] = "Blog"
    transactional: ClassVar[bool] = True
    limits: ClassVar[Limits] = Limits(
        text=200_000, images=50, alt_text=1000, title=True, spacing_s=0.0, grace_s=24 * 3600.0
    )

    def __init__(
        self,
        credentials: Credentials,
        save_token: Callable[[Token], None],
        *,
        api_url: str | None = None,
        shelf: Shelf,
    ) -> None:
        super().__init__(credentials, save_token, api_url=api_url)
        self.shelf = shelf

    @classmethod
    def check(cls, content: Content) -> list[Problem]:
        found = []
        if not content.title.strip():
            found.append(Problem("title_missing"))
        elif len(content.title) > TITLE:
            found.append(Problem("title_too_long", {"length": len(content.title), "limit": TITLE}))
        if not content.text.strip():
            found.append(Problem("text_empty"))
        measured = cls.measure(content)
        if measured.left < 0:
            values = {"length": measured.length, "limit": measured.limit, "over": -measured.left}
            found.append(Problem("text_too_long", values))
        if any(not image.alt.strip() for image in content.media):
            found.append(Problem("alt_text_missing"))
        return found

    @classmethod
    def measure(cls, content: Content) -> Measure:
        limit = cls.limits.text
        length = len(content.text)
        return Measure(length=length, limit=limit, over_at=limit if length > limit else None)

    def publish(self, content: Content, *, key: str, on_wire: Callable[[], None]) -> Receipt:
        on_wire()
        return self.shelf.put(content, key=key)

    def edit(self, remote_id: str, content: Content) -> None:
        self.shelf.edit(remote_id, content)

    def show_links(self, remote_id: str, content: Content, links: Sequence[Link]) -> None:
        self.shelf.show_links(remote_id, links)
