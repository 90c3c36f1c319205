"""What pages share: languages, errors and the navigation."""

from __future__ import annotations

import logging
import re
import shutil
from dataclasses import replace

import pytest
from flask import abort

from publisher.application import create_app
from publisher.errors import Throttled
from publisher.people.rules import ANYONE
from publisher.web import safe_path
from tests.plugins.app import running


def open_to_all(app, path, view):
    app.add_url_rule(path, path.strip("/"), view)
    app.extensions["access"][path.strip("/")] = ANYONE


@pytest.mark.parametrize(
    ("wanted", "shown"),
    [
        ("ko-KR,ko;q=0.9,en;q=0.8", "ko"),
        ("en-GB,en;q=0.9,ko;q=0.1", "en"),
        ("fr-FR", "en"),  # what this installation speaks
        ("", "en"),
    ],
)
def test_strangers_are_greeted_in_their_language(client, wanted, shown):
    page = client.get("/sign-in", headers={"Accept-Language": wanted}).text
    assert f'<html lang="{shown}"' in page


def test_a_person_reads_in_their_own_language_whatever_the_browser_says(client, cast, sign_in):
    headers = {"Accept-Language": "ko"}
    assert '<html lang="en"' in sign_in(client, cast.ana).get("/me", headers=headers).text


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("/me", "/me"),
        ("/calendar?month=3#day", "/calendar?month=3#day"),
        ("/%2F/evil.example", "/%2F/evil.example"),
        ("", ""),
        ("me", ""),
        ("//evil.example", ""),
        ("/\\evil.example", ""),
        ("https://evil.example/", ""),
        ("/\t/evil.example", ""),
    ],
)
def test_only_paths_of_this_site_are_followed(path, kept):
    assert safe_path(path) == kept


@pytest.mark.parametrize("code", [400, 401, 403, 404, 405, 409, 410, 413, 418, 429, 503])
def test_every_error_has_a_page_with_a_way_on(app, client, code):
    open_to_all(app, "/broken", lambda: abort(code))
    page = client.get("/broken")
    assert page.status_code == code
    assert len(re.findall("<h1", page.text)) == 1
    assert 'class="btn btn-primary"' in page.text


def test_a_refusal_says_its_sentence_and_when_to_come_back(app, client):
    def refuse():
        raise Throttled("Please wait <3> minutes.", retry_after_s=180)

    open_to_all(app, "/refused", refuse)
    page = client.get("/refused")
    assert page.status_code == 429
    assert page.headers["Retry-After"] == "180"
    assert "Please wait &lt;3&gt; minutes." in page.text


@pytest.mark.parametrize(
    ("referrer", "way"),
    [
        ("http://localhost/people/7?tab=1", "/people/7?tab=1"),
        ("http://localhost/refused", "/"),  # not in a circle
        ("http://localhost//evil.example", "/"),
        ("https://evil.example/people", "/"),
        ("", "/"),
    ],
)
def test_a_refusal_leads_back_to_where_one_was(app, client, referrer, way):
    def refuse():
        raise Throttled("Please wait.")

    open_to_all(app, "/refused", refuse)
    page = client.get("/refused", headers={"Referer": referrer}).text
    assert f'class="btn btn-primary" href="{way}"' in page
    assert "evil" not in page


def test_a_bug_tells_the_reader_a_reference_and_the_log_the_rest(config, caplog):
    def fail():
        raise LookupError("the secret reason")

    with running(replace(config, environment="production")) as app:
        open_to_all(app, "/bug", fail)
        with caplog.at_level(logging.ERROR):
            page = app.test_client().get("/bug")
    assert page.status_code == 500
    assert "secret reason" not in page.text
    reference = re.search(r"<code>(\w{8})</code>", page.text)[1]
    assert reference in caplog.text
    assert "the secret reason" in caplog.text


def test_a_page_is_shown_when_nothing_can_be_kept_of_its_templates(config):
    app = create_app(config)
    shutil.rmtree(config.home / "cache")
    assert app.test_client().get("/sign-in").status_code == 200

    (config.home / "cache").write_text("in the way")
    assert create_app(config).test_client().get("/sign-in").status_code == 200


def test_the_navigation_marks_where_one_is(client, cast, sign_in):
    sign_in(client, cast.ada)
    for path, label in (
        ("/settings", "Settings"),
        ("/people/invite", "Settings"),
        ("/admin/audit", "Settings"),
        ("/accounts/connect", "Accounts"),
    ):
        page = client.get(path).text
        current = re.search(r'<a href="([^"]+)" aria-current="page">.*?<span>([^<]+)</span>', page)
        assert current[2].startswith(label)


def test_times_are_shown_in_the_zone_of_the_reader(app, client, cast, sign_in):
    page = sign_in(client, cast.ana).get("/me").text
    assert "Times are shown in Asia/Seoul" in page
    client.post(
        "/me", data={"name": "Ana", "language": "en", "theme": "auto", "timezone": "Europe/Berlin"}
    )
    assert "Times are shown in Europe/Berlin" in client.get("/me").text
