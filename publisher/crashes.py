"""Named places where a test may let this process die, to prove that nothing is lost there or sent twice.

Nothing is armed unless the installation's environment is `test` and `PUBLISHER_CRASHES` names a folder.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

POINTS = (
    "bell-heard",  # between the bell and the claim; knows no delivery yet: number 0
    "before-intent",  # within commit 1
    "after-intent",
    "before-wire",  # within commit 2
    "after-wire",
    "answered",  # the platform's answer is read and not recorded
    "before-outcome",  # within commit 3
    "after-outcome",
    "before-patch",  # a link block is about to be written back; the number is the post's
    "after-patch",
)

Strike = Callable[[str, int], None]

_strike: Strike | None = None


def crash_point(name: str, subject: int = 0) -> None:
    """Pass a named place with this delivery. Does nothing in production."""
    if _strike is not None:
        _strike(name, subject)


def arm(strike: Strike | None) -> None:
    """Let `strike(name, subject)` decide at each place whether to die; None disarms."""
    global _strike  # noqa: PLW0603 - one switch for the whole process
    _strike = strike


def killing_by(folder: Path) -> Strike:
    """Kills where a file `<name>.<subject>` lies in `folder`: once, as the file is taken away first.

    The file says who dies: `self` (the default), `parent` (RQ's worker that forked this horse), or a process
    id. Who is dead already dies no second time, and nobody else in its place.
    """
    forked_by: list[int] = []
    os.register_at_fork(after_in_child=lambda: forked_by.append(os.getppid()))

    def strike(name: str, subject: int) -> None:
        order = folder / f"{name}.{subject}"
        try:
            who = order.read_text().strip()
            order.unlink()
        except FileNotFoundError:
            return
        if who == "parent":
            victim = os.getppid() if forked_by[-1:] == [os.getppid()] else 0
        else:
            victim = int(who) if who.isdigit() else os.getpid()
        if victim:
            with suppress(ProcessLookupError):
                os.kill(victim, signal.SIGKILL)

    return strike
