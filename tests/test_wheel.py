"""The wheel carries everything: it runs in an empty environment, away from this checkout and without Node."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

ROOT = Path(__file__).resolve().parent.parent

pytestmark = [pytest.mark.wheel, pytest.mark.timeout(400)]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT)
    return next(folder.glob("publisher-*.whl"))


@pytest.fixture(scope="module")
def bin_folder(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of an environment that holds the wheel and its locked dependencies only."""
    environment = tmp_path_factory.mktemp("empty")
    run(sys.executable, "-m", "venv", environment)
    pip: list[str | Path] = [environment / "bin" / "pip", "install", "--quiet", "--no-deps"]
    run(*pip, "--require-hashes", "-r", ROOT / "requirements" / "app.txt")
    run(*pip, wheel)
    return environment / "bin"


def run(*command: str | Path) -> str:
    done = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def started(program: Path, home: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """`publisher up --demo` with nothing but its own environment on PATH; surely gone afterwards."""
    environment = {
        "PATH": str(program.parent),
        "HOME": str(home),
        "PUBLISHER_HOME": str(home / "data"),
        "PORT": str(port),
        "LANG": "C.UTF-8",
    }
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(
            [str(program), "up", "--demo"],
            cwd=home,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def get(
    url: str, process: subprocess.Popen[bytes], log: Path, seconds: float = 60
) -> requests.Response:
    """The first answer of a server that is coming up."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and process.poll() is None:
        try:
            return requests.get(url, timeout=30)
        except requests.ConnectionError:
            time.sleep(0.1)
    raise AssertionError(f"nothing answers at {url}:\n{log.read_text(errors='replace')}")


def group_is_gone(leader: int, seconds: float = 5) -> bool:
    """Whether no process of the group is left."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            os.killpg(leader, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


def test_the_wheel_holds_what_is_not_python(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {
        "publisher/_data/templates/base.html",
        "publisher/_data/migrations/env.py",
        "publisher/_data/translations/ko/LC_MESSAGES/messages.mo",
        "publisher/static/dist/manifest.json",
        "channels/base.py",
        "workers/__main__.py",
        "sandbox/__main__.py",
    } <= names
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == {
        "publisher",
        "channels",
        "workers",
        "sandbox",
    }


def test_it_knows_its_version_away_from_the_checkout(
    bin_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert "0.1.0" in run(bin_folder / "publisher", "--version")
    where = run(bin_folder / "python", "-c", "import publisher; print(publisher.__file__)")
    assert Path(where.strip()).is_relative_to(bin_folder.parent)


def test_it_serves_pages_and_assets_and_ends_without_a_trace(
    bin_folder: Path, tmp_path: Path
) -> None:
    port = free_port()
    with started(bin_folder / "publisher", tmp_path, port) as process:
        base, log = f"http://127.0.0.1:{port}", tmp_path / "log"
        page = get(f"{base}/sign-in", process, log)
        assert page.status_code == 200, log.read_text(errors="replace")
        assert "<h1" in page.text
        style = next(part for part in page.text.split('"') if part.endswith(".css"))
        assert requests.get(base + style, timeout=30).headers["Content-Type"].startswith("text/css")

        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0, log.read_text(errors="replace")
        assert group_is_gone(process.pid)
