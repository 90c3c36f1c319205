"""Uploaded pictures and videos of both platforms: their bytes, alt texts, states and expiry."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from sandbox.clock import Clock
from sandbox.store import Store

LIFETIME = 86_400
"""Seconds for which an unused upload may be attached."""

_MAGIC = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF8", "image/gif"),
)


def sniff(data: bytes) -> str:
    """The picture's type by its first bytes; empty when it is none."""
    for magic, mime in _MAGIC:
        if data.startswith(magic):
            return mime
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return ""


@dataclass
class Media:
    id: str
    platform: str
    account: str
    mime: str
    created_at: float
    alt: str = ""
    category: str = ""
    size: int = 0
    finalised: bool = False
    ready_at: float = 0.0
    failed: bool = False
    used_by: str = ""
    checked_at: float = 0.0
    total_bytes: int = 0
    chunks: dict[int, bytes] = field(default_factory=dict, repr=False)

    @property
    def key(self) -> str:
        prefix = {"tweet_video": "13", "tweet_gif": "16"}.get(self.category, "3")
        return f"{prefix}_{self.id}"

    def shown(self) -> dict[str, str]:
        """As the ledger shows it."""
        return {"id": self.id, "mime": self.mime, "alt": self.alt, "path": f"/media/{self.id}"}

    def meta(self) -> dict[str, Any]:
        body = asdict(self)
        del body["chunks"]
        return body


class Shelf:
    """All media by id. Finished bytes live in the store, not in memory."""

    def __init__(self, store: Store, clock: Clock, next_id: Callable[[], str]) -> None:
        self.lock = threading.RLock()
        self._store = store
        self._clock = clock
        self._next_id = next_id
        self._items = {meta["id"]: Media(**meta) for meta in store.media()}

    def open(self, platform: str, account: str, mime: str, **more: Any) -> Media:
        media = Media(self._next_id(), platform, account, mime, self._clock.time(), **more)
        with self.lock:
            self._items[media.id] = media
        return media

    def finish(self, media: Media, data: bytes) -> None:
        """Keep `data` as its bytes; from now on it may be attached."""
        with self.lock:
            media.chunks, media.size, media.finalised = {}, len(data), True
            self._store.put_media(media.id, media.meta(), data)

    def save(self, media: Media) -> None:
        self._store.put_media(media.id, media.meta())

    def find(self, platform: str, account: str, media_id: str) -> Media | None:
        """The account's upload, unless it has expired unused."""
        media = self._items.get(media_id)
        if media is None or (media.platform, media.account) != (platform, account):
            return None
        late = self._clock.time() > media.created_at + LIFETIME
        return None if late and not media.used_by else media

    def data(self, media_id: str) -> tuple[bytes, str] | None:
        media = self._items.get(media_id)
        data = self._store.media_data(media_id) if media else None
        return (data, sniff(data) or "application/octet-stream") if data is not None else None

    def clear(self) -> None:
        with self.lock:
            self._items.clear()
