"""Write the lock files in requirements/ anew: exact versions with hashes, valid for Python 3.11 and later.

What is locked stays as it is where it still fits; `--upgrade` takes the newest versions instead.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
UV = Path(sys.executable).with_name("uv")

LOCKS: dict[str, list[str]] = {
    "app": ["pyproject.toml"],
    "dev": ["pyproject.toml", "--extra", "dev", "--constraint", "requirements/app.txt"],
    "build": ["requirements/build.in", "--constraint", "requirements/dev.txt"],
    "node": ["requirements/node.in"],
    "subscriber": ["requirements/subscriber.in"],
}
"""Lock file to what it is made from; a later one keeps the versions of the one it is constrained by."""

COMPILE = [
    *("pip", "compile", "--quiet", "--universal", "--python-version", "3.11", "--generate-hashes"),
    *("--no-config", "--no-emit-index-url", "--no-emit-find-links"),  # nothing of this machine
    *("--custom-compile-command", "make lock"),
]


def main(arguments: list[str]) -> int:
    """Compile every lock; the exit status of the first that fails."""
    environment = {name: value for name, value in os.environ.items() if name != "UV_FIND_LINKS"}
    for name, sources in LOCKS.items():
        print(f"Locking requirements/{name}.txt")
        output = ["--output-file", f"requirements/{name}.txt"]
        command = [str(UV), *COMPILE, *arguments, *sources, *output]
        if status := subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode:
            print("That failed: see above which requirement could not be met.", file=sys.stderr)
            return status
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
