"""The API against its own document: whatever a program sends, the answer is one that the document promises.

`make fuzz` sends more, and other things each time; FUZZ says how much.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import checks
from schemathesis.generation import GenerationMode

from publisher.api.views import ACCESS
from publisher.extensions import db
from publisher.stories import review
from publisher.stories import service as stories
from tests.plugins.app import Cast
from tests.security.conftest import Belongings, bearer

EXAMPLES = int(os.environ.get("FUZZ", "10"))
PROMISES = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
WORKING = settings(
    max_examples=EXAMPLES,
    derandomize="FUZZ" not in os.environ,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture
def door(app: Flask) -> Callable[..., Iterable[bytes]]:
    """The app as a server calls it: each request with an app context, and so a session, of its own."""

    def answer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        db.session.rollback()
        with app.app_context():
            body = list(app(environ, start_response))
        db.session.rollback()
        return body

    return answer


@pytest.fixture
def schema(door: Any, cast: Cast, bens: Belongings) -> Any:
    """The document, and a post in each state that an operation works on."""
    review.submit(cast.ben, bens.post)
    stories.create_story(cast.ada, title="Ada's", language="en")
    return schemathesis.openapi.from_wsgi("/api/v1/openapi.json", door)


def at_home(body: Any, known: bool) -> Any:
    """The same body with an account that exists, so that not every story ends at an unknown one."""
    if known and isinstance(body, dict) and isinstance(body.get("posts"), list):
        for post in body["posts"]:
            if isinstance(post, dict) and isinstance(post.get("account"), str):
                post["account"] = "blog"
    return body


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize("name", sorted(ACCESS.keys() - {"openapi"}))
def test_every_answer_is_one_that_the_document_promises(
    schema: Any, cast: Cast, bens: Belongings, name: str, mode: GenerationMode
) -> None:
    """No 5xx, no undeclared status or type, no drift: for what fits the document and for what does not."""
    operation = next(
        found.ok()
        for found in schema.get_all_operations()
        if found.ok().definition.raw["operationId"] == name
    )
    here = {"story_id": bens.story.id, "post_id": bens.post.id, "feed_id": 1}
    parts = {part: here[part] for part in here if f"{{{part}}}" in operation.path}
    cases = operation.as_strategy(mode)
    if parts:
        cases |= operation.as_strategy(mode, path_parameters=parts)
    headers = bearer(cast.ada)
    answered: set[int] = set()

    @WORKING
    @given(case=cases, known=st.booleans())
    def send(case: Any, known: bool) -> None:
        case.body = at_home(case.body, known)
        answered.add(case.call_and_validate(headers=headers, checks=PROMISES).status_code)

    send()
    assert answered - {401, 403}, "it got past the door"
