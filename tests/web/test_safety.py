"""What every page owes its reader's safety: headers, cookies, and no request forged by another site."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask

from publisher.people import links, service, tokens
from tests.plugins.app import AppClient, running

PASSWORD = "four plain words here"

pytestmark = pytest.mark.usefixtures("quick_hashes")


@pytest.fixture
def kim(app):
    return service.add(None, "kim@example.com", "Kim", "author", password=PASSWORD)


def enter(client, **more):
    return client.post("/sign-in", data={"email": "kim@example.com", "password": PASSWORD, **more})


def csrf_of(response) -> str:
    return re.search(r'name="csrf_token" value="([^"]+)"', response.text)[1]


def test_every_page_carries_the_headers(client, cast, sign_in):
    answers = [client.get("/sign-in"), client.get("/nothing-here"), client.post("/people")]
    sign_in(client, cast.ada)
    answers += [client.get(path) for path in ("/me", "/people", "/nothing-here", "/notices")]
    for answer in answers:
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert "Referrer-Policy" in answer.headers
    for answer in answers[3:]:
        assert answer.headers["Cache-Control"] == "no-store"


def test_nothing_on_a_page_is_inline(client, cast, sign_in):
    sign_in(client, cast.ada)
    for path in (
        "/sign-in",
        "/me",
        "/me/security",
        "/me/tokens",
        "/people",
        "/admin/audit",
        "/notices",
    ):
        page = client.get(path, follow_redirects=True).text
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", page), path


def test_the_cookie_is_for_this_site_alone(client, kim):
    cookie = next(
        c for c in enter(client).headers.getlist("Set-Cookie") if c.startswith("publisher=")
    )
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Secure" not in cookie  # this installation is reached over http


def test_an_answer_that_comes_late_brings_no_used_up_message_back(client, kim):
    enter(client)
    client.get("/me")
    client.post("/me", data={"name": "Kim", "language": "en", "timezone": "Asia/Seoul"})
    answer = client.get(
        "/signed-in"
    )  # a script asks before a page has shown the message, and hears late
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers
    assert "Saved." in client.get("/me").text
    assert "Saved." not in client.get("/me").text


def test_over_https_cookies_and_pages_insist_on_it(config):
    with running(replace(config, public_url="https://publisher.example.com")) as app:
        service.add(None, "kim@example.com", "Kim", "author", password=PASSWORD)
        answer = enter(app.test_client())
        assert answer.location == "/"
        assert all("Secure" in cookie for cookie in answer.headers.getlist("Set-Cookie"))
        assert answer.headers["Strict-Transport-Security"]


def test_a_stay_of_thirty_days_ends(client, cast, sign_in, travel):
    sign_in(client, cast.ana)
    travel(timedelta(days=30, seconds=1))
    assert client.get("/me").status_code == 302


# Cross-site requests


@pytest.fixture
def guarded(app: Flask) -> Iterator[AppClient]:
    """A client of the app with CSRF protection on, as it is outside of tests."""
    app.config["WTF_CSRF_ENABLED"] = True
    yield app.test_client()


def test_a_form_without_our_token_changes_nothing(guarded, cast, sign_in):
    sign_in(guarded, cast.ana)
    for path, form in (
        ("/preferences", {"language": "ko"}),
        ("/me", {"name": "Mallory"}),
        ("/me/tokens", {"name": "x", "scopes": "read"}),
        ("/sign-out", {}),
        ("/me/sessions/end", {}),
    ):
        page = guarded.post(path, data=form)
        assert page.status_code == 400, path
        assert "out of date" in page.text
    assert guarded.get("/me").status_code == 200
    assert (service.get(cast.ana.id).language, service.get(cast.ana.id).name) == ("en", "Ana")
    assert tokens.tokens_of(cast.ana) == []


def test_a_stranger_cannot_be_signed_in_by_another_site(guarded, kim):
    link = service.make_link(None, kim).removeprefix("http://localhost")
    assert enter(guarded).status_code == 400
    assert guarded.post(link).status_code == 400
    assert links.look_at_link(link.removeprefix("/link/"))


def test_a_form_with_our_token_works(guarded, kim):
    csrf = csrf_of(guarded.get("/sign-in"))
    assert enter(guarded, csrf_token=csrf).location == "/"
    assert (
        guarded.post("/preferences", data={"csrf_token": csrf}).status_code == 400
    )  # it is renewed
    fresh = csrf_of(guarded.get("/me"))
    assert guarded.post("/preferences", data={"csrf_token": fresh}).status_code == 302
    assert guarded.post("/preferences", headers={"X-CSRFToken": fresh}).status_code == 302
