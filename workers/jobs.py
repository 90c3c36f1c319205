"""What RQ runs. A bell says "look"; everything else is the publisher's."""

from __future__ import annotations

from workers import listener
from workers.drain import drain as _drain
from workers.loaded import app


def drain() -> None:
    """Work off what is due until nothing is due soon."""
    _drain(app(), stopping=listener.told_to_stop())
