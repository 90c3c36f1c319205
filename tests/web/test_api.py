"""API v1 as programs use it: the whole main job, stale writes, repeated requests, and its own document."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import jsonschema
import pytest
from flask import Flask
from flask.testing import FlaskClient
from openapi_spec_validator import validate
from PIL import Image
from werkzeug.test import TestResponse

from publisher import clock
from publisher.api.operations import OPERATIONS
from publisher.people.models import User
from publisher.people.rules import Scope
from publisher.people.tokens import create_token
from tests.plugins.app import Cast
from tests.plugins.newsroom import Newsroom

ALL = [str(scope) for scope in Scope]


@dataclass
class Caller:
    """Somebody's program."""

    client: FlaskClient
    token: str

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> TestResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        response: TestResponse = self.client.open(
            f"/api/v1{path}",
            method=method,
            json=body,
            headers={"Authorization": f"Bearer {self.token}", **named},
        )
        return response


def caller(app: Flask, user: User, scopes: list[str] = ALL) -> Caller:
    _token, secret = create_token(None, user, "test", scopes)
    return Caller(app.test_client(), secret)


@pytest.fixture
def ana(app: Flask, cast: Cast) -> Caller:
    return caller(app, cast.ana)


@pytest.fixture
def rui(app: Flask, cast: Cast) -> Caller:
    return caller(app, cast.rui)


STORY = {
    "title": "첫 이야기",
    "brief": "왜 쓰는가",
    "posts": [
        {"account": "blog", "title": "첫 이야기", "text": "본문입니다."},
        {"account": "x", "text": "소식 {blog}"},
        {"account": "page", "text": "소식\n{blog}"},
    ],
}


@pytest.mark.usefixtures("database_url")
def test_the_main_job_through_the_api_alone(newsroom: Newsroom, ana: Caller, rui: Caller) -> None:
    created = ana("POST", "/stories", STORY)
    assert created.status_code == 201
    story = created.get_json()
    assert [post["revision"] for post in story["posts"]] == [1, 1, 1]

    assert ana("POST", f"/stories/{story['id']}/submit").status_code == 200
    revisions = {str(post["id"]): post["revision"] for post in story["posts"]}
    approved = rui(
        "POST",
        f"/stories/{story['id']}/approve",
        {"revisions": revisions, "due_at": clock.now().isoformat()},
    )
    assert approved.status_code == 200
    newsroom.work(1.0)

    blog, tweet, page = (ana("GET", f"/posts/{post['id']}").get_json() for post in story["posts"])
    assert [post["delivery"]["status"] for post in (blog, tweet, page)] == ["published"] * 3
    assert tweet["delivery"]["late_ms"] >= 0
    assert tweet["crosslinks"] == [
        {
            "reference": "blog",
            "post_id": blog["id"],
            "url": blog["delivery"]["url"],
            "when_late": "hold",
        }
    ]
    assert blog["delivery"]["url"] in newsroom.really_posted("x")[0]
    entries = ana(
        "GET", f"/calendar?from={(clock.now() - timedelta(days=1)).isoformat()}"
    ).get_json()
    assert {entry["status"] for entry in entries["entries"]} == {"published"}


@pytest.mark.usefixtures("newsroom")
def test_140_hangul_and_a_link_are_refused_with_their_count_and_128_go(
    ana: Caller, rui: Caller, newsroom: Newsroom
) -> None:
    def submitted(letters: int) -> tuple[int, TestResponse]:
        text = "가" * letters + " https://example.com/a"
        story = ana(
            "POST", "/stories", {"title": "길이", "posts": [{"account": "x", "text": text}]}
        ).get_json()
        post_id = story["posts"][0]["id"]
        return post_id, ana("POST", f"/posts/{post_id}/submit")

    _post, refused = submitted(140)
    assert refused.status_code == 422
    assert "304" in refused.get_json()["detail"]

    post_id, accepted = submitted(128)
    assert accepted.status_code == 200
    rui("POST", f"/posts/{post_id}/approve", {"revision": 1, "due_at": clock.now().isoformat()})
    newsroom.work()
    assert len(newsroom.really_posted("x")) == 1


