"""Ask the public advisory services whether a locked package has a known weakness.

Python packages: OSV (https://osv.dev), by the names and versions of requirements/*.txt; the front end's:
`npm audit`.
Where a service cannot be reached, a line says so and nothing is claimed; `--strict` makes that a failure too.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

ROOT = Path(__file__).resolve().parent.parent
OSV = "https://api.osv.dev/v1/querybatch"
TIMEOUT_S = 20
BATCH = 200
LOCKED = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==([^\s;\\]+)", re.MULTILINE)

Finding = tuple[str, str, str]
"""Package, version, and the advisory's name."""


class Unreachable(Exception):
    """An advisory service did not answer, so nothing is known."""


@dataclass(frozen=True)
class Report:
    """What one service said. `problem` says why it said nothing."""

    what: str
    asked: int
    findings: Sequence[Finding] = ()
    problem: str = ""


def locked(text: str) -> set[tuple[str, str]]:
    """The (name, version) pairs of one lock file."""
    return {(name.lower(), version) for name, version in LOCKED.findall(text)}


def ask_osv(packages: Iterable[tuple[str, str]], url: str = OSV) -> Iterator[Finding]:
    """What OSV knows of these packages. Raises Unreachable."""
    wanted = sorted(packages)
    for start in range(0, len(wanted), BATCH):
        batch = wanted[start : start + BATCH]
        queries = [
            {"package": {"ecosystem": "PyPI", "name": name}, "version": version}
            for name, version in batch
        ]
        for (name, version), found in zip(batch, _results(url, queries), strict=True):
            for advisory in found.get("vulns", []):
                yield name, version, str(advisory["id"])


def _results(url: str, queries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    try:
        answer = requests.post(url, json={"queries": queries}, timeout=TIMEOUT_S)
        answer.raise_for_status()
        results: list[dict[str, Any]] = answer.json()["results"]
    except (requests.RequestException, ValueError, KeyError, TypeError) as error:
        raise Unreachable(type(error).__name__) from None
    if len(results) != len(queries):
        raise Unreachable("an incomplete answer")
    return results


def python_packages(url: str = OSV) -> Report:
    """The locked Python packages, those of the tests included."""
    packages: set[tuple[str, str]] = set()
    for path in sorted((ROOT / "requirements").glob("*.txt")):
        packages |= locked(path.read_text(encoding="utf-8"))
    try:
        return Report("Python packages", len(packages), tuple(ask_osv(packages, url)))
    except Unreachable as error:
        return Report("Python packages", len(packages), problem=f"OSV did not answer ({error})")


def npm() -> str | None:
    """npm of this machine, or the one that `make setup` brings along."""
    return shutil.which("npm") or shutil.which("npm", path=str(Path(sys.executable).parent))


def front_end() -> Report:
    """The locked packages of the front end."""
    text = (ROOT / "package-lock.json").read_text(encoding="utf-8")
    asked = sum(1 for name in json.loads(text)["packages"] if name)
    program = npm()
    if program is None:
        return Report("front end", asked, problem="npm is missing")
    command = [program, "audit", "--json", "--package-lock-only"]
    try:
        ran = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
        )
        return Report("front end", asked, tuple(advisories_of(ran.stdout)))
    except (Unreachable, OSError, subprocess.TimeoutExpired) as error:
        return Report("front end", asked, problem=f"npm audit did not answer ({error})")


def advisories_of(answer: str) -> Iterator[Finding]:
    """The findings in what `npm audit --json` printed. Raises Unreachable where it is no report."""
    try:
        report = json.loads(answer)
    except ValueError:
        raise Unreachable("no report") from None
    if "vulnerabilities" not in report:
        raise Unreachable("no report")
    for name, found in sorted(report["vulnerabilities"].items()):
        for via in found.get("via", []):
            if isinstance(via, dict):
                yield name, str(found.get("range", "")), str(via.get("url") or via.get("title"))


def tell(reports: Iterable[Report], *, strict: bool) -> int:
    """Print each report; 1 where a weakness is known or, if `strict`, where nobody could say."""
    status = 0
    for report in reports:
        if report.problem:
            print(
                f"{report.what}: NOT CHECKED, {report.problem}; {report.asked} packages unaudited."
            )
            status |= strict
        elif report.findings:
            print(f"{report.what}: {len(report.findings)} advisories for {report.asked} packages:")
            for name, version, advisory in report.findings:
                print(f"  {name} {version}  {advisory}")
            status = 1
        else:
            print(f"{report.what}: {report.asked} packages, no known advisory.")
    return status


def main(arguments: list[str]) -> int:
    """Ask both services and tell what they said."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--strict", action="store_true", help="fail where a service is silent")
    given = parser.parse_args(arguments)
    return tell([python_packages(), front_end()], strict=given.strict)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
