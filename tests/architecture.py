"""Who may import whom, what is pure, how long things may be, what a template may hold: read from the source.

Each check takes a `Source` and yields sentences about what is wrong with it; nothing is imported or run.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

STANDARD = sys.stdlib_module_names
TIERS = (
    {"effects"},
    {"people"},
    {"media", "notices"},
    {"blog"},
    {"accounts"},
    {"cards"},
    {"stories"},
    {"crosslinks"},
    {"deliveries"},
    {"calendar"},
    {"feeds"},
    {"today"},
)
"""The features from the ground up. A feature may use those of the tiers below its own."""

TIER = {feature: height for height, features in enumerate(TIERS) for feature in features}
GROUND = {
    *("errors", "clock", "paths", "zones", "config", "extensions"),
    *("crashes", "storage", "vault", "queue", "schema", "assets", "journal", "logs"),
}
"""Modules of `publisher` that features stand on; they know no feature."""

LAYER = {"rules": 0, "models": 1, "service": 2, "render": 3, "forms": 4, "views": 5}
TOP_LAYER = 3
"""A feature's further files may use all but its pages."""

PAGE_NAMES = {
    "Blueprint",
    "request",
    "session",
    "render_template",
    "redirect",
    "flash",
    "abort",
    "g",
}
"""What only a page has a use for; a feature's file that imports one from Flask is a page."""

IMPURE_MODULES = {
    *("random", "secrets", "time", "os", "socket", "subprocess", "threading", "http"),
    *("flask", "flask_sqlalchemy", "flask_wtf", "flask_login", "sqlalchemy"),
    *("requests", "urllib3", "redis", "rq"),
}
IMPURE_CALLS = {"now", "utcnow", "today", "uuid1", "uuid4", "getenv", "open", "print", "urlopen"}

MAX_FILE = 400
MAX_FUNCTION = 60


@dataclass(frozen=True)
class Source:
    """One Python file: its dotted name and its text. `package` is true of an `__init__.py`."""

    module: str
    text: str
    package: bool = False

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @property
    def parses(self) -> bool:
        try:
            return bool(self.tree)
        except SyntaxError:
            return False

    @property
    def parts(self) -> list[str]:
        return self.module.split(".")

    @property
    def feature(self) -> str:
        """The feature folder this file lies in, or nothing."""
        return self.parts[1] if self.parts[0] == "publisher" and len(self.parts) > 1 else ""

    @property
    def file(self) -> str:
        return self.parts[2] if len(self.parts) > 2 else ""

    @cached_property
    def imports(self) -> list[str]:
        """Every imported name, absolute; `from a import b` counts as `a.b`."""
        found: list[str] = []
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                found += [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                base = self._base(node)
                found += [f"{base}.{alias.name}" for alias in node.names]
        return found

    def _base(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        here = self.parts if self.package else self.parts[:-1]
        up = here[: len(here) - (node.level - 1)]
        return ".".join([*up, *([node.module] if node.module else [])])

    @property
    def is_page(self) -> bool:
        """Views, forms and the API, and files beside them that speak to a request."""
        if self.file in {"views", "forms"} or self.feature == "api":
            return True
        return any(name in self.imports for name in (f"flask.{page}" for page in PAGE_NAMES))


def check(source: Source, pages: frozenset[str] = frozenset()) -> list[str]:
    """Everything wrong with one file. `pages` are the modules that are pages, see `Source.is_page`."""
    if not source.parses:
        return [f"{source.module}: does not parse"]
    checks = (
        packages(source),
        channel_ground(source),
        pure_rules(source),
        ground(source),
        tiers(source),
        layers(source, pages),
        thin_views(source),
        thin_jobs(source),
        sizes(source),
        aware_times(source),
        finished(source),
    )
    return [f"{source.module}: {problem}" for problems in checks for problem in problems]


def roots(source: Source) -> set[str]:
    return {name.split(".")[0] for name in source.imports}


def packages(source: Source) -> Iterator[str]:
    """wsgi, workers → publisher → channels; the sandbox stands alone."""
    refused = {
        "channels": {"publisher", "workers", "sandbox", "sqlalchemy", "rq", "redis"},
        "publisher": {"workers", "sandbox"},
        "workers": {"sandbox"},
        "sandbox": {"publisher", "channels", "workers"},
    }.get(source.parts[0], set())
    for root in sorted(roots(source)):
        if root in refused or (source.parts[0] == "channels" and root.startswith("flask")):
            yield f"{source.parts[0]} may not import {root}"


def channel_ground(source: Source) -> Iterator[str]:
    """The contract and its errors need the standard library alone."""
    if source.module in {"channels.base", "channels.errors"}:
        for name in source.imports:
            if name.split(".")[0] not in STANDARD and not name.startswith("channels."):
                yield f"the contract may import only the standard library, not {name}"


def pure_rules(source: Source) -> Iterator[str]:
    """rules.py: data in, data out. No clock, no chance, no outside world."""
    if source.file != "rules":
        return
    for root in sorted(roots(source) & IMPURE_MODULES):
        yield f"rules are pure and may not import {root}"
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call) and (name := _called(node)) in IMPURE_CALLS:
            yield f"rules are pure and may not call {name}() (line {node.lineno})"


def ground(source: Source) -> Iterator[str]:
    """What features stand on does not know them."""
    if source.parts[0] == "publisher" and source.feature in GROUND:
        for feature in sorted(_features(source)):
            yield f"the ground may not import the feature {feature}"


def tiers(source: Source) -> Iterator[str]:
    """Rules, models and verbs use features below their own; only pages look across."""
    if source.feature not in TIER or source.is_page:
        return
    for feature in sorted(_features(source) - {source.feature}):
        if TIER.get(feature, len(TIERS)) >= TIER[source.feature]:
            yield f"{source.feature} may not import {feature}, which does not lie below it"


def layers(source: Source, pages: frozenset[str]) -> Iterator[str]:
    """Inside a feature: pages and render → service → models → rules; nobody below a page imports one."""
    if source.feature not in TIER:
        return
    if source.is_page and source.file in {"rules", "models", "service"}:
        yield f"{source.file}.py may not speak to a request"
        return
    if source.is_page:
        return
    mine = LAYER.get(source.file, TOP_LAYER)
    for name in source.imports:
        parts = name.split(".")
        if parts[0] != "publisher" or len(parts) < 2:
            continue
        if ".".join(parts[:3]) in pages or parts[1] in {"web", "cli", "shell"}:
            yield f"{name} is a page and may not be imported below pages"
        elif parts[1] == source.feature and LAYER.get(".".join(parts[2:3]), 0) > mine:
            yield f"{source.file} may not import {parts[2]}"


def thin_views(source: Source) -> Iterator[str]:
    """Views parse, call one verb and render: no query, no transaction, no status."""
    if source.file != "views":
        return
    if "publisher.extensions.db" in source.imports or "publisher.storage.writing" in source.imports:
        yield "views may not touch the database: that is a verb's work"
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Assign) and any(map(_is_status, node.targets)):
            yield f"views may not set a status (line {node.lineno})"


