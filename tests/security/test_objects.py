"""One person's things in another's hands: every address with a number, as an author who shares nothing."""

from __future__ import annotations

import re
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from PIL import Image
from werkzeug.routing import Rule

from publisher import clock
from publisher.api.operations import OPERATIONS
from publisher.deliveries import service as deliveries
from publisher.extensions import db
from publisher.feeds import service as feeds
from publisher.media import service as media
from publisher.notices import service as notices
from publisher.notices.models import Notice
from publisher.people import service as people
from publisher.people import sessions, tokens
from publisher.people.models import ApiToken, UserSession
from publisher.people.rules import Role, Scope, at_least
from publisher.stories import approvals, filtering, outlines, review
from publisher.stories import service as stories
from publisher.stories.models import Comment, Revision
from tests.plugins.app import AppClient, Cast
from tests.security.conftest import Belongings, bearer

WORDS = ("secret plan", "Ben's words", "Ben's tweet", "Ben's comment")
"""What only Ben, those he shares with, and editors may read."""

FORM = {
    "version": "1",
    "base": "1",
    "title": "Mallory was here",
    "text": "Mallory was here",
    "language": "en",
    "post_id": "0",
    "day": "2030-01-01",
    "date": "2030-01-01",
    "time": "09:00",
    "zone": "UTC",
    "name": "Mallory",
    "alt": "Mallory was here",
    "account_id": "2",
    "up_to": "999",
    "role": "admin",
    "purpose": "reset",
    "reason": "Mallory",
    "verdict": "drop",
}


@pytest.fixture
def of_ben(app: Flask, cast: Cast, bens: Belongings) -> dict[str, int]:
    """The number of one thing of Ben's for each name that an address may have a place for."""
    out = BytesIO()
    Image.new("RGB", (8, 8), "teal").save(out, "PNG")
    picture = media.upload(cast.ben, "ben.png", out.getvalue(), "Ben's picture")
    notices.notify(cast.ben, "comment", {"by": "Rui", "title": "secret plan"}, "/stories/1")
    session = sessions.begin_session(cast.ben, "Ben's browser")
    token, _text = tokens.create_token(cast.ben, cast.ben, "Ben's program", [Scope.READ])
    feed, _url = feeds.make(cast.ben, "Ben's feed")
    known = sessions.session_of(session)
    notice = db.session.query(Notice).filter_by(user_id=cast.ben.id).one()
    assert known is not None
    return {
        "story_id": bens.story.id,
        "post_id": bens.post.id,
        "comment_id": bens.comment.id,
        "media_id": picture.id,
        "notice_id": notice.id,
        "session_id": known.id,
        "token_id": token.id,
        "feed_id": feed.id,
        "user_id": cast.ben.id,
        "delivery_id": 1,
        "effect_id": 1,
        "slot_id": 1,
        "blackout_id": 1,
        "filter_id": filtering.keep(cast.ben, "Ben's filter", {"q": "secret"}).id,
        "outline_id": outlines.keep(cast.ada, bens.story, "Ben's template").id,
        "absence_id": 1,
        "rule_id": approvals.add_rule(cast.ada, needed=2, word="secret").id,
        "correction_id": 1,
        "category_id": 1,
    }


SHARED = {"media.cut"}
"""What shows a picture of the library, which is everybody's who writes."""


def state(cast: Cast) -> dict[str, Any]:
    """All that is Ben's, as the database has it."""
    db.session.rollback()
    ben = people.get(cast.ben.id)
    return {
        "person": (ben.name, ben.role, ben.active, ben.password_hash, ben.email),
        "stories": [
            (each.title, each.version, each.archived_at, [p.version for p in each.posts])
            for each in [stories.get_story(None, 1)]
        ],
        "posts": [
            (post.status, post.planned_at, post.revision, len(deliveries.of_post(post)))
            for post in stories.get_story(None, 1).posts
        ],
        "revisions": [(r.post_id, r.text) for r in db.session.query(Revision).all()],
        "comments": [(c.text, c.resolved_at) for c in db.session.query(Comment).all()],
        "pictures": [media.get(1).alt],
        "feeds": [(f.id, f.name) for f in feeds.list_of(ben)],
        "notices": [(n.id, n.read_at) for n in db.session.query(Notice).filter_by(user_id=ben.id)],
        "sessions": [s.ended_at for s in db.session.query(UserSession).filter_by(user_id=ben.id)],
        "filters": [(f.name, f.query) for f in filtering.of(ben)],
        "templates": [each.name for each in outlines.kept()],
        "tokens": [t.revoked_at for t in db.session.query(ApiToken).filter_by(user_id=ben.id)],
    }


