"""The house keeps its rules: every file of ours passes, and each rule is shown to bite."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.architecture import MAX_FILE, MAX_FUNCTION, Source, check, check_template

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("publisher", "channels", "workers", "sandbox", "migrations", "bench", "scripts", "tests")
UNESCAPED = frozenset({"blog/article.html"})
"""Templates that may use `|safe`: an article's body went through nh3 before it was stored."""


def read(path: Path) -> Source:
    parts = path.relative_to(ROOT).with_suffix("").parts
    package = parts[-1] == "__init__"
    return Source(".".join(parts[:-1] if package else parts), path.read_text("utf-8"), package)


SOURCES = [read(path) for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))]
SOURCES.append(read(ROOT / "wsgi.py"))
PAGES = frozenset(
    source.module for source in SOURCES if source.feature and source.parses and source.is_page
)
TEMPLATES = sorted((ROOT / "templates").rglob("*.*"))


def test_every_file_keeps_the_rules() -> None:
    problems = [problem for source in SOURCES for problem in check(source, PAGES)]
    assert not problems, "\n".join(problems)


def test_every_template_keeps_the_policy() -> None:
    problems = [
        problem
        for path in TEMPLATES
        for problem in check_template(
            path.relative_to(ROOT / "templates").as_posix(), path.read_text("utf-8"), UNESCAPED
        )
    ]
    assert not problems, "\n".join(problems)


def test_there_is_something_to_check() -> None:
    """A moved folder must not turn these tests into nothing."""
    modules = {source.module for source in SOURCES}
    assert {
        "publisher",
        "publisher.stories.rules",
        "channels.base",
        "workers",
        "sandbox",
    } <= modules
    assert any(path.name == "base.html" for path in TEMPLATES)
    assert "publisher.people.views" in PAGES
    assert "publisher.people.service" not in PAGES


LONG_FUNCTION = "def long() -> None:\n" + "    pass\n" * MAX_FUNCTION


@pytest.mark.parametrize(
    ("module", "code", "problem"),
    [
        ("channels.twitter", "import flask", "channels may not import flask"),
        (
            "channels.twitter",
            "from flask_babel import gettext",
            "channels may not import flask_babel",
        ),
        ("channels.twitter", "from sqlalchemy.orm import Session", "may not import sqlalchemy"),
        ("channels.twitter", "import rq", "channels may not import rq"),
        ("channels.blog", "from publisher.blog import service", "may not import publisher"),
        ("channels.base", "import requests", "only the standard library"),
        ("channels.errors", "from requests import Response", "only the standard library"),
        ("publisher.queue", "from workers import jobs", "publisher may not import workers"),
        ("publisher.demo", "import sandbox.ledger", "publisher may not import sandbox"),
        ("workers.supervisor", "import sandbox", "workers may not import sandbox"),
        ("sandbox.x", "from channels import text", "sandbox may not import channels"),
        ("sandbox.x", "from publisher import clock", "sandbox may not import publisher"),
        ("publisher.stories.rules", "import sqlalchemy", "rules are pure and may not import"),
        ("publisher.stories.rules", "from random import choice", "may not import random"),
        ("publisher.stories.rules", "import requests", "may not import requests"),
        ("publisher.stories.rules", "import redis", "may not import redis"),
        ("publisher.stories.rules", "from flask import g", "may not import flask"),
        ("publisher.stories.rules", "def f(): return datetime.now(UTC)", "may not call now()"),
        ("publisher.stories.rules", "def f(): return date.today()", "may not call today()"),
        ("publisher.stories.rules", "def f(): return uuid4()", "may not call uuid4()"),
        ("publisher.storage", "from publisher.people.models import User", "the ground may not"),
        ("publisher.people.service", "from publisher.stories import service", "not lie below it"),
        ("publisher.people.service", "from ..stories import service", "not lie below it"),
        ("publisher.media.models", "import publisher.blog.models", "not lie below it"),
        ("publisher.stories.service", "from publisher.api import schemas", "not lie below it"),
        (
            "publisher.deliveries.dispatch",
            "from publisher.feeds import service",
            "not lie below it",
        ),
        (
            "publisher.stories.rules",
            "from publisher.stories import models",
            "may not import models",
        ),
        ("publisher.stories.models", "from publisher.stories import service", "not import service"),
        ("publisher.stories.models", "from . import service", "models may not import service"),
        ("publisher.feeds.service", "from publisher.feeds import render", "may not import render"),
        ("publisher.stories.service", "from publisher.stories.forms import F", "not import forms"),
        ("publisher.stories.review", "from publisher.people import views", "is a page"),
        ("publisher.stories.review", "from publisher.people import admin", "is a page"),
        ("publisher.stories.service", "from publisher.web import me", "is a page"),
        ("publisher.stories.service", "from flask import request", "may not speak to a request"),
        ("publisher.stories.views", "from publisher.extensions import db", "touch the database"),
        ("publisher.stories.views", "def f(post): post.status = 'x'", "may not set a status"),
        ("workers.jobs", "def job(n):\n    if n: work(n)", "jobs decide nothing"),
        ("publisher.web", "'''Doc.'''\n" + "x = 1\n" * MAX_FILE, "a file has at most"),
        ("publisher.web", LONG_FUNCTION, "a function has at most"),
        ("publisher.web", "x = 1", "no docstring"),
        ("publisher.web", "x = (", "does not parse"),
        ("publisher.web", "from datetime import datetime\nx = datetime.now()", "without a zone"),
        ("publisher.web", "import datetime\nx = datetime.datetime.utcnow()", "without a zone"),
        ("publisher.web", "# TO" + "DO: later", "holds 'TO" + "DO'"),
        ("tests.test_x", "@pytest.mark.sk" + "ip\ndef test(): ...", "holds 'mark.sk" + "ip'"),
    ],
)
def test_a_breach_is_found(module: str, code: str, problem: str) -> None:
    pages = frozenset({"publisher.people.views", "publisher.people.admin"})
    assert any(problem in found for found in check(Source(module, code), pages))


