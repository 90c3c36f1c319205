"""Everything one sandbox knows, built once and handed to the platforms and the pages."""

from __future__ import annotations

from collections import deque
from pathlib import Path
from typing import Any

from sandbox.accounts import Accounts
from sandbox.clock import Clock
from sandbox.faults import Faults
from sandbox.ledger import Ledger, Post, as_entry
from sandbox.media import Shelf
from sandbox.settings import Settings
from sandbox.store import Store

JOURNAL_LENGTH = 50_000


class World:
    """State shared by all connections; each part guards itself."""

    def __init__(self, home: Path | None = None) -> None:
        self.store = Store(home)
        self.clock = Clock()
        self.settings = Settings()
        self.accounts = Accounts(self.store)
        self.ledger = Ledger(self.store, self.clock)
        self.media = Shelf(self.store, self.clock, self.ledger.next_id)
        self.faults = Faults()
        self.url = ""
        self.meters: dict[str, Any] = {}
        self._initial = self.settings.as_dict()
        self._journal: deque[dict[str, Any]] = deque(maxlen=JOURNAL_LENGTH)

    def begin_with(self, settings: dict[str, object]) -> None:
        """Set what `reset` will return to."""
        self.settings.update(settings)
        self._initial = self.settings.as_dict()

    def entries(self) -> list[dict[str, Any]]:
        return [as_entry(post, self.page_url(post)) for post in self.ledger.all()]

    def page_url(self, post: Post) -> str:
        """Where the sandbox shows `post` as people would see it."""
        if post.platform == "facebook":
            return f"{self.url}/facebook/posts/{post.id}"
        owner = self.accounts.x.get(post.account)
        return f"{self.url}/x/{owner.username if owner else 'i'}/status/{post.id}"

    def journal(self, line: dict[str, Any]) -> None:
        self._journal.append(line)

    def journalled(self) -> list[dict[str, Any]]:
        return list(self._journal)

    def reset(self) -> None:
        """Forget posts, faults, journal and clock; settings are as at the start, accounts stay."""
        self.ledger.clear()
        self.media.clear()
        self.faults.clear()
        self._journal.clear()
        self.clock.reset()
        self.settings.update(self._initial)
        for meter in self.meters.values():
            meter.clear()