def numbered(app: Flask, of_ben: dict[str, int]) -> list[Rule]:
    """Every route whose address names one thing by its number."""
    found = [
        rule
        for rule in app.url_map.iter_rules()
        if "<int:" in rule.rule and not rule.arguments <= {"year", "month", "part"}
        if rule.endpoint not in SHARED
    ]
    unknown = {name for rule in found for name in rule.arguments} - of_ben.keys()
    assert not unknown, f"tell this test how to find somebody's {unknown}"
    return found


def asked(
    app: Flask, of_ben: dict[str, int], client: AppClient, headers: dict[str, str]
) -> list[tuple[str, str, Any]]:
    """Each numbered address with each method, of the pages and of the API."""
    answers = []
    for rule in numbered(app, of_ben):
        address = re.sub(r"<int:(\w+)>", lambda part: str(of_ben[part[1]]), rule.rule)
        for method in sorted((rule.methods or set()) - {"OPTIONS", "HEAD"}):
            program = rule.endpoint.startswith("api.")
            more: dict[str, Any] = {"data": FORM}
            if program:
                more = {"headers": {**headers, "If-Match": '"1"'}}
                if method != "GET":
                    more["json"] = api_body(address)
            answers.append((method, address, client.open(address, method=method, **more)))
    return answers


def api_body(address: str) -> dict[str, Any]:
    """A body that the operation would take from its owner."""
    return {
        "approve": {"revisions": {"1": 1}} if "/stories/" in address else {"revision": 1},
        "request-changes": {"reason": "Mallory"},
        "schedule": {"due_at": "2030-01-01T00:00:00Z"},
        "submit": {},
        "withdraw": {},
        "take-back": {"revision": 1},
        "cancel": {},
    }.get(address.rsplit("/", 1)[-1], {"text": "Mallory was here"})


@pytest.mark.parametrize("who", ["ana", "vic"])
def test_nobody_reads_or_changes_what_is_not_shared_with_them(
    app: Flask, cast: Cast, sign_in: Any, of_ben: dict[str, int], who: str
) -> None:
    person = getattr(cast, who)
    before = state(cast)
    answers = asked(app, of_ben, sign_in(app.test_client(), person), bearer(person))
    assert len(answers) > 30
    own = f"/me/sessions/{of_ben['session_id']}/end"
    for method, address, answer in answers:
        if address == own:
            assert answer.status_code == 302, "only one's own sessions are looked through"
            continue
        assert answer.status_code in {403, 404}, (method, address, answer.status)
        assert not [words for words in WORDS if words in answer.text], (method, address)
    assert state(cast) == before


def test_the_same_requests_of_their_owner_are_let_in(
    app: Flask, cast: Cast, sign_in: Any, of_ben: dict[str, int]
) -> None:
    """So that the test above fails for the right reason, and not over a wrong address."""
    client = sign_in(app.test_client(), cast.ben)
    table = app.extensions["access"]
    for rule in numbered(app, of_ben):
        if "GET" not in (rule.methods or ()) or not at_least(Role.AUTHOR, table[rule.endpoint]):
            continue
        address = re.sub(r"<int:(\w+)>", lambda part: str(of_ben[part[1]]), rule.rule)
        answer = client.get(address, headers=bearer(cast.ben))
        assert answer.status_code in {200, 302}, address


