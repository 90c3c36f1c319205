"""The processes of one installation, found by its home and killed by their ids."""

from __future__ import annotations

import os
import random
import signal
import socket
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Running:
    """One living process of an installation."""

    pid: int
    parent: int
    leads: bool
    line: str


def kill(pids: Sequence[int]) -> int:
    """SIGKILL each; how many there were."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return len(pids)


def living(home: Path) -> Iterator[Running]:
    """Processes of that home that are no zombies. Valkey writes its title over its environment."""
    mark = f"PUBLISHER_HOME={home}".encode()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            marked = mark in (folder / "environ").read_bytes().split(b"\0")
            if not marked and (folder / "cwd").readlink() != home:
                continue
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            line = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if fields[0] != "Z":
            pid = int(folder.name)
            yield Running(pid, int(fields[1]), int(fields[3]) == pid, line.strip())


def free_port() -> int:
    """A port that nobody listens on, below those that the kernel gives to outgoing connections: one of these
    could take it while the installation is being restarted."""
    while True:
        port = random.randrange(15_000, 32_000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
