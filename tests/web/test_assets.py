"""The built front end: addresses that never go stale, nothing inline, a size that stays small."""

from __future__ import annotations

import gzip
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask, render_template_string

from publisher import assets
from publisher.paths import data_dir, dist_dir

JS_LIMIT, CSS_LIMIT = 60_000, 40_000
TEMPLATES = sorted(data_dir("templates").rglob("*.html"))
ICON = re.compile(r"""\bicon\(\s*"([a-z0-9-]+)"|icon_name="([a-z0-9-]+)\"""")
INLINE = re.compile(
    r"""<style|<script(?![^>]*(?:\bsrc=|application/ld\+json))|<\w[^>]*\s(?:style|on\w+|hx-on[\w:-]*)=|="js:""",
    re.IGNORECASE,
)
ELSEWHERE = re.compile(
    r"""<(?:link|script|img|iframe|form)\b[^>]*\b(?:src|href|action)="https?://"""
)


@pytest.fixture
def site() -> Iterator[Flask]:
    """A bare app with the built front end, in the middle of a request."""
    site = Flask("publisher")
    assets.init_app(site)
    with site.test_request_context("/"):
        yield site


def _relative(path: Path) -> str:
    return str(path.relative_to(data_dir("templates")))


@pytest.mark.parametrize("name", ["app.js", "app.css", "blog.css", "theme.js", "favicon.svg"])
def test_an_asset_carries_its_hash_and_is_kept_for_ever(site: Flask, name: str) -> None:
    url = assets.asset(name)
    response = site.test_client().get(url, buffered=True)
    stem, suffix = name.rsplit(".", 1)
    assert re.fullmatch(rf"/static/dist/{stem}-[A-Z0-9]{{8}}\.{suffix}", url)
    assert response.status_code == 200
    assert response.headers["Cache-Control"] == assets.FOREVER


def test_the_manifest_itself_is_asked_for_again(site: Flask) -> None:
    response = site.test_client().get("/static/dist/manifest.json", buffered=True)
    assert response.status_code == 200
    assert "immutable" not in response.headers["Cache-Control"]


def test_an_app_below_a_path_finds_its_assets(site: Flask) -> None:
    with site.test_request_context("/", base_url="http://localhost/news"):
        assert assets.asset("app.css").startswith("/news/static/dist/app-")


def test_what_was_not_built_says_what_to_do(site: Flask, tmp_path: Path) -> None:
    with pytest.raises(assets.AssetsMissing, match="make setup"):
        assets.asset("other.css")
    with pytest.raises(assets.AssetsMissing, match="make setup"):
        assets.manifest(tmp_path)
    with pytest.raises(assets.AssetsMissing, match=r"icons\.json"):
        assets.icon("no-such-icon")


def test_a_rebuild_is_seen_without_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "manifest.json"
    for nanoseconds, name in ((1_000, "app-AAAAAAAA.js"), (2_000, "app-BBBBBBBB.js")):
        path.write_text(json.dumps({"files": {"app.js": name}, "icons": []}), "utf-8")
        os.utime(path, ns=(nanoseconds, nanoseconds))
        assert assets.manifest(tmp_path).files["app.js"] == name


def test_while_it_is_rebuilt_the_last_build_is_served(tmp_path: Path) -> None:
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps({"files": {"app.js": "app.1.js"}, "icons": []}), "utf-8")
    built = assets.manifest(tmp_path)
    for half in ('{"files": {"ap', "", "{}"):
        path.write_text(half, "utf-8")
        os.utime(path, ns=(len(half), len(half)))
        assert assets.manifest(tmp_path) == built
    path.unlink()
    assert assets.manifest(tmp_path) == built


def test_an_icon_is_silent_unless_it_is_named(site: Flask) -> None:
    assert 'aria-hidden="true"' in assets.icon("bell")
    assert 'role="img" aria-label="2 &lt; 3"' in assets.icon("bell", "2 < 3")
    assert "#bell" in render_template_string("{{ icon('bell') }}")


@pytest.mark.parametrize("template", TEMPLATES, ids=_relative)
def test_a_template_has_nothing_inline_and_nothing_from_elsewhere(template: Path) -> None:
    text = re.sub(r"{#.*?#}", "", template.read_text("utf-8"), flags=re.DOTALL)
    assert not INLINE.findall(text)
    assert not ELSEWHERE.findall(text)


@pytest.mark.parametrize("template", TEMPLATES, ids=_relative)
def test_every_icon_that_a_template_names_is_in_the_sprite(template: Path) -> None:
    named = {a or b for a, b in ICON.findall(template.read_text("utf-8"))}
    assert named <= assets.manifest().icons


def test_the_bundles_stay_small() -> None:
    files = assets.manifest().files
    size = {
        name: len(gzip.compress((dist_dir() / file).read_bytes())) for name, file in files.items()
    }
    assert size["app.js"] + size["theme.js"] <= JS_LIMIT
    assert size["app.css"] <= CSS_LIMIT
    assert size["blog.css"] <= 5_000
    assert size["blog.js"] <= 1_000


def test_the_lock_file_names_no_registry() -> None:
    lock = Path(__file__).parents[2] / "package-lock.json"
    packages = json.loads(lock.read_text("utf-8"))["packages"]
    assert all("resolved" not in package for package in packages.values())
    assert all("integrity" in package for path, package in packages.items() if path)