def test_lists_and_searches_show_nothing_that_is_not_shared(
    app: Flask, cast: Cast, sign_in: Any, of_ben: dict[str, int]
) -> None:
    """The calendar tells every story's title and time, by design; nothing else does, and no text at all."""
    client = sign_in(app.test_client(), cast.ana)
    for path in (
        "/stories",
        "/stories?q=secret",
        "/stories?q=words",
        "/notices",
        "/feeds",
        "/me/tokens",
    ):
        page = client.get(path).text
        assert not [words for words in WORDS if words in page], path
        assert "Ben's program" not in page
        assert "Ben's feed" not in page
    for path in ("/calendar", "/calendar/list"):
        page = client.get(path, follow_redirects=True).text
        assert not [words for words in WORDS[1:] if words in page], path
    _feed, url = feeds.make(cast.ana, "All", detail="full")
    post = stories.get_post(None, of_ben["post_id"])
    stories.plan(cast.ben, post, clock.now() + timedelta(days=2), "UTC")
    bytes_ = app.test_client().get(url.removeprefix("http://localhost")).text
    assert "SUMMARY:[Blog] Secret" in bytes_
    assert not [words for words in WORDS[1:] if words in bytes_.replace("\r\n ", "")]


def test_a_comment_cannot_be_hung_on_another_story(
    app: Flask, cast: Cast, sign_in: Any, bens: Belongings
) -> None:
    mine = stories.create_story(cast.ana, title="Mine", language="en")
    client = sign_in(app.test_client(), cast.ana)
    form = {"text": "Look", "post_id": str(bens.post.id)}
    assert client.post(f"/stories/{mine.id}/comments", data=form).status_code == 422
    assert [said.text for said in db.session.query(Comment)] == ["Ben's comment"]


def test_an_author_neither_approves_nor_schedules_nor_publishes(
    app: Flask, cast: Cast, sign_in: Any, bens: Belongings
) -> None:
    review.submit(cast.ben, bens.post)
    client = sign_in(app.test_client(), cast.ben)
    for path in (
        f"/posts/{bens.post.id}/approve",
        f"/posts/{bens.post.id}/publish-now",
        f"/stories/{bens.story.id}/approve",
    ):
        assert client.post(path, data={**FORM, "revision": "1"}).status_code == 403
    headers = bearer(cast.ben)
    for path, body in (
        (f"/api/v1/posts/{bens.post.id}/approve", {"revision": 1}),
        (f"/api/v1/posts/{bens.post.id}/schedule", {"due_at": "2030-01-01T00:00:00Z"}),
    ):
        assert client.post(path, json=body, headers=headers).status_code == 403
    db.session.rollback()
    assert stories.get_post(None, bens.post.id).status == "in_review"


@pytest.mark.parametrize(
    "extra",
    [
        {"owner_id": 1},
        {"author_ids": [1]},
        {"status": "approved"},
        {"posts": [{"account": "blog", "text": "", "status": "approved"}]},
        {"posts": [{"account": "blog", "text": "", "approved_hash": "x", "url": "https://x"}]},
    ],
)
def test_a_program_sets_nothing_but_what_is_its_to_set(
    app: Flask, cast: Cast, bens: Belongings, extra: dict[str, Any]
) -> None:
    answer = app.test_client().post(
        "/api/v1/stories", json={"title": "T", **extra}, headers=bearer(cast.ana)
    )
    assert answer.status_code == 422
    assert answer.get_json()["code"] == "body_invalid"


def test_a_form_sets_nothing_but_what_it_shows(
    app: Flask, cast: Cast, sign_in: Any, bens: Belongings
) -> None:
    more = {"role": "admin", "email": "new@example.com", "active": "", "slug": "ada", "id": "1"}
    shown = {"name": "Ana", "language": "en", "theme": "auto", "timezone": "Asia/Seoul"}
    sign_in(app.test_client(), cast.ana).post("/me", data={**shown, **more})
    ana = people.get(cast.ana.id)
    assert (ana.role, ana.email, ana.active, ana.slug) == ("author", "ana@example.com", True, "ana")


@pytest.mark.parametrize("scope", list(Scope))
def test_each_scope_opens_its_own_operations_and_no_others(
    app: Flask, cast: Cast, bens: Belongings, scope: Scope
) -> None:
    client, headers = app.test_client(), bearer(cast.ada, scope)
    for each in OPERATIONS:
        path = "/api/v1" + re.sub(r"<int:\w+>", "987654321", each.path)
        body = {"json": {}} if each.method != "GET" else {}
        status = client.open(path, method=each.method, headers=headers, **body).status_code
        assert (status == 403) == (each.scope != scope), (each.name, scope, status)
