"""The SQLite file below: an append-only list of events, the pictures, and the accounts."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_SCHEMA = """
CREATE TABLE IF NOT EXISTS events (seq INTEGER PRIMARY KEY, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS media (id TEXT PRIMARY KEY, meta TEXT NOT NULL, data BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS accounts (key TEXT PRIMARY KEY, body TEXT NOT NULL);
"""


class Store:
    """One connection, one lock. Not synced to disk: a power cut may cost a simulator its last posts."""

    def __init__(self, home: Path | None) -> None:
        if home is not None:
            home.mkdir(parents=True, exist_ok=True)
        path = ":memory:" if home is None else str(home / "sandbox.sqlite3")
        self._lock = threading.Lock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=OFF")
        self._db.executescript(_SCHEMA)

    def append(self, event: dict[str, Any]) -> None:
        body = json.dumps(event, ensure_ascii=False)
        with self._lock:
            self._db.execute("INSERT INTO events (body) VALUES (?)", (body,))

    def events(self) -> Iterator[dict[str, Any]]:
        with self._lock:
            rows = self._db.execute("SELECT body FROM events ORDER BY seq").fetchall()
        return (json.loads(row[0]) for row in rows)

    def put_media(self, media_id: str, meta: dict[str, Any], data: bytes | None = None) -> None:
        """Insert with `data`, or without it change only what is known about it."""
        text = json.dumps(meta, ensure_ascii=False)
        with self._lock:
            if data is None:
                self._db.execute("UPDATE media SET meta = ? WHERE id = ?", (text, media_id))
            else:
                self._db.execute("REPLACE INTO media VALUES (?, ?, ?)", (media_id, text, data))

    def media(self) -> list[dict[str, Any]]:
        with self._lock:
            rows = self._db.execute("SELECT meta FROM media").fetchall()
        return [json.loads(row[0]) for row in rows]

    def media_data(self, media_id: str) -> bytes | None:
        with self._lock:
            row = self._db.execute("SELECT data FROM media WHERE id = ?", (media_id,)).fetchone()
        return row[0] if row else None

    def put_account(self, key: str, body: dict[str, Any]) -> None:
        with self._lock:
            self._db.execute("REPLACE INTO accounts VALUES (?, ?)", (key, json.dumps(body)))

    def accounts(self) -> list[dict[str, Any]]:
        with self._lock:
            return [json.loads(r[0]) for r in self._db.execute("SELECT body FROM accounts")]

    def clear(self) -> None:
        """Forget posts and pictures; accounts stay."""
        with self._lock:
            self._db.execute("DELETE FROM events")
            self._db.execute("DELETE FROM media")

    def close(self) -> None:
        with self._lock:
            self._db.close()
