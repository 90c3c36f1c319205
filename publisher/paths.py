"""Where the files that are not Python lie, in the repository and in an installed wheel."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

DataDir = Literal["templates", "migrations", "translations"]

_PACKAGE = Path(__file__).resolve().parent


def data_dir(name: DataDir) -> Path:
    """The folder of templates, migrations or translations.

    A wheel carries them in ``publisher/_data``; in the repository they lie beside the package.
    Raises FileNotFoundError when the folder is in neither place.
    """
    for parent in (_PACKAGE / "_data", _PACKAGE.parent):
        if (folder := parent / name).is_dir():
            return folder
    raise FileNotFoundError(f"{name}/ is missing: this installation of publisher is incomplete")


def dist_dir() -> Path:
    """The folder of the built front end; empty or absent until the assets were built."""
    return _PACKAGE / "static" / "dist"
