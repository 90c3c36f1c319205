"""What was really posted: an append-only list of events, and the posts that follow from it."""

from __future__ import annotations

import threading
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from sandbox.clock import Clock
from sandbox.store import Store

SNOWFLAKE_EPOCH_MS = 1_288_834_974_657
"""X counts its ids from 4 November 2010, in milliseconds, shifted left by 22 bits."""


@dataclass(slots=True)
class Post:
    """One post as the platform holds it. `text` is as sent, `current` after edits."""

    platform: str
    account: str
    id: str
    text: str
    created_at: float
    current: str = ""
    link: str = ""
    reply_to: str = ""
    media: list[dict[str, str]] = field(default_factory=list)
    urls: list[str] = field(default_factory=list)
    edits: list[dict[str, str]] = field(default_factory=list)
    deleted: bool = False
    published: bool = True
    scheduled_for: float | None = None

    @property
    def at(self) -> datetime:
        return datetime.fromtimestamp(self.created_at, UTC)

    def shown(self, now: float) -> bool:
        """Is it to be seen on the timeline at `now`: not deleted, and published by then?"""
        if self.deleted:
            return False
        return self.published or (self.scheduled_for is not None and self.scheduled_for <= now)


class Ledger:
    """Posts by id and by account, oldest first. Callers hold `lock` across check and create."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self.lock = threading.RLock()
        self._store = store
        self._clock = clock
        self._last_id = 0
        self.posts: dict[str, Post] = {}
        self._by_account: dict[tuple[str, str], list[Post]] = {}
        self._by_text: dict[tuple[str, str, str], Post] = {}
        for event in store.events():
            self._replay(event)

    def next_id(self) -> str:
        """A number that only grows, like X's: it holds the time in its upper bits."""
        with self.lock:
            made = (int(self._clock.time() * 1000) - SNOWFLAKE_EPOCH_MS) << 22
            self._last_id = max(self._last_id + 1, made)
            return str(self._last_id)

    def create(self, post: Post, duplicate_key: str = "") -> Post:
        """Record `post`; when this returns it is in the ledger."""
        post.current = post.text
        event = {"kind": "created", "key": duplicate_key, **asdict(post)}
        with self.lock:
            self._store.append(event)
            self._keep(post, duplicate_key)
        return post

    def edit(self, post: Post, text: str) -> None:
        with self.lock:
            event = {"kind": "edited", "id": post.id, "text": text, "at": self._clock.time()}
            self._store.append(event)
            self._replay(event)

    def delete(self, post: Post) -> None:
        with self.lock:
            event = {"kind": "deleted", "id": post.id, "at": self._clock.time()}
            self._store.append(event)
            self._replay(event)

    def of(self, platform: str, account: str) -> list[Post]:
        """A copy of the account's posts, oldest first."""
        with self.lock:
            return list(self._by_account.get((platform, account), ()))

    def last(self, platform: str, account: str) -> Post | None:
        """The newest post of the account that is not deleted."""
        with self.lock:
            posts = self._by_account.get((platform, account), ())
            return next((p for p in reversed(posts) if not p.deleted), None)

    def like(self, platform: str, account: str, key: str) -> Post | None:
        """The newest post created under the same duplicate key, unless it was deleted."""
        with self.lock:
            post = self._by_text.get((platform, account, key))
            return None if post is None or post.deleted else post

    def all(self) -> list[Post]:
        with self.lock:
            return list(self.posts.values())

    def clear(self) -> None:
        with self.lock:
            self.posts.clear()
            self._by_account.clear()
            self._by_text.clear()
            self._store.clear()

    def _keep(self, post: Post, key: str) -> None:
        self.posts[post.id] = post
        self._by_account.setdefault((post.platform, post.account), []).append(post)
        self._by_text[(post.platform, post.account, key)] = post
        number = post.id.rpartition("_")[2]
        self._last_id = max(self._last_id, int(number))

    def _replay(self, event: dict[str, Any]) -> None:
        body = dict(event)
        kind = body.pop("kind")
        if kind == "created":
            key = body.pop("key")
            self._keep(Post(**body), key)
        elif kind == "edited":
            post = self.posts[body["id"]]
            post.current = body["text"]
            at = datetime.fromtimestamp(body["at"], UTC).isoformat()
            post.edits.append({"at": at, "text": body["text"]})
        else:
            self.posts[body["id"]].deleted = True


def as_entry(post: Post, page_url: str) -> dict[str, Any]:
    """The post as `/control/ledger` shows it; `page_url` opens it in the sandbox."""
    body = asdict(post)
    body["created_at"] = post.at.isoformat()
    body["current_text"] = body.pop("current")
    if post.scheduled_for is not None:
        body["scheduled_for"] = datetime.fromtimestamp(post.scheduled_for, UTC).isoformat()
    body["page_url"] = page_url
    return body
