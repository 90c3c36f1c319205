"""The hosted blog: a channel like the others that writes through the shelf it is handed."""

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
from channels.errors import Rejected
from channels.images import check_images

TITLE_LENGTH = 200


class Shelf(Protocol):
    """Where articles stand. Part of the caller's transaction: it flushes and never commits."""

    def put(self, content: Content, *, key: str) -> Receipt:
        """Insert an article. Raises Rejected, for an empty title for example."""
        ...

    def put_all(self, parcels: Sequence[tuple[str, Content]]) -> list[Receipt | Rejected]:
        """Insert several, given with their keys; each is answered in its place."""
        ...

    def edit(self, remote_id: str, content: Content) -> None:
        """Set what the article says."""
        ...

    def withdraw(self, remote_id: str) -> None:
        """Take the article off the shelf. Its address says that it is gone."""
        ...

    def show_links(self, remote_id: str, links: Sequence[Link]) -> None:
        """Set the addresses under the article to exactly these."""
        ...


class Blog(Channel):
    """One hosted blog. There is no wire: the article and the outcome commit together."""

    kind: ClassVar[str] = "blog"
    label: ClassVar[str] = "Blog"
    transactional: ClassVar[bool] = True
    limits: ClassVar[Limits] = Limits(
        text=200_000,
        images=50,
        alt_text=1000,
        title=True,
        spacing_s=0.0,
        grace_s=24 * 3600.0,
        cuts=("1.91:1",),
        shows=(1.0, 2.4),
        corrects=frozenset({"title", "text", "media"}),
    )

    def __init__(
        self,
        credentials: Credentials,
        save_token: Callable[[Token], None],
        *,
        shelf: Shelf,
        api_url: str | None = None,
    ) -> None:
        super().__init__(credentials, save_token, api_url=api_url)
        self.shelf = shelf

    @classmethod
    def check(cls, content: Content) -> list[Problem]:
        problems = []
        if not content.title.strip():
            problems.append(Problem("title_missing"))
        if len(content.title) > TITLE_LENGTH:
            values = {"length": len(content.title), "limit": TITLE_LENGTH}
            problems.append(Problem("title_too_long", values))
        if not content.text.strip():
            problems.append(Problem("text_empty"))
        over = len(content.text) - cls.limits.text
        if over > 0:
            values = {"length": len(content.text), "limit": cls.limits.text, "over": over}
            problems.append(Problem("text_too_long", values))
        return problems + check_images(content, cls.limits)

    @classmethod
    def measure(cls, content: Content) -> Measure:
        length, limit = len(content.text), cls.limits.text
        return Measure(length, limit, over_at=limit if length > limit else None)

    def publish(self, content: Content, *, key: str, on_wire: Callable[[], None]) -> Receipt:
        on_wire()
        return self.shelf.put(content, key=key)

    def publish_all(self, parcels: Sequence[tuple[str, Content]]) -> list[Receipt | Rejected]:
        return self.shelf.put_all(parcels)

    def edit(self, remote_id: str, content: Content) -> None:
        self.shelf.edit(remote_id, content)

    def retract(self, remote_id: str) -> None:
        self.shelf.withdraw(remote_id)

    def show_links(self, remote_id: str, content: Content, links: Sequence[Link]) -> None:
        self.shelf.show_links(remote_id, links)