@pytest.mark.usefixtures("newsroom")
def test_a_change_needs_the_etag_that_was_read(ana: Caller) -> None:
    post = ana("POST", "/stories", STORY).get_json()["posts"][1]
    path = f"/posts/{post['id']}"
    etag = ana("GET", path).headers["ETag"]

    assert ana("PATCH", path, {"text": "새 글"}).status_code == 428
    assert ana("PATCH", path, {"text": "새 글"}, If_Match=etag).get_json()["text"] == "새 글"
    stale = ana("PATCH", path, {"text": "늦은 글"}, If_Match=etag)
    assert stale.status_code == 412
    assert stale.content_type == "application/problem+json"
    assert ana("GET", path).get_json()["text"] == "새 글"


@pytest.mark.usefixtures("newsroom")
def test_a_request_repeated_under_one_key_does_its_work_once(ana: Caller, rui: Caller) -> None:
    first = ana("POST", "/stories", STORY, Idempotency_Key="k1")
    again = ana("POST", "/stories", STORY, Idempotency_Key="k1")
    assert again.get_json() == first.get_json()
    assert again.status_code == 201

    other = ana("POST", "/stories", {**STORY, "title": "다른 것"}, Idempotency_Key="k1")
    assert (other.status_code, other.get_json()["code"]) == (409, "key_reused")
    assert (
        caller_of(ana, "POST", "/stories", {"title": ""}, "k2").status_code
        == caller_of(ana, "POST", "/stories", {"title": ""}, "k2").status_code
        == 422
    )


def caller_of(who: Caller, method: str, path: str, body: Any, key: str) -> TestResponse:
    return who(method, path, body, Idempotency_Key=key)


@pytest.mark.usefixtures("newsroom")
def test_an_outdated_revision_stops_the_whole_approval(ana: Caller, rui: Caller) -> None:
    story = ana("POST", "/stories", STORY).get_json()
    ana("POST", f"/stories/{story['id']}/submit")
    revisions = {str(post["id"]): post["revision"] for post in story["posts"]}
    revisions[str(story["posts"][1]["id"])] = 7

    answer = rui("POST", f"/stories/{story['id']}/approve", {"revisions": revisions})

    assert answer.status_code == 409
    after = rui("GET", f"/stories/{story['id']}").get_json()
    assert {post["status"] for post in after["posts"]} == {"in_review"}


@pytest.mark.usefixtures("newsroom")
def test_review_schedule_and_cancel(ana: Caller, rui: Caller) -> None:
    body = {"title": "하나", "posts": [{"account": "x", "text": "가"}]}
    post_id = ana("POST", "/stories", body).get_json()["posts"][0]["id"]
    path = f"/posts/{post_id}"
    ana("POST", f"{path}/submit")
    assert rui("POST", f"{path}/request-changes", {"reason": ""}).status_code == 422
    assert rui("POST", f"{path}/request-changes", {"reason": "짧게"}).get_json()["status"] == (
        "changes_requested"
    )
    ana("POST", f"{path}/submit")
    assert ana("POST", f"{path}/withdraw").get_json()["status"] == "draft"
    assert ana("POST", f"{path}/withdraw").status_code == 409
    ana("POST", f"{path}/submit")
    assert ana("POST", f"{path}/approve", {"revision": 1}).status_code == 403
    assert rui("POST", f"{path}/approve", {"revision": 1}).get_json()["status"] == "approved"
    assert ana("POST", f"{path}/take-back", {"revision": 1}).status_code == 403
    assert rui("POST", f"{path}/take-back", {"revision": 1}).get_json()["status"] == "in_review"
    assert rui("POST", f"{path}/approve", {"revision": 1}).get_json()["delivery"] is None
    due = {"due_at": "2031-03-09T09:00", "tz": "Asia/Seoul"}
    scheduled = rui("POST", f"{path}/schedule", due).get_json()
    assert scheduled["delivery"]["due_at"] == "2031-03-09T00:00:00+00:00"
    assert rui("POST", f"{path}/cancel").get_json()["delivery"]["status"] == "cancelled"
    assert rui("POST", f"{path}/cancel").status_code == 409
    gap = {"due_at": "2031-03-09T02:30", "tz": "America/New_York"}
    missing = rui("POST", f"{path}/schedule", gap)
    assert (missing.status_code, missing.get_json()["code"]) == (422, "time_missing")


