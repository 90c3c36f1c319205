"""The judge of faults and storms: what the platform's ledger holds, against what a person is told. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

STOPPED = frozenset({"failed", "needs_attention", "missed", "partly_published"})
"""What the pages show among "needs attention": a person has been asked."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What a person is told about one post. `paused` and `held` say why its account does not send, if so."""

    post_id: int
    shown: str
    status: str
    reason: str
    paused: str
    held: str = ""


class Fate(StrEnum):
    """What became of a post."""

    SETTLED = "settled by itself"
    WAITS = "waits for a person"
    OPEN = "still under way"
    DUPLICATED = "DUPLICATED"
    LOST = "SILENTLY LOST"
    HIDDEN = "OUT BUT CALLED REFUSED"

    @property
    def broken(self) -> bool:
        return self in {Fate.DUPLICATED, Fate.LOST, Fate.HIDDEN}


def judge(posted: int, entry: Entry) -> Fate:
    """Of a post that the platform created `posted` times, and that is shown as `entry` says.

    The promise is: once, or not more than once and somebody is visibly asked. A post that is out and called
    refused breaks it, too: who is told so will write it again.
    """
    if posted > 1:
        return Fate.DUPLICATED
    if entry.shown == "published":
        return Fate.SETTLED if posted == 1 else Fate.LOST
    if entry.shown in STOPPED:
        if entry.shown in {"failed", "missed"} and posted:
            return Fate.HIDDEN
        return Fate.WAITS if entry.reason else Fate.LOST
    if (entry.paused or entry.held) and entry.status != "sending":
        return Fate.WAITS
    return Fate.LOST if entry.shown in {"cancelled", "draft"} else Fate.OPEN
