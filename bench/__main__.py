"""`python -m bench [--quick] [figure …]`: one JSON line per figure on stdout, progress on stderr."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Callable
from typing import Any

from bench import (
    api_burst,
    blog_burst,
    composer,
    feed,
    growth,
    hostile_text,
    idle,
    month_page,
    pages,
    recovery,
    soak,
    start_lag,
    under_load,
)
from bench.rig import progress

FIGURES: dict[str, Callable[[bool], dict[str, Any]]] = {
    "start_lag": start_lag.measure,
    "blog_burst": blog_burst.measure,
    "api_burst": api_burst.measure,
    "recovery": recovery.measure,
    "idle": idle.measure,
    "feed": feed.measure,
    "month_page": month_page.measure,
    "pages": pages.measure,
    "growth": growth.measure,
    "under_load": under_load.measure,
    "soak": soak.measure,
    "composer": composer.measure,
    "hostile_text": hostile_text.measure,
}


def main(arguments: list[str] | None = None) -> int:
    """Measure the figures named, or all. Returns how many could not be measured."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("figures", nargs="*", metavar="figure", help=", ".join(FIGURES))
    parser.add_argument("--quick", action="store_true", help="small numbers: does it work at all?")
    parser.add_argument("--full", action="store_true", help="the longest: a million rows, an hour")
    given = parser.parse_args(arguments)
    if given.full:
        os.environ["BENCH_FULL"] = "yes"
    if unknown := sorted(set(given.figures) - set(FIGURES)):
        parser.error(f"no figure {unknown[0]!r}; there are: {', '.join(FIGURES)}")
    failed = 0
    for name in given.figures or FIGURES:
        progress(f"{name} …")
        begun = time.monotonic()
        try:
            found = FIGURES[name](given.quick)
        except Exception as error:
            progress(f"{name} failed: {type(error).__name__}: {error}")
            failed += 1
            continue
        line = {"figure": name, **found, "quick": given.quick, "machine": _machine()}
        print(json.dumps(line, ensure_ascii=False), flush=True)
        progress(f"{name} took {time.monotonic() - begun:.0f} s")
    return failed


def _machine() -> str:
    """What the figures depend on besides the code: cores, how busy they are, the Python."""
    load = os.getloadavg()[0]
    return f"{os.cpu_count()} cores, load {load:.1f}, Python {platform.python_version()}"


if __name__ == "__main__":
    sys.exit(main())