@pytest.mark.usefixtures("newsroom")
def test_scopes_and_roles_both_count(app: Flask, cast: Cast, ana: Caller) -> None:
    reader = caller(app, cast.rui, ["read"])
    assert reader("GET", "/accounts").status_code == 200
    refused = reader("POST", "/stories", STORY)
    assert (refused.status_code, refused.get_json()["code"]) == (403, "scope_missing")
    assert caller(app, cast.vic)("POST", "/stories", STORY).status_code == 403
    assert Caller(app.test_client(), "pub_wrong")("GET", "/accounts").status_code == 401
    others = caller(app, cast.ben)
    story = ana("POST", "/stories", STORY).get_json()
    assert others("GET", f"/stories/{story['id']}").status_code == 404


@pytest.mark.usefixtures("newsroom")
def test_bad_bodies_name_what_is_wrong(ana: Caller) -> None:
    wrong = ana("POST", "/stories", {"title": "가", "post": []}).get_json()
    assert "post" in wrong["fields"]
    assert ana("POST", "/stories", {**STORY, "category": "none"}).status_code == 404
    unknown = {"title": "가", "posts": [{"account": "nowhere", "text": "가"}]}
    assert ana("POST", "/stories", unknown).get_json()["code"] == "account_unknown"
    text = ana.client.post(
        "/api/v1/stories", data="{", headers={"Authorization": f"Bearer {ana.token}"}
    )
    assert text.get_json()["code"] == "not_json"


@pytest.mark.usefixtures("newsroom")
def test_pictures_and_feeds(ana: Caller) -> None:
    stream = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(stream, "PNG")
    uploaded = ana.client.post(
        "/api/v1/media",
        data={"file": (io.BytesIO(stream.getvalue()), "red.png"), "alt": "빨강"},
        headers={"Authorization": f"Bearer {ana.token}"},
    )
    assert uploaded.status_code == 201
    assert ana.client.get(uploaded.get_json()["url"]).status_code == 200
    body = {
        "title": "가",
        "posts": [{"account": "x", "text": "가", "media": [uploaded.get_json()["id"]]}],
    }
    post = ana("POST", "/stories", body).get_json()["posts"][0]
    (used,) = post["media"]
    assert (used["id"], used["alt"], used["crop"]) == (uploaded.get_json()["id"], "빨강", "")

    feed = ana("POST", "/feeds", {"name": "내 일정"}).get_json()
    assert ana.client.get(feed["url"]).mimetype == "text/calendar"
    assert ana("DELETE", f"/feeds/{feed['id']}").status_code == 204
    assert ana.client.get(feed["url"]).status_code == 410


def test_the_document_describes_every_route_and_nothing_else(app: Flask) -> None:
    document = app.test_client().get("/api/v1/openapi.json").get_json()
    validate(document)
    described = {
        (method.upper(), path) for path, methods in document["paths"].items() for method in methods
    }
    routes = {
        (method, rule.rule.removeprefix("/api/v1").replace("<int:", "{").replace(">", "}"))
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("api.") and rule.endpoint != "api.openapi"
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    assert described == routes
    assert len(OPERATIONS) == len(routes)


@pytest.mark.usefixtures("newsroom")
def test_answers_have_the_shape_that_the_document_promises(app: Flask, ana: Caller) -> None:
    document = ana.client.get("/api/v1/openapi.json").get_json()
    story = ana("POST", "/stories", STORY).get_json()
    for body, name in (
        (story, "StoryOut"),
        (ana("GET", f"/posts/{story['posts'][0]['id']}").get_json(), "PostOut"),
        (ana("GET", "/calendar").get_json(), "CalendarOut"),
        (ana("GET", "/accounts").get_json(), "AccountsOut"),
        (ana("GET", "/posts/99999").get_json(), "Problem"),
    ):
        schema = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
        jsonschema.validate(body, schema)
