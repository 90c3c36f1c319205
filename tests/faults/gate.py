"""An address that refuses connections until it is opened, and then leads to the sandbox."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress


class Gate:
    """A port of our own: bound but deaf at first, so that a connection is refused. `open()` forwards it."""

    def __init__(self, target: int) -> None:
        self.target = target
        self._door = socket.socket()
        self._door.bind(("127.0.0.1", 0))
        self.port = int(self._door.getsockname()[1])
        self.opened = False

    def open(self) -> None:
        """From now on whatever connects is talking to the sandbox."""
        self.opened = True
        self._door.listen(16)
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        with suppress(OSError):
            self._door.shutdown(socket.SHUT_RDWR)
        self._door.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                caller, _ = self._door.accept()
                threading.Thread(target=self._lead, args=(caller,), daemon=True).start()

    def _lead(self, caller: socket.socket) -> None:
        with caller, socket.create_connection(("127.0.0.1", self.target)) as callee:
            there = threading.Thread(target=_pour, args=(caller, callee), daemon=True)
            there.start()
            _pour(callee, caller)
            there.join()


def _pour(source: socket.socket, sink: socket.socket) -> None:
    """Hand on what comes until either side ends, and then end both."""
    with suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    for side in (source, sink):
        with suppress(OSError):
            side.shutdown(socket.SHUT_RDWR)
