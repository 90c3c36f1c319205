"""Requests that another site, another host name or an old cookie makes in somebody's name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from publisher.config import Config
from publisher.feeds import service as feeds
from publisher.notices import letters
from publisher.people import links, sessions
from publisher.people import service as people
from publisher.people.rules import Purpose
from publisher.stories import service as stories
from tests.plugins.app import AppClient, Cast, running
from tests.security.conftest import Belongings
from tests.security.test_hostile_values import filled

PASSWORD = "four plain words here"
SAFE = {"GET", "HEAD", "OPTIONS"}

pytestmark = pytest.mark.usefixtures("quick_hashes")


def csrf_of(page: str) -> str:
    found = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', page)
    assert found, page[:300]
    return found[1]


@pytest.fixture
def guarded(app: Flask) -> AppClient:
    """A browser of an app whose CSRF protection is on, as it is outside of tests."""
    app.config["WTF_CSRF_ENABLED"] = True
    client: AppClient = app.test_client()
    return client


def changing(app: Flask) -> Iterator[tuple[str, str]]:
    """(method, address) of every page that is not only read. The API's tokens are no cookies."""
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - SAFE):
            if not rule.endpoint.startswith("api."):
                yield method, filled(rule.rule, "1", "x")


def test_no_changing_page_does_anything_without_our_token(
    app: Flask, guarded: AppClient, cast: Cast, sign_in: Any, bens: Belongings
) -> None:
    sign_in(guarded, cast.ada)
    asked = list(changing(app))
    assert len(asked) > 40
    for method, address in asked:
        for data in ({}, {"csrf_token": "made-up"}, {"csrf_token": "a.b.c"}):
            answer = guarded.open(address, method=method, data=data)
            assert answer.status_code == 400, (method, address)
            assert "out of date" in answer.text, (method, address)
    assert guarded.get("/me").status_code == 200, "still signed in"
    assert stories.get_story(None, bens.story.id).archived_at is None


def test_the_token_of_one_browser_is_worth_nothing_in_another(
    app: Flask, guarded: AppClient, cast: Cast, sign_in: Any
) -> None:
    mallory = sign_in(app.test_client(), cast.ben)
    stolen = csrf_of(mallory.get("/me").text)
    answer = sign_in(guarded, cast.ana).post("/me", data={"name": "Mallory", "csrf_token": stolen})
    assert answer.status_code == 400
    assert people.get(cast.ana.id).name == "Ana"


def test_nothing_changes_by_being_looked_at(app: Flask) -> None:
    """Every route that changes something is closed to GET, so that no picture can press a button."""
    both = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if (rule.methods or set()) - SAFE and "GET" in (rule.methods or set())
    }
    forms = {
        *("people.sign_in", "people.ask_link", "people.link", "people.profile"),
        *("people.security", "people.api_tokens", "people.invite"),
        *("deliveries.take_down", "deliveries.publish_again"),
        *("stories.new", "stories.categories_page", "accounts.connect", "notices.choose"),
        *("stories.approval_rules", "stories.away", "stories.category"),
    }
    assert both <= forms, "a page that shows a form and takes it; look at each new one"


# Behind a proxy that speaks TLS


@pytest.fixture
def https(config: Config) -> Iterator[Flask]:
    settings = replace(config, public_url="https://publisher.example.com", proxies=1)
    with running(settings) as app:
        app.config["WTF_CSRF_ENABLED"] = True
        yield app


FORWARDED = {
    "X-Forwarded-Proto": "https",
    "X-Forwarded-For": "203.0.113.9",
    "X-Forwarded-Host": "publisher.example.com",
}


def test_a_one_time_link_works_over_https_although_its_page_tells_no_referrer(https: Flask) -> None:
    kim = people.add(None, "kim@example.com", "Kim", "author")
    path = people.make_link(None, kim).removeprefix("https://publisher.example.com")
    browser = https.test_client()
    page = browser.get(path, headers=FORWARDED, base_url="https://publisher.example.com")
    assert page.headers["Referrer-Policy"] == "no-referrer"
    answer = browser.post(
        path,
        data={"csrf_token": csrf_of(page.text)},
        headers={**FORWARDED, "Origin": "null"},
        base_url="https://publisher.example.com",
    )
    assert (answer.status_code, answer.headers.get("Location")) == (302, "/")


