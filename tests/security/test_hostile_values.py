"""Values that no honest browser sends: in paths, filters, searches, forms and JSON, on both databases."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
from flask import Flask

from publisher.stories import service as stories
from tests.plugins.app import AppClient, Cast
from tests.security.conftest import Belongings, bearer

pytestmark = pytest.mark.timeout(400)  # hundreds of real requests

LARGE = ("2147483648", "9" * 30, "9" * 5000)
TEXTS = (
    *("a\0b", "\r\nX-Injected: 1", "../../../../etc/passwd"),
    *("x'); DROP TABLE stories;--", "{{7*7}}", "a" * 3000),
)
NUMBERED = dict.fromkeys(("page", "person", "account", "category", "before", "post"), "9" * 30)
WORDED = ("q", "verb", "show", "view", "next", "day", "from", "to", "archived")
QUERIES = (
    NUMBERED,
    {"author": "9" * 30},
    {"q": "a\0b"},
    {"status": "x' OR 1=1--"},
    dict.fromkeys(WORDED, "' OR 1=1--"),
    dict.fromkeys(WORDED, "0001-01-01"),
    dict.fromkeys(WORDED, "9999-12-31"),
)
PROBES = {"health.health"}
"""Answers 503 where a promise is in danger, which no query changes."""
SKIPPED = {"static", "people.sign_out", "people.sign_out_everywhere"}


def filled(rule: str, number: str, word: str) -> str:
    """The rule's address with `number` for its numbers and `word` for its words."""
    named = re.sub(r"<int:\w+>", number, rule)
    return re.sub(r"<(?:\w+:)?\w+>", word, named)


def every_address(app: Flask, number: str, word: str) -> Iterator[tuple[str, str, bool]]:
    """(method, address, whether it is the API's) of each route whose address has parts."""
    for rule in app.url_map.iter_rules():
        if rule.arguments and rule.endpoint not in SKIPPED:
            for method in sorted((rule.methods or set()) - {"OPTIONS", "HEAD"}):
                yield method, filled(rule.rule, number, word), rule.endpoint.startswith("api.")


@pytest.fixture
def ada(app: Flask, cast: Cast, bens: Belongings, sign_in: Any) -> AppClient:
    client: AppClient = sign_in(app.test_client(), cast.ada)
    return client


def broken(client: AppClient, asked: Any) -> list[tuple[Any, ...]]:
    """Those of the requests that ended in a crash; in tests a bug is raised, not shown."""
    found = []
    for method, address, more in asked:
        try:
            status = client.open(address, method=method, **more).status_code
        except Exception as error:
            found.append((method, address[:80], repr(error)[:120]))
        else:
            if status >= 500:
                found.append((method, address[:80], status))
    return found


@pytest.mark.usefixtures("database_url")
def test_no_address_makes_the_app_stumble(app: Flask, cast: Cast, ada: AppClient) -> None:
    headers = bearer(cast.ada)
    asked = []
    for number, word in [*product(LARGE, ("x",)), *product(("1",), TEXTS)]:
        for method, address, program in every_address(app, number, word):
            if "sessions" in address or (number == "1" and address == filled(address, "1", "x")):
                continue
            body = {"json": {}} if program and method != "GET" else {}
            asked.append((method, address, {**body, "headers": headers} if program else {}))
    assert len(asked) > 150
    assert broken(ada, asked) == []


@pytest.mark.usefixtures("database_url")
def test_no_filter_or_search_makes_the_app_stumble(
    app: Flask, cast: Cast, ada: AppClient, bens: Belongings
) -> None:
    ids = {"story_id": bens.story.id, "post_id": bens.post.id, "year": 2026, "month": 11}
    pages = []
    for rule in app.url_map.iter_rules():
        if rule.endpoint in PROBES:
            continue
        if "GET" in (rule.methods or set()) and rule.arguments <= ids.keys():
            pages.append(re.sub(r"<int:(\w+)>", lambda part: str(ids[part[1]]), rule.rule))
    headers = bearer(cast.ada)
    asked = [
        ("GET", page, {"query_string": query, "headers": headers if "/api" in page else {}})
        for page in pages
        for query in QUERIES
    ]
    assert len(pages) > 20
    assert broken(ada, asked) == []


