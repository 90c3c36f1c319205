"""Loaded by every process of an installation under test: lets one die with half a request written.

An order is a file `half-written.<delivery>` in PUBLISHER_CRASHES; its text is a word of the body to cut.
"""

from __future__ import annotations

import os
import signal
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

FOLDER = Path(os.environ.get("PUBLISHER_CRASHES", "/nonexistent"))
_send = HTTPConnection.send


def send(connection: HTTPConnection, data: Any) -> None:
    """As the library's; but where the body was ordered to be cut, half of it leaves and the process dies."""
    if isinstance(data, bytes) and not data.startswith((b"GET ", b"POST ", b"DELETE ")):
        for order in FOLDER.glob("half-written.*"):
            if order.read_bytes().strip() in data:
                order.unlink()
                _send(connection, data[: len(data) // 2])
                os.kill(os.getpid(), signal.SIGKILL)
    _send(connection, data)


HTTPConnection.send = send  # type: ignore[method-assign]
