"""The built front end: from a source's name to the address of its hashed file, and icons from the sprite."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from flask import Flask, Response, current_app, g, has_request_context, request
from markupsafe import Markup

from publisher.paths import dist_dir

FOREVER = "public, max-age=31536000, immutable"


class AssetsMissing(RuntimeError):
    """The front end is not built, or was built from other sources than these templates."""


@dataclass(frozen=True)
class Manifest:
    """What one build wrote: source name to hashed file, and the icons in its sprite."""

    files: dict[str, str]
    icons: frozenset[str]


_last_good: dict[Path, Manifest] = {}
"""What each folder's manifest said when it could be read last: a rebuild takes it away for a moment."""


@lru_cache(maxsize=4)
def _read(path: Path, modified_ns: int) -> Manifest:
    """One manifest as it was at ``modified_ns``; the time is only there to make a rebuild visible."""
    data = json.loads(path.read_text("utf-8"))
    return Manifest(files=data["files"], icons=frozenset(data["icons"]))


def manifest(folder: Path | None = None) -> Manifest:
    """What the last build wrote into `folder` (dist_dir()); during another build, what the one before
    wrote. Raises AssetsMissing when nothing was built."""
    path = (folder or dist_dir()) / "manifest.json"
    try:
        _last_good[path] = _read(path, path.stat().st_mtime_ns)
    except (FileNotFoundError, ValueError, KeyError):
        if path not in _last_good:
            raise AssetsMissing("The front end is not built yet: run `make setup`.") from None
    return _last_good[path]


def _current() -> Manifest:
    """The manifest as it was when this page was begun: a page asks for fifty files and icons."""
    if "manifest" not in g:
        g.manifest = manifest()
    found: Manifest = g.manifest
    return found


def asset(name: str) -> str:
    """The address of a built file, such as ``asset("app.css")``, safe to cache for ever.

    Needs an app context. Raises AssetsMissing for a name that the build did not write.
    """
    try:
        file = _current().files[name]
    except KeyError:
        raise AssetsMissing(f"No built asset is called {name!r}: run `make setup`.") from None
    root = request.script_root if has_request_context() else ""
    return f"{root}{current_app.static_url_path}/dist/{file}"


def icon(name: str, label: str | None = None) -> Markup:
    """An icon of the sprite as markup. Without a ``label`` it is decoration, silent to screen readers.

    Raises AssetsMissing for a name that is not in ``assets/icons/icons.json``.
    """
    if "drawn_icons" not in g:
        g.drawn_icons = {}  # a page shows the same few icons a hundred times
    drawn: dict[tuple[str, str | None], Markup] = g.drawn_icons
    if (name, label) not in drawn:
        drawn[name, label] = _drawn(name, label)
    return drawn[name, label]


def _drawn(name: str, label: str | None) -> Markup:
    if name not in _current().icons:
        raise AssetsMissing(f"No icon is called {name!r}: add it to assets/icons/icons.json.")
    return _markup(asset("icons.svg"), name, label)


@lru_cache(maxsize=1024)
def _markup(sprite: str, name: str, label: str | None) -> Markup:
    role = Markup('aria-hidden="true"')
    if label:
        role = Markup('role="img" aria-label="{}"').format(label)
    return Markup('<svg class="icon" {} focusable="false"><use href="{}#{}"/></svg>').format(
        role, sprite, name
    )


def _cache_for_ever(response: Response) -> Response:
    """Hashed files never change under their name, so browsers need not ask again."""
    built = f"{current_app.static_url_path}/dist/"
    hashed = request.path.startswith(built) and not request.path.endswith("/manifest.json")
    if hashed and response.status_code in (200, 206, 304):
        response.headers["Cache-Control"] = FOREVER
    return response


def init_app(app: Flask) -> None:
    """Give templates ``asset`` and ``icon``, and built files their cache header."""
    app.jinja_env.globals.update(asset=asset, icon=icon)
    app.after_request(_cache_for_ever)
