"""The table that a storm prints."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from tests.faults.storm.plan import Plan
from tests.faults.storm.platform import Watch
from tests.faults.storm.verdicts import Doubts, Fate, Verdict, timeline

MOST_TIMELINES = 10


@dataclass(frozen=True)
class Report:
    """What a storm left behind."""

    plan: Plan
    database: str
    scale: float
    verdicts: list[Verdict]
    seen: Watch
    doubts: Doubts
    struck: Counter[str]
    faults: Counter[str]
    died: int
    timelines: list[str]
    seconds: float

    @property
    def broken(self) -> list[Verdict]:
        return [verdict for verdict in self.verdicts if verdict.fate.broken]

    @property
    def kept(self) -> bool:
        """Whether the promise was kept."""
        return not (self.broken or self.seen.overlaps or self.seen.dead_links)

    def __str__(self) -> str:
        fates = Counter(verdict.fate for verdict in self.verdicts)
        by_itself = self.doubts.count - self.doubts.by_hand
        share = 100 * by_itself / self.doubts.count if self.doubts.count else 100.0
        rows = [
            ("seed, database", f"{self.plan.seed}, {self.database}"),
            ("posts", str(len(self.verdicts))),
            *((str(fate), str(fates[fate])) for fate in Fate if fates[fate] or fate.broken),
            ("two in flight on one account", str(len(self.seen.overlaps))),
            ("links tried when they were posted", _links(self.seen)),
            ("unconfirmed, settled by themselves", f"{self.doubts.count}, {share:.1f} %"),
            ("longest until settled", f"{self.doubts.longest_s:.1f} s at a pace of {self.scale:g}"),
            ("blows", _counted(self.struck)),
            ("deaths at named places", str(self.died)),
            ("spoilt calls", _counted(self.faults)),
            ("took", f"{self.seconds:.0f} s"),
        ]
        width = max(len(name) for name, _ in rows)
        table = "\n".join(f"  {name:<{width}}  {value}" for name, value in rows)
        return table if self.kept else f"{table}\n{self._why()}"

    def _why(self) -> str:
        again = f"make storm SEED={self.plan.seed} POSTS={self.plan.posts} DATABASE={self.database}"
        seen = [*self.seen.overlaps, *self.seen.dead_links]
        return "\n".join([f"BROKEN. Again: {again}", *seen, *self.timelines])


def timelines(verdicts: Sequence[Verdict]) -> list[str]:
    """Those of the first posts that broke the promise."""
    return [timeline(each) for each in verdicts if each.fate.broken][:MOST_TIMELINES]


def _links(seen: Watch) -> str:
    dead, down = len(seen.dead_links), seen.unanswered
    return f"{seen.links}: {dead} led nowhere, {down} while the web was restarting"


def _counted(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items())) or "none"
