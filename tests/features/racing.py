"""People and senders who act at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from flask import Flask

from channels.base import Content
from publisher.deliveries import claim as claims
from publisher.deliveries import deliver
from publisher.extensions import db
from tests.plugins.newsroom import Newsroom


def in_thread(app: Flask, work: Callable[[], Any]) -> tuple[threading.Thread, list[Any]]:
    """`work` in a thread with its own session; its result or its exception ends up in the list."""
    said: list[Any] = []

    def run() -> None:
        with app.app_context():
            try:
                said.append(work())
            except Exception as error:
                said.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    return thread, said


def claimed(newsroom: Newsroom, slug: str) -> claims.Claim:
    """A claim of that account's next delivery, already on the wire."""
    account_id = newsroom.accounts[slug].id
    head = next(head for head in claims.heads() if head.account_id == account_id)
    claim = claims.claim(head)
    assert claim is not None
    deliver.go_on_wire(claim, Content("text"))
    db.session.rollback()
    return claim
