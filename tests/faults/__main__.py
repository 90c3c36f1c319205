"""`python -m tests.faults`: every crash point × every network outcome; prints the table and the figures.

Exit code 1 when a case broke the promise, did not settle, or its crash did not come.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.faults import matrix
from tests.faults.installation import Knobs, running
from tests.faults.matrix_report import figures, story, table
from tests.faults.matrix_run import Matrix
from tests.plugins.databases import private_cluster

CASES = {"full": matrix.full, "short": matrix.short, "shortest": matrix.shortest}
LIMIT_S = 600.0
ENOUGH = 0.95
"""The share of what a machine may settle that must settle without a person."""


def main() -> int:
    """Play the matrix on each database asked for."""
    parser = argparse.ArgumentParser(prog="faults")
    parser.add_argument("--database", choices=["sqlite", "postgresql", "both"], default="both")
    parser.add_argument("--cases", choices=CASES, default="full")
    parser.add_argument("--workers", type=int, default=4)
    given = parser.parse_args()
    chosen = ["sqlite", "postgresql"] if given.database == "both" else [given.database]
    kept = [_play(database, given.cases, given.workers) for database in chosen]
    return 0 if all(kept) else 1


def _play(database: str, cases: str, workers: int) -> bool:
    with _database(database) as url, tempfile.TemporaryDirectory(prefix="faults-") as folder:
        knobs = Knobs(workers=workers, senders=1, database_url=url)
        with running(Path(folder) / "run", knobs) as installation:
            plays = Matrix(installation, CASES[cases]()).play(LIMIT_S)
            broken = [play for play in plays if play.broken]
            found = figures(plays)
            _say(f"\n{table(plays)}\n")
            for play in broken:
                _say(story(installation, play) + "\n")
            if broken:
                _say(installation.logs())
    _say(json.dumps({"faults": database, "scale": knobs.scale, **found}))
    return not broken and found["settled_share"] >= ENOUGH


@contextmanager
def _database(name: str) -> Iterator[str]:
    """The address of a fresh database; none for SQLite, which lives in the home."""
    if name == "sqlite":
        yield ""
        return
    with private_cluster() as cluster:
        yield cluster.url(cluster.create())


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())
