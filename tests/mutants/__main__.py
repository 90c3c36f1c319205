"""Take away each guard in turn, and see that a test notices: `python -m tests.mutants [WORD …]`.

A mutant is one precise change of the source. It is made in a copy of the tree, and the tests that are meant
to notice run there. Before that they must pass in the unchanged copy.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import Queue

from tests.mutants.mutant import Mutant
from tests.mutants.table import MUTANTS

ROOT = Path(__file__).resolve().parents[2]
COPIED = ("publisher", "channels", "workers", "sandbox", "templates", "migrations", "translations")
LIMIT_S = 900.0
AT_ONCE = 2


@dataclass(frozen=True)
class Verdict:
    """What became of one mutant: the test that noticed it, or nothing."""

    mutant: Mutant
    killer: str
    seconds: float


@contextmanager
def tree() -> Iterator[Path]:
    """A copy of the source that may be damaged."""
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        copy = Path(folder)
        ignore = shutil.ignore_patterns("__pycache__", "*.pyc")
        for name in (*COPIED, "tests"):
            shutil.copytree(ROOT / name, copy / name, ignore=ignore)
        shutil.copy(ROOT / "pyproject.toml", copy)
        yield copy


def change(mutant: Mutant, root: Path) -> str:
    """Make the change below `root`; returns the text of before. Raises ValueError when it does not fit."""
    path = root / mutant.file
    text = path.read_text("utf-8")
    if (count := text.count(mutant.old)) != 1:
        raise ValueError(f"{mutant.guard}: its text is there {count} times in {mutant.file}")
    path.write_text(text.replace(mutant.old, mutant.new), "utf-8")
    return text


def first_failure(root: Path, tests: Sequence[str]) -> str:
    """Run these tests in a copy; the name of the first that fails, or nothing."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "--tb=no", "-p", "no:cacheprovider"]
    try:
        done = subprocess.run(
            [*command, *tests],
            cwd=root,
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return "ran out of time"
    if done.returncode == 0:
        return ""
    found = re.search(r"^(?:FAILED|ERROR) (\S+)", done.stdout, re.MULTILINE)
    if found is None:
        raise RuntimeError(
            f"pytest could not run {tests}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
        )
    return found[1]


def judge(mutant: Mutant, root: Path) -> Verdict:
    """Change, try, and put things right again."""
    begun = time.monotonic()
    before = change(mutant, root)
    try:
        killer = first_failure(root, mutant.tests)
    finally:
        (root / mutant.file).write_text(before, "utf-8")
    return Verdict(mutant, killer, time.monotonic() - begun)


def run(mutants: Sequence[Mutant]) -> int:
    """Judge all, a few at once, and print a line for each. Returns how many survived."""
    with tree() as one, tree() as two, ThreadPoolExecutor(AT_ONCE) as pool:
        free: Queue[Path] = Queue()
        for root in (one, two):
            free.put(root)
        tests = list(dict.fromkeys(test for mutant in mutants for test in mutant.tests))
        if broken := first_failure(one, tests):
            say(f"The unchanged tree fails: {broken}")
            return len(mutants)

        def work(mutant: Mutant) -> Verdict:
            root = free.get()
            try:
                return judge(mutant, root)
            finally:
                free.put(root)

        survivors = 0
        for verdict in pool.map(work, mutants):
            survivors += not verdict.killer
            said = f"killed by {verdict.killer}" if verdict.killer else "SURVIVED"
            say(f"{verdict.mutant.guard:<58} {said} ({verdict.seconds:.0f} s)")
    say(f"{len(mutants) - survivors} of {len(mutants)} guards are held by a test")
    return survivors


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main(words: Sequence[str]) -> int:
    chosen = [each for each in MUTANTS if all(word in each.guard for word in words)]
    return 1 if run(chosen) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
