"""What a family of processes costs: CPU time and memory, as the kernel counts them."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

TICK_S = 1 / os.sysconf("SC_CLK_TCK")


def family(pid: int) -> list[int]:
    """That process and all below it that are alive now."""
    parents = {int(path.name): _parent(path) for path in Path("/proc").glob("[0-9]*")}
    found = [pid]
    for each in found:
        found += [child for child, parent in parents.items() if parent == each]
    return found


def _parent(path: Path) -> int:
    fields = _stat(path)
    return int(fields[1]) if fields else 0


def _stat(path: Path) -> list[str]:
    """The fields of /proc/PID/stat after the name; empty when the process has ended."""
    try:
        return (path / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def cpu_s(pids: Iterable[int]) -> float:
    """Seconds of CPU these processes have used, with those of their children that have ended."""
    ticks = 0
    for pid in pids:
        fields = _stat(Path(f"/proc/{pid}"))
        ticks += sum(int(each) for each in fields[11:15])
    return ticks * TICK_S


def memory_mb(pids: Iterable[int]) -> float:
    """Their memory, what they share divided among those who share it (PSS), in megabytes."""
    kilobytes = 0
    for pid in pids:
        try:
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        kilobytes += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return kilobytes / 1024