def thin_jobs(source: Source) -> Iterator[str]:
    """A job that needs an `if` belongs in a service."""
    if source.module == "workers.jobs":
        for node in ast.walk(source.tree):
            if isinstance(node, ast.If | ast.IfExp | ast.Match):
                yield f"jobs decide nothing (line {node.lineno})"


def sizes(source: Source) -> Iterator[str]:
    """A file for one sitting, a function for one screen, a line about every module."""
    if (length := len(source.text.splitlines())) > MAX_FILE:
        yield f"{length} lines; a file has at most {MAX_FILE}"
    if source.text.strip() and not ast.get_docstring(source.tree):
        yield "the module has no docstring"
    for node in ast.walk(source.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if (
                length > MAX_FUNCTION and source.parts[0] != "migrations"
            ):  # those are lists of tables
                yield f"{node.name} has {length} lines; a function has at most {MAX_FUNCTION}"


def aware_times(source: Source) -> Iterator[str]:
    """No time without its zone."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            name, bare = node.func.attr, not node.args and not node.keywords
            if name in {"utcnow", "utcfromtimestamp"} or (
                name == "now" and bare and _of_datetime(node)
            ):
                yield f"{name}() makes a time without a zone (line {node.lineno})"


def finished(source: Source) -> Iterator[str]:
    """Nothing half done, and no test that does not run."""
    for word in UNFINISHED.findall(source.text):
        yield f"holds {word!r}"


UNFINISHED = re.compile(
    r"\b(?:TO" r"DO|FIX" r"ME|NotImplemented" r"Error|mark\.sk" r"ip|mark\.xf" r"ail)\b"
)
"""Written in pieces, so that it does not find itself."""


def _is_status(target: ast.expr) -> bool:
    return isinstance(target, ast.Attribute) and target.attr == "status"


def _called(node: ast.Call) -> str:
    return getattr(node.func, "attr", "") or getattr(node.func, "id", "")


def _of_datetime(node: ast.Call) -> bool:
    owner = getattr(node.func, "value", None)
    return (getattr(owner, "id", "") or getattr(owner, "attr", "")) == "datetime"


def _features(source: Source) -> set[str]:
    """The features that a file of `publisher` imports from."""
    parts = [name.split(".") for name in source.imports]
    return {
        part[1]
        for part in parts
        if part[0] == "publisher" and part[1:2] and part[1] in {*TIER, "api"}
    }


TEMPLATE_RULES: dict[str, re.Pattern[str]] = {
    "an inline script": re.compile(
        r"<script(?![^>]*\bsrc=)(?![^>]*\btype=[\"']application/(?:ld\+)?json)[^>]*>", re.I
    ),
    "an inline style": re.compile(r"<style\b|<[^>]*\sstyle\s*=", re.I),
    "an inline handler": re.compile(r"<[^>]*\son[a-z]+\s*=", re.I),
    "script in an htmx attribute": re.compile(
        r"\bhx-on\b|\bhx-vars\b|[\"'{]\s*js:|\bjavascript:", re.I
    ),
    "unescaped text": re.compile(r"\|\s*safe\b|\bautoescape\s+false\b"),
    "a file of another origin": re.compile(
        r"<(?:script|link|img|source|video|audio)\b[^>]*\b(?:src|href)=[\"'](?:https?:)?//", re.I
    ),
}
"""What the Content-Security-Policy would refuse, or escaping would not hold back."""


def check_template(
    name: str, text: str, unescaped_allowed: frozenset[str] = frozenset()
) -> list[str]:
    """Everything wrong with one template. Those in `unescaped_allowed` may use `|safe`."""
    text = re.sub(r"\{#.*?#\}", "", text, flags=re.S)
    return [
        f"{name} holds {what}: {match[0].strip()[:60]!r}"
        for what, pattern in TEMPLATE_RULES.items()
        for match in pattern.finditer(text)
        if not (what == "unescaped text" and name in unescaped_allowed)
    ]
