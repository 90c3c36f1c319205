"""Who may open what: every route × every role, with real requests."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from publisher import web
from publisher.people import tokens
from publisher.people.models import User
from publisher.people.rules import ANYONE, RANK, Role, Scope, at_least

DUMMIES = {"int": "987654321", "float": "9.5", "uuid": "00000000-0000-4000-8000-000000000000"}
LEVELS = {ANYONE, web.BEARER, *Role}


def address_of(rule: Rule) -> str:
    """The rule's address with names and numbers that belong to nothing."""
    return re.sub(
        r"<(?:(\w+)(?:\([^)]*\))?:)?\w+>",
        lambda part: DUMMIES.get(part.group(1) or "string", "nothing-here"),
        rule.rule,
    )


def requests_of(app: Flask) -> Iterator[tuple[str, str, str]]:
    """Every (endpoint, method, address) of the app."""
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"OPTIONS", "HEAD"}):
            yield rule.endpoint, method, address_of(rule)


def is_api(endpoint: str) -> bool:
    return endpoint.startswith("api.")


def ask(client: FlaskClient, method: str, address: str, **headers: str) -> TestResponse:
    """One request, with an empty JSON body for programs and an empty form otherwise."""
    body = {"json": {}} if address.startswith("/api/") and method != "GET" else {}
    return client.open(address, method=method, headers=headers, **body)


def test_every_route_is_named_by_an_access_table_and_every_name_is_a_route(app):
    access = app.extensions["access"]
    endpoints = {rule.endpoint for rule in app.url_map.iter_rules()}
    assert sorted(endpoints - access.keys()) == [], "routes that no ACCESS table names"
    assert sorted(access.keys() - endpoints) == [], "names in an ACCESS table without a route"
    assert {endpoint: level for endpoint, level in access.items() if level not in LEVELS} == {}


def test_a_route_that_no_table_names_is_closed_even_to_administrators(app, client, cast, sign_in):
    app.add_url_rule("/forgotten", "forgotten", lambda: "open to all the world")
    assert client.get("/forgotten").status_code == 403
    assert sign_in(client, cast.ada).get("/forgotten").status_code == 403


def test_pages_send_strangers_to_sign_in(app, client):
    wrong = []
    for endpoint, method, address in requests_of(app):
        level = app.extensions["access"][endpoint]
        if level in {ANYONE, web.BEARER} or is_api(endpoint):
            continue
        response = ask(client, method, address)
        if method == "GET":
            as_it_should = response.status_code == 302 and response.location.startswith("/sign-in")
        else:
            as_it_should = response.status_code == 401
        if not as_it_should:
            wrong.append((endpoint, method, response.status))
    assert wrong == []


@pytest.mark.parametrize("role", list(Role))
def test_pages_are_open_from_their_role_on_and_closed_below(app, client, cast, sign_in, role):
    person = {
        Role.VIEWER: cast.vic,
        Role.AUTHOR: cast.ana,
        Role.EDITOR: cast.rui,
        Role.ADMIN: cast.ada,
    }
    wrong, seen = [], 0
    for endpoint, method, address in requests_of(app):
        level = app.extensions["access"][endpoint]
        if is_api(endpoint) or level == web.BEARER:
            continue
        sign_in(client, person[role])  # anew each time, as some of these requests end sessions
        response = ask(client, method, address)
        status = response.status_code
        policy = response.headers.get("Content-Security-Policy", "")
        if "default-src 'none'" not in policy or "unsafe" in policy:
            wrong.append((endpoint, method, "policy", policy))
        closed = level != ANYONE and not at_least(role, level)
        seen += 1
        if (status == 403) != closed or status == 401 or status >= 500:
            wrong.append((endpoint, method, level, status))
    assert wrong == []
    assert seen > 20


def api_requests(app: Flask) -> list[tuple[str, str, str]]:
    return [request for request in requests_of(app) if is_api(request[0])]


def bearer(user: User, *scopes: Scope) -> str:
    return f"Bearer {tokens.create_token(user, user, 'a test', scopes)[1]}"


def test_the_api_answers_nobody_without_a_token(app, client, cast, sign_in):
    wrong = []
    for browser in (client, sign_in(app.test_client(), cast.ada)):
        for endpoint, method, address in api_requests(app):
            if app.extensions["access"][endpoint] == ANYONE:
                continue
            for headers in ({}, {"Authorization": "Bearer pub_unknown"}):
                response = ask(browser, method, address, **headers)
                if response.status_code != 401 or "WWW-Authenticate" not in response.headers:
                    wrong.append((endpoint, method, response.status))
    assert wrong == []


@pytest.mark.parametrize("role", list(Role))
def test_the_api_is_open_from_its_role_on_and_closed_below(app, client, cast, role):
    person = {
        Role.VIEWER: cast.vic,
        Role.AUTHOR: cast.ana,
        Role.EDITOR: cast.rui,
        Role.ADMIN: cast.ada,
    }
    token, wrong = bearer(person[role], *Scope), []
    for endpoint, method, address in api_requests(app):
        level = app.extensions["access"][endpoint]
        response = ask(client, method, address, Authorization=token)
        closed = level != ANYONE and not at_least(role, level)
        if (response.status_code == 403) != closed or response.status_code in {401, 500}:
            wrong.append((endpoint, method, level, response.status))
    assert wrong == []


def test_a_token_without_the_scope_opens_nothing(app, client, cast):
    """A token for subscriptions alone reads no story, writes none and approves none."""
    token, opened = bearer(cast.ada, Scope.FEEDS), []
    for endpoint, method, address in api_requests(app):
        if app.extensions["access"][endpoint] == ANYONE or "/feeds" in address:
            continue
        if ask(client, method, address, Authorization=token).status_code != 403:
            opened.append((endpoint, method))
    assert opened == []


@pytest.mark.parametrize("role", [role for role in Role if RANK[role] < RANK[Role.ADMIN]])
def test_the_navigation_offers_only_what_opens(
    app: Flask,
    client: FlaskClient,
    cast,
    sign_in: Callable[[FlaskClient, User], FlaskClient],
    role: Role,
):
    person = {Role.VIEWER: cast.vic, Role.AUTHOR: cast.ana, Role.EDITOR: cast.rui}[role]
    page = sign_in(client, person).get("/me").text
    sidenav = page[page.index('class="sidenav"') :]
    addresses = set(re.findall(r'<a href="([^"]+)"', sidenav[: sidenav.index("</nav>")]))
    assert "/people" not in addresses
    for address in addresses:
        assert client.get(address).status_code in {200, 302}, address