@pytest.mark.parametrize(
    ("module", "code"),
    [
        ("channels.twitter", "import requests\nfrom channels.base import Channel"),
        ("channels.base", "from datetime import datetime"),
        ("publisher.stories.rules", "from publisher.people.rules import Role\nimport re"),
        ("publisher.stories.service", "from publisher.people import service\nfrom . import models"),
        (
            "publisher.stories.views",
            "from publisher.deliveries import service\nfrom flask import g",
        ),
        ("publisher.feeds.render", "from publisher.feeds.service import x"),
        (
            "publisher.web",
            "from publisher.people import service\nx = datetime.now(UTC)\nclock.now()",
        ),
        ("workers.jobs", "from publisher.deliveries import service"),
    ],
)
def test_what_is_allowed_passes(module: str, code: str) -> None:
    assert check(Source(module, f'"""Doc."""\n{code}'), PAGES) == []


@pytest.mark.parametrize(
    ("markup", "problem"),
    [
        ("<script>go()</script>", "an inline script"),
        ("<script type='module'>go()</script>", "an inline script"),
        ("<style>a{}</style>", "an inline style"),
        ("<p class=a style='color:red'>", "an inline style"),
        ("<button\n  onclick='go()'>", "an inline handler"),
        ("<form hx-on::after-request='go()'>", "script in an htmx attribute"),
        ("<form hx-vals='js:{a: 1}'>", "script in an htmx attribute"),
        ("<a href='javascript:go()'>", "script in an htmx attribute"),
        ("{{ text|safe }}", "unescaped text"),
        ("{% autoescape false %}", "unescaped text"),
        ("<script src='https://cdn.example.com/x.js'></script>", "a file of another origin"),
        ("<img alt='' src=\"//example.com/x.png\">", "a file of another origin"),
    ],
)
def test_a_breach_in_a_template_is_found(markup: str, problem: str) -> None:
    assert any(problem in found for found in check_template("page.html", markup))


@pytest.mark.parametrize(
    "markup",
    [
        "<script src=\"{{ asset('app.js') }}\" defer></script>",
        '<script type="application/ld+json">{{ data|tojson }}</script>',
        "{# <script> in a comment #}",
        "<a href='https://example.com/'>elsewhere</a>",
        "<p data-on='x'>font style = bold, on = off</p>",
        "{{ text|safely }}",
    ],
)
def test_a_good_template_passes(markup: str) -> None:
    assert check_template("page.html", markup) == []


def test_an_allowed_template_may_hold_markup_of_its_own() -> None:
    assert check_template("feed.html", "{{ body|safe }}", frozenset({"feed.html"})) == []
