"""Collect the texts of code and templates into translations/, keep what is translated, and compile it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYBABEL = Path(sys.executable).with_name("pybabel")
TEMPLATE = "translations/messages.pot"
LANGUAGES = ("ko",)

EXTRACT = [
    *("extract", "-F", "pyproject.toml", "-o", TEMPLATE, "-k", "_l", "-k", "lazy_gettext"),
    *("--sort-by-file", "--add-location=file", "--no-wrap", "--project=publisher", "."),
]


def steps() -> list[list[str]]:
    """The pybabel commands in order; a language without a catalogue yet gets an empty one."""
    commands = [EXTRACT]
    for language in LANGUAGES:
        catalogue = ROOT / "translations" / language / "LC_MESSAGES" / "messages.po"
        if catalogue.exists():
            how = [
                "update",
                "--no-fuzzy-matching",
                "--ignore-obsolete",
                "--ignore-pot-creation-date",
            ]
        else:
            how = ["init"]
        commands.append([*how, "--no-wrap", "-i", TEMPLATE, "-d", "translations", "-l", language])
    commands.append(["compile", "-d", "translations"])
    return commands


def main() -> int:
    """Run every step; the exit status of the first that fails."""
    for command in steps():
        done = subprocess.run([str(PYBABEL), "-q", *command], cwd=ROOT, check=False)
        if done.returncode:
            return done.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main())