def test_over_https_no_neighbouring_host_can_plant_our_cookie(https: Flask) -> None:
    """`__Host-`: browsers take it over https only, for this very host and all of it."""
    people.add(None, "kim@example.com", "Kim", "author", password=PASSWORD)
    browser = https.test_client()
    more = {"headers": FORWARDED, "base_url": "https://publisher.example.com"}
    form = {"email": "kim@example.com", "password": PASSWORD}
    form["csrf_token"] = csrf_of(browser.get("/sign-in", **more).text)
    answer = browser.post("/sign-in", data=form, **more)
    cookie = next(
        each for each in answer.headers.getlist("Set-Cookie") if "publisher" in each.split("=")[0]
    )
    assert cookie.startswith("__Host-publisher=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))
    assert "Domain" not in cookie


# Host names


@pytest.mark.parametrize("name", ["Host", "X-Forwarded-Host", "X-Host", "Forwarded"])
def test_a_false_host_name_is_in_no_link_that_we_make(
    app: Flask, cast: Cast, sign_in: Any, bens: Belongings, name: str
) -> None:
    evil = {name: "evil.example" if name != "Forwarded" else "host=evil.example"}
    cookie = sign_in(app.test_client(), cast.ada).get_cookie("publisher").value
    client, signed_in = (
        app.test_client(use_cookies=False),
        {"Cookie": f"publisher={cookie}", **evil},
    )
    made = client.post(f"/people/{cast.ana.id}/link", data={"purpose": "reset"}, headers=signed_in)
    assert "http://localhost/link/" in made.text
    form = {"name": "Feed", "detail": "full", "language": "en"}
    feed = client.post("/feeds", data=form, headers=signed_in)
    assert feed.status_code == 201
    pages = [made, feed]
    pages += [
        app.test_client().get(path, headers=evil)
        for path in ("/blog", "/blog/atom.xml", "/sitemap.xml", "/robots.txt", "/sign-in", "/me")
    ]
    pages.append(app.test_client().get("/api/v1/openapi.json", headers=evil))
    for page in pages:
        assert "evil.example" not in page.text
        assert "evil.example" not in str(page.headers)


def test_a_mailed_link_leads_to_our_address(app: Flask, cast: Cast) -> None:
    with app.test_request_context("/", headers={"Host": "evil.example"}):
        link = links.make_link(None, cast.ana, Purpose.RESET)
        written = letters.with_link(cast.ana, Purpose.RESET, link)
    for kind in ("plain", "html"):
        part = written.get_body((kind,))
        assert part is not None
        assert "http://localhost/link/" in part.get_content()
    assert "evil.example" not in written.as_string()


# Where one is sent


ELSEWHERE = (
    *(
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "///evil.example",
    ),
    *(
        "/\t/evil.example",
        "/\n/evil.example",
        "\t//evil.example",
        " //evil.example",
        "javascript:alert(1)",
    ),
    *(
        "http:evil.example",
        "https:/evil.example",
        "/\r\nLocation: https://evil.example",
        "//evil%2eexample",
    ),
    *("@evil.example", "/\u2028/evil.example", "data:text/html,x"),
)


@pytest.mark.parametrize("wanted", ELSEWHERE)
def test_nobody_is_sent_elsewhere(
    app: Flask, cast: Cast, sign_in: Any, bens: Belongings, wanted: str
) -> None:
    client = sign_in(app.test_client(), cast.ada)
    answers = [
        client.get("/sign-in", query_string={"next": wanted}),
        client.post("/preferences", data={"next": wanted}),
        client.post(f"/posts/{bens.post.id}/cancel", data={"next": wanted}),
        client.post(
            f"/stories/{bens.story.id}/comments", data={"text": "!", "post_id": "0", "next": wanted}
        ),
        client.post("/accounts/hold", data={"reason": "a test", "next": wanted}),
    ]
    for answer in answers:
        assert answer.status_code == 302
        place = answer.headers["Location"]
        assert re.match(r"/(?![/\\])", place), place
        assert not re.search(r"[\s\\]", place), place
        assert answer.headers.getlist("Location") == [place]


# Old cookies


def test_a_network_of_one_household_is_one_place(app: Flask) -> None:
    """An IPv6 network holds more addresses than anybody could count: all of it is one place."""
    people.add(None, "kim@example.com", "Kim", "author", password=PASSWORD)
    form = {"email": "kim@example.com", "password": "a wrong password"}
    seen = [
        app.test_client()
        .post("/sign-in", data=form, environ_base={"REMOTE_ADDR": f"2001:db8:1:2::{n:x}"})
        .status_code
        for n in range(1, 8)
    ]
    assert seen == [401] * 5 + [429] * 2
    other = {"REMOTE_ADDR": "2001:db8:1:3::1"}
    answer = app.test_client().post(
        "/sign-in", data=form | {"password": PASSWORD}, environ_base=other
    )
    assert answer.status_code == 302


def test_a_copied_cookie_is_worth_nothing_after_signing_out(
    app: Flask, cast: Cast, sign_in: Any
) -> None:
    client = sign_in(app.test_client(), cast.ana)
    copied = client.get_cookie("publisher")
    assert copied is not None
    assert client.get("/me").status_code == 200
    client.post("/sign-out")
    thief = app.test_client()
    thief.set_cookie("publisher", copied.value)
    assert thief.get("/me").status_code == 302


def test_a_cookie_signed_with_another_key_is_nobody(app: Flask, cast: Cast) -> None:
    from itsdangerous import URLSafeTimedSerializer

    token = sessions.begin_session(cast.ada, "")
    forged = URLSafeTimedSerializer("another key", salt="cookie-session").dumps({"token": token})
    thief = app.test_client()
    thief.set_cookie("publisher", str(forged))
    assert thief.get("/me").status_code == 302


def test_a_feed_does_not_open_the_rest(app: Flask, cast: Cast) -> None:
    """The token in a feed's address is neither a session nor an API token, nor the other way round."""
    _feed, url = feeds.make(cast.ada, "Mine")
    token = url.split("/ical/")[1].split("/")[0]
    client = app.test_client()
    with client.session_transaction() as cookie:
        cookie["token"] = token
    assert client.get("/me").status_code == 302
    for text in (token, f"pub_{token}"):
        headers = {"Authorization": f"Bearer {text}"}
        assert client.get("/api/v1/accounts", headers=headers).status_code == 401
    session = sessions.begin_session(cast.ada, "")
    assert client.get(f"/ical/{session}/calendar.ics").status_code == 404
