"""Make this checkout ready: Python packages, the built front end, compiled translations.

Uses only the standard library, as it runs before anything is installed. Each step is skipped while what it
was made from has not changed, which stamps in .venv/stamps remember. `--dev` adds what the tests need.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
SUBSCRIBER = ROOT / ".venv-subscriber"
STAMPS = VENV / "stamps"
OLDEST_PYTHON = (3, 11)
OLDEST_NODE = 20

REGISTRY_HINT = (
    "Packages come from a registry: check the network, or point pip and npm at your mirror\n"
    "  (PIP_INDEX_URL, NPM_CONFIG_REGISTRY). Then run the same command again; done steps are kept."
)


class SetupFailed(Exception):
    """A step did not work. The message says what to do."""


def main(arguments: list[str]) -> int:
    """Run every step that is needed; 1 when one failed, after saying what to do."""
    try:
        check_python()
        make_venv(VENV)
        install_packages(development="--dev" in arguments)
        build_front_end()
        compile_translations()
    except SetupFailed as problem:
        print(f"\nSet-up stopped. {problem}", file=sys.stderr)
        return 1
    return 0


def check_python() -> None:
    if sys.version_info < OLDEST_PYTHON:
        raise SetupFailed(
            f"This is Python {sys.version.split()[0]}, but 3.11 or later is needed.\n"
            "  Name another one: make PYTHON=python3.12 run"
        )


def make_venv(folder: Path) -> None:
    """A virtual environment of the running Python; one of another Python or a broken one is replaced."""
    wanted = f"{sys.version_info.major}.{sys.version_info.minor}"
    found = (
        subprocess.run(
            [python_of(folder), "-c", "import sys, pip; print('%d.%d' % sys.version_info[:2])"],
            capture_output=True,
            text=True,
            check=False,
        ).stdout.strip()
        if python_of(folder).exists()
        else ""
    )
    if found == wanted:
        return
    run(
        f"Making {folder.name} with Python {wanted}",
        [outer_python(), "-m", "venv", "--clear", folder],
        "Python's venv module is needed; on Debian and Ubuntu: apt install python3-venv",
    )


def outer_python() -> str:
    """The Python that virtual environments are made from, even when this one runs inside one."""
    return getattr(sys, "_base_executable", None) or sys.executable


def install_packages(*, development: bool) -> None:
    """Locked packages into .venv, this project beside them, and the calendar subscribers for tests."""
    locks = ["dev" if development else "app", "build"]
    # The development lock holds everything of the application's, so having it is enough for both.
    enough = ["packages-dev"] if development else ["packages-app", "packages-dev"]
    made_from = {f"packages-{name}": digest([lock(name), lock("build")]) for name in ("app", "dev")}
    if not any(stamped(name, made_from[name]) for name in enough):
        label = "Installing Python packages" + (" and development tools" if development else "")
        pip_install(VENV, label, locks)
        stamp(enough[0], made_from[enough[0]])

    def install_project() -> None:
        command = pip(VENV, "--no-deps", "--no-build-isolation", "--editable", ROOT)
        run(
            "Installing the publisher command",
            command,
            "The message above says what to mend in pyproject.toml.",
        )

    launcher = VENV / "bin" / "publisher"
    once("project", digest([ROOT / "pyproject.toml"]), install_project, proof=launcher)
    if development:
        make_venv(SUBSCRIBER)
        once(
            "subscriber",
            digest([lock("subscriber")]),
            lambda: pip_install(SUBSCRIBER, "Installing calendar subscribers", ["subscriber"]),
            proof=SUBSCRIBER / "bin" / "vdirsyncer",
        )


def build_front_end() -> None:
    """node_modules by the npm lock, then publisher/static/dist."""
    lock_file = ROOT / "package-lock.json"
    sources = [path for path in (ROOT / "assets").rglob("*") if path.is_file()]
    built = digest([lock_file, *sources])
    manifest = ROOT / "publisher" / "static" / "dist" / "manifest.json"
    if stamped("assets", built) and manifest.exists():
        return
    node_folder = find_node()
    environment = {**os.environ, "PATH": f"{node_folder}{os.pathsep}{os.environ.get('PATH', '')}"}
    npm, node = (
        shutil.which("npm", path=str(node_folder)),
        shutil.which("node", path=str(node_folder)),
    )

    def install_modules() -> None:
        command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        run("Installing front-end packages", command, REGISTRY_HINT, environment)

    installed = ROOT / "node_modules" / ".package-lock.json"
    once("node-modules", digest([lock_file]), install_modules, proof=installed)
    run(
        "Building the front end",
        [node, "assets/build.mjs"],
        "The message above names the file in assets/ to mend.",
        environment,
    )
    stamp("assets", built)


def find_node() -> Path:
    """The folder with `node` and `npm`: the system's if new enough, else one installed into .venv."""
    system = shutil.which("node")
    if system and shutil.which("npm", path=str(Path(system).parent)) and is_new_enough(system):
        return Path(system).parent
    folder = VENV / "bin"
    made_from = digest([lock("node")])
    once(
        "node",
        made_from,
        lambda: pip_install(
            VENV, f"Installing Node (none of version {OLDEST_NODE}+ found)", ["node"]
        ),
        proof=folder / "npm",
    )
    return folder


