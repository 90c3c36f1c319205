"""API v1: taking back what was submitted or approved."""

from __future__ import annotations

from typing import Any

from publisher.api import answers, schemas
from publisher.api.operations import operation
from publisher.deliveries import recall
from publisher.people.rules import Role, Scope
from publisher.stories import service as stories
from publisher.stories import withdrawing
from publisher.web import me

Json = dict[str, Any]


@operation(
    "POST",
    "/posts/<int:post_id>/withdraw",
    role=Role.AUTHOR,
    scope=Scope.WRITE,
    body=schemas.Nothing,
    answer=schemas.PostOut,
)
def withdraw_post(post_id: int, body: schemas.Nothing) -> Json:
    """Take a post back from review, as long as nobody has decided on it."""
    post = stories.get_post(me(), post_id)
    withdrawing.withdraw(me(), post)
    return answers.post(post)


@operation(
    "POST",
    "/posts/<int:post_id>/take-back",
    role=Role.EDITOR,
    scope=Scope.REVIEW,
    body=schemas.TakeBack,
    answer=schemas.PostOut,
)
def take_back_approval(post_id: int, body: schemas.TakeBack) -> Json:
    """Take the approval of a revision back, as long as it is not on its way out."""
    post = stories.get_post(me(), post_id)
    recall.take_back(me(), post, body.revision)
    return answers.post(post)
