"""`python -m tests.faults.storm --seed 1 --posts 3000 [--database postgresql]`: a storm on demand."""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from contextlib import nullcontext
from pathlib import Path

from tests.faults.storm.plan import draw
from tests.faults.storm.run import storm
from tests.plugins.databases import private_cluster


def main() -> int:
    """Run one storm and print its table. 1 when the promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.storm", description=__doc__)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10_000))
    parser.add_argument("--posts", type=int, default=3000)
    parser.add_argument(
        "--seconds", type=float, help="how long it lasts; default: six posts a second"
    )
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    given = parser.parse_args()
    seconds = given.seconds or max(20.0, given.posts / 6)
    servers = private_cluster() if given.database == "postgresql" else nullcontext()
    with servers as cluster, tempfile.TemporaryDirectory(prefix="storm-") as folder:
        url = cluster.url(cluster.create()) if cluster else ""
        plan = draw(given.seed, given.posts, seconds)
        with storm(Path(folder), plan, database_url=url, say=_progress) as aftermath:
            report = aftermath.report()
    sys.stdout.write(f"{report}\n")
    return 0 if report.kept else 1


def _progress(sentence: str) -> None:
    sys.stderr.write(f"  {sentence}\n")


if __name__ == "__main__":
    sys.exit(main())