def is_new_enough(node: str) -> bool:
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    version = re.match(r"v(\d+)\.", answer)
    return version is not None and int(version[1]) >= OLDEST_NODE


def compile_translations() -> None:
    """Every .po into its .mo, without which pages would show only English."""
    sources = sorted((ROOT / "translations").glob("*/LC_MESSAGES/*.po"))
    missing = [path for path in sources if not path.with_suffix(".mo").exists()]
    made_from = digest(sources)
    if not sources or (stamped("translations", made_from) and not missing):
        return
    run(
        "Compiling translations",
        [VENV / "bin" / "pybabel", "-q", "compile", "-d", "translations"],
        "The message above names the line in translations/ to mend.",
    )
    stamp("translations", made_from)


def lock(name: str) -> Path:
    return ROOT / "requirements" / f"{name}.txt"


def python_of(folder: Path) -> Path:
    return folder / "bin" / "python"


def pip(folder: Path, *arguments: str | Path) -> list[str | Path]:
    quiet = ["--quiet", "--disable-pip-version-check", "--no-input"]
    return [python_of(folder), "-m", "pip", "install", *quiet, *arguments]


def pip_install(folder: Path, label: str, locks: list[str]) -> None:
    """Exactly what the locks name; --no-deps, as they are complete and need no resolving."""
    files = [part for name in locks for part in ("-r", lock(name))]
    run(label, pip(folder, "--no-deps", "--require-hashes", *files), REGISTRY_HINT)


def run(
    label: str,
    command: Sequence[str | Path | None],
    hint: str,
    environment: dict[str, str] | None = None,
) -> None:
    """One step with one line about it. Raises SetupFailed with `hint` when the command fails."""
    print(f"{label} …", end=" ", flush=True)
    began = time.monotonic()
    done = subprocess.run(
        [str(part) for part in command],
        cwd=ROOT,
        env=environment,
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    if done.returncode:
        print("failed")
        sys.stdout.flush()
        sys.stderr.write(done.stdout.decode(errors="replace"))
        raise SetupFailed(hint)
    print(f"{time.monotonic() - began:.1f} s")


def once(name: str, made_from: str, step: Callable[[], None], *, proof: Path) -> None:
    """Run `step` unless it was done with the same sources and `proof`, which it makes, is still there."""
    if stamped(name, made_from) and proof.exists():
        return
    step()
    stamp(name, made_from)


def digest(files: Iterable[Path]) -> str:
    """One hash over names and contents."""
    total = hashlib.sha256()
    for path in sorted(files):
        total.update(f"{path.relative_to(ROOT)}\0".encode())
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def stamped(name: str, made_from: str) -> bool:
    path = STAMPS / name
    return path.exists() and path.read_text() == made_from


def stamp(name: str, made_from: str) -> None:
    STAMPS.mkdir(exist_ok=True)
    (STAMPS / name).write_text(made_from)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
