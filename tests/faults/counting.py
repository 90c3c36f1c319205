"""A platform that only counts: one line in one file for each post that it is given."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import ClassVar

from channels.base import Channel, Content, Limits, Measure, Problem, Receipt

KIND = "counting"
LEDGER = "COUNTING_LEDGER"
"""The environment variable that names the file."""


class Counting(Channel):
    """Appends in one write, which processes cannot interleave: `<the delivery's marker> <who sent it>`."""

    kind: ClassVar[str] = KIND
    label: ClassVar[str] = "Counting"
    limits: ClassVar[Limits] = Limits(text=0, images=0, alt_text=0)

    @classmethod
    def check(cls, content: Content) -> list[Problem]:
        return []

    @classmethod
    def measure(cls, content: Content) -> Measure:
        return Measure(len(content.text), 0, 0.0, None)

    def publish(self, content: Content, *, key: str, on_wire: Callable[[], None]) -> Receipt:
        on_wire()
        descriptor = os.open(os.environ[LEDGER], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(descriptor, f"{key} {os.environ['PUBLISHER_HOME']}\n".encode())
        finally:
            os.close(descriptor)
        return Receipt(key, f"https://example.com/{key}")
