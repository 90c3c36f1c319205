"""Install what the tests need from the system by apt: Chromium, Korean fonts, PostgreSQL and curl.

Nothing is done when all are there. `publisher` itself needs none of them.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def has_chromium() -> bool:
    return any(shutil.which(name) for name in BROWSERS)


def has_korean_fonts() -> bool:
    """Without glyphs every Hangul syllable is the same box, and screenshots show nothing."""
    folders = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), Path("/Library/Fonts"))
    names = ("*CJK*", "Nanum*", "AppleSDGothic*")
    return any(next(folder.rglob(name), None) for folder in folders for name in names)


def has_postgresql() -> bool:
    """Debian keeps the server's programs out of PATH."""
    return bool(shutil.which("initdb")) or any(Path("/usr/lib/postgresql").glob("*/bin/initdb"))


NEEDED: dict[str, Callable[[], bool]] = {
    "chromium": has_chromium,
    "fonts-noto-cjk": has_korean_fonts,
    "postgresql": has_postgresql,
    "curl": lambda: bool(shutil.which("curl")),
}
"""Debian's package to the question whether this machine has what it brings."""


def main() -> int:
    """Install what is missing; 1 when that was not possible, after saying what to do."""
    missing = [package for package, is_there in NEEDED.items() if not is_there()]
    if not missing:
        return 0
    names = " ".join(missing)
    prefix = [] if os.geteuid() == 0 else ["sudo"] if sys.stdin.isatty() else ["sudo", "-n"]
    if not shutil.which("apt-get") or (prefix and not shutil.which("sudo")):
        print(
            f"The tests need {names}. Install them by hand, then run this again.", file=sys.stderr
        )
        return 1
    print(f"Installing {names} with apt, for the tests …", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    quietly = ["apt-get", "-q", "-y", "-o", "Dpkg::Use-Pty=0"]
    for step in (["update"], ["install", "--no-install-recommends", *missing]):
        done = subprocess.run(
            [*prefix, *quietly, *step],
            env=environment,
            stdin=None if sys.stdin.isatty() else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        if done.returncode:
            sys.stderr.write(done.stdout.decode(errors="replace"))
            print(f"apt could not. Run: sudo apt-get install {names}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
