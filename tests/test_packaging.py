"""What others install from: locks that name every version and no place, and the WSGI entry point."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def canonical(requirement: str) -> str:
    """The package a requirement is about, as indexes spell it."""
    name = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert name, requirement
    return re.sub(r"[-_.]+", "-", name[0]).lower()


def locked(name: str) -> dict[str, str]:
    """Package to version of one lock."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text("utf-8")
    return {canonical(name): version for name, version in re.findall(r"^(\S+)==(\S+)", text, re.M)}


def test_there_are_locks() -> None:
    assert {path.stem for path in LOCKS} == {"app", "build", "dev", "node", "subscriber"}


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.stem)
def test_a_lock_names_no_place(path: Path) -> None:
    code = [line.split("#")[0] for line in path.read_text("utf-8").splitlines()]
    assert not [
        line for line in code if re.search(r"://|^\s*-|\s@\s|/", line) and "--hash" not in line
    ]


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.stem)
def test_every_locked_package_has_hashes(path: Path) -> None:
    entries = re.findall(r"^\S+==.*?(?=^\S|\Z)", path.read_text("utf-8"), re.M | re.S)
    assert entries
    assert all("--hash=sha256:" in entry for entry in entries)


def test_the_locks_hold_what_the_project_asks_for() -> None:
    app, dev = locked("app"), locked("dev")
    assert {canonical(name) for name in PROJECT["dependencies"]} <= app.keys()
    assert {canonical(name) for name in PROJECT["optional-dependencies"]["dev"]} <= dev.keys()


def test_tests_run_with_the_versions_that_users_get() -> None:
    dev = locked("dev")
    assert {name: dev.get(name) for name in locked("app")} == locked("app")


def test_gunicorn_finds_the_app(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "gunicorn", "--check-config", "wsgi:app"],
        cwd=ROOT,
        env={**os.environ, "PUBLISHER_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