@pytest.mark.usefixtures("database_url")
@pytest.mark.parametrize("value", ["a\0b", "9" * 30, "0001-01-01"])
def test_no_form_makes_the_app_stumble(
    app: Flask, ada: AppClient, bens: Belongings, value: str
) -> None:
    """Every field of every form that is known to the desk, at once and with an honest rest."""
    honest = {"version": "1", "base": "1", "title": "T", "text": "W", "language": "en"}
    honest |= {"time": "09:00", "zone": "UTC", "day": "2030-01-01", "date": "2030-01-01"}
    honest |= {"detail": "full", "name": "N", "reason": "R", "revision": "1", "kind": "blog"}
    paths = [
        *(f"/posts/{bens.post.id}/{verb}" for verb in ("save", "measure", "approve")),
        *(f"/stories/{bens.story.id}{verb}" for verb in ("", "/comments", "/posts", "/approve")),
        *("/stories/new", "/categories", "/feeds", "/me", "/people/invite", "/notices/read"),
        *("/accounts/connect", "/accounts/hold", f"/calendar/posts/{bens.post.id}/move"),
    ]
    together = (
        ("media",),
        ("version", "base", "revision"),
        ("account_ids", "author_ids", "category_id", "post_id", "account_id", "author", "up_to"),
        ("date", "day", "deadline"),
        ("instant", "seen"),
        ("title", "text", "reason", "link", "slug", "spacing", "api_url"),
        ("zone", "kind", "detail"),
    )
    asked = [
        ("POST", path, {"data": {**honest, **dict.fromkeys(names, value)}})
        for path in paths
        for names in together
    ]
    assert broken(ada, asked) == []


BODIES = (
    b"",
    b"null",
    b"[]",
    b'"text"',
    b"NaN",
    b"{",
    b"\xff\xfe{}",
    b'{"a":' * 100_000,
    b"[" * 100_000 + b"]" * 100_000,
    b'{"title": ' + b"9" * 5000 + b"}",
    b'{"title": "\\ud800", "\\udfff": 1}',
    b'{"title": "T", "posts": [{"account": "bl\\u0000og", "text": ""}]}',
    b'{"title": "T", "posts": [{"account": "blog", "text": "", "media": [%s]}]}' % (b"9" * 40),
    b'{"title": "T", "posts": [{"account": "blog", "text": "", "planned_at": "0001-01-01T00:00+14:00"}]}',
    b'{"title": "T", "posts": [{"account": "blog", "text": "", "planned_at": "9999-12-31T23:59-14:00"}]}',
    b'{"title": "T", "posts": [{"account": "blog", "text": "", "when_late": {"\\u0000": "hold"}}]}',
)


@pytest.mark.usefixtures("database_url", "bens")
@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
def test_no_json_makes_the_api_stumble(app: Flask, cast: Cast, body: bytes) -> None:
    client, headers = app.test_client(), bearer(cast.ana)
    answer = client.post("/api/v1/stories", data=body, headers=headers)
    assert 400 <= answer.status_code < 500
    assert answer.mimetype == "application/problem+json"
    assert json.loads(answer.data)["detail"]
    assert answer.data.decode("utf-8")
    filters = b'{"name": "N", "filters": ' + (body or b"0") + b"}"
    assert 400 <= client.post("/api/v1/feeds", data=filters, headers=headers).status_code < 500


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/v1/nothing", 404),
        ("GET", "/api/v1/posts/99999999999", 404),
        ("GET", "/api/v1/posts/x", 404),
        ("DELETE", "/api/v1/posts/1", 405),
        ("GET", "/api/v1/calendar?account=%00", 400),
    ],
)
def test_a_program_gets_a_problem_never_a_page(
    app: Flask, cast: Cast, method: str, path: str, status: int
) -> None:
    answer = app.test_client().open(path, method=method, headers=bearer(cast.ada))
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    assert answer.get_json()["status"] == status
    assert ("Allow" in answer.headers) == (status == 405)


def test_a_body_without_end_is_not_read_to_its_end(app: Flask, cast: Cast) -> None:
    body = b'{"title": "' + b"a" * (13 * 1024 * 1024) + b'"}'
    answer = app.test_client().post("/api/v1/stories", data=body, headers=bearer(cast.ana))
    assert answer.status_code == 413


@pytest.mark.usefixtures("database_url")
@pytest.mark.parametrize("words", ["' OR '1'='1", "%", "_", "\\", "Ben' --", "plan%'; SELECT 1;--"])
def test_a_search_looks_for_its_very_words(
    app: Flask, cast: Cast, sign_in: Any, bens: Belongings, words: str
) -> None:
    """What means something to SQL means nothing here: neither a quote nor a wildcard widens a search."""
    client = sign_in(app.test_client(), cast.rui)
    title = bens.story.title
    found = client.get("/stories", query_string={"q": "secret plan"}).text
    assert "secret plan" in found
    assert f"/stories/{bens.story.id}" in found
    page = client.get("/stories", query_string={"q": words}).text
    assert f'href="/stories/{bens.story.id}' not in page
    stories.create_story(cast.rui, title=f"Here {words} is", language="en")
    assert "Here" in client.get("/stories", query_string={"q": words}).text
    assert stories.get_story(None, bens.story.id).title == title


def test_a_path_never_leaves_its_folder(app: Flask) -> None:
    client = app.test_client()
    for up in ("..", "%2e%2e", "..%2f..", "....//", "..%5c..", "%252e%252e"):
        for path in (
            f"/static/{up}/config.py",
            f"/static/dist/{up}/{up}/vault.py",
            f"/media/{up}/web.webp",
        ):
            answer = client.get(path, follow_redirects=True)  # doubled slashes are mended first
            assert answer.status_code in {400, 404, 405}, path
            assert b"import" not in answer.data
