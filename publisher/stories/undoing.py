"""The way back: what a decision says with its Undo, and the pages that such a button leads to."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress

from flask import Blueprint, flash, get_template_attribute, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from publisher import web
from publisher.deliveries import recall
from publisher.errors import Conflict, Invalid, NotAllowed, Stale
from publisher.people.rules import Role
from publisher.stories import desk, service, withdrawing
from publisher.stories.models import Post, Story
from publisher.stories.rules import APPROVED

ACCESS: dict[str, str] = {
    "withdraw": Role.AUTHOR,
    "withdraw_story": Role.AUTHOR,
    "take_back": Role.EDITOR,
    "take_back_story": Role.EDITOR,
}
REFUSALS = (Conflict, Invalid, NotAllowed, Stale)


def add_to(blueprint: Blueprint) -> None:
    """Put these pages on the blueprint of stories."""
    for rule, view in (
        ("/posts/<int:post_id>/withdraw", withdraw),
        ("/posts/<int:post_id>/take-back", take_back),
        ("/stories/<int:story_id>/withdraw", withdraw_story),
        ("/stories/<int:story_id>/take-back", take_back_story),
    ):
        blueprint.add_url_rule(rule, view_func=view, methods=["POST"])


# ---- What is said, with the way back ----


def say(
    sentence: str, action: str, fields: Sequence[tuple[str, str | int]] = (), *, stay: str = ""
) -> None:
    """Say on the next page what was done, beside the button that undoes it. `stay` is where one is then."""
    sent = [*fields, ("next", stay)] if stay else list(fields)
    told = get_template_attribute("stories/_undo.html", "told")
    flash(told(sentence, action, sent), "success")


def say_submitted(sentence: str, post: Post) -> None:
    """Say that the post waits for the editors."""
    say(sentence, url_for("stories.withdraw", post_id=post.id))


def say_all_submitted(sentence: str, story: Story, posts: Collection[Post]) -> None:
    """Say that these posts of the story do."""
    fields = [("post", post.id) for post in posts]
    say(sentence, url_for("stories.withdraw_story", story_id=story.id), fields)


def say_approved(sentence: str, post: Post, stay: str = "") -> None:
    """Say that the post is approved, in full or in part. What is out already has only been corrected."""
    if post.status == APPROVED and not recall.recallable(post):
        flash(sentence, "success")
        return
    action = url_for("stories.take_back", post_id=post.id)
    say(sentence, action, [("revision", post.revision)], stay=stay)


def say_all_approved(sentence: str, story: Story, posts: Collection[Post]) -> None:
    """Say that these posts of the story are."""
    fields = [(f"revision-{post.id}", post.revision) for post in posts]
    say(sentence, url_for("stories.take_back_story", story_id=story.id), fields)


# ---- Pages ----


def withdraw(post_id: int) -> Response:
    """Take a post back from review."""
    post = service.get_post(web.me(), post_id)
    try:
        withdrawing.withdraw(web.me(), post)
    except REFUSALS as refused:
        flash(refused.message, "warning")
    else:
        flash(_("The post for %(account)s is a draft again.", account=post.account.label), "info")
    return desk.back_to(post.story, post)


def withdraw_story(story_id: int) -> Response:
    """Take those posts of the story back that were submitted together."""
    story = service.get_story(web.me(), story_id)
    try:
        back = withdrawing.withdraw_some(
            web.me(), story, request.form.getlist("post", type=web.number)
        )
    except REFUSALS as refused:
        flash(refused.message, "warning")
    else:
        flash(
            ngettext(
                "%(num)s post is a draft again.", "%(num)s posts are drafts again.", len(back)
            ),
            "info",
        )
    return desk.back_to(story)


def take_back(post_id: int) -> Response:
    """Take an approval back."""
    post = service.get_post(web.me(), post_id)
    revision = request.form.get("revision", 0, type=web.number)
    try:
        recall.take_back(web.me(), post, revision)
    except REFUSALS as refused:
        flash(refused.message, "warning")
    else:
        flash(
            _(
                "The approval is taken back. The post for %(account)s waits for a decision again.",
                account=post.account.label,
            ),
            "info",
        )
    return web.back(url_for("stories.review_post", post_id=post.id))


def take_back_story(story_id: int) -> Response:
    """Take those approvals back that were given together."""
    story = service.get_story(web.me(), story_id)
    try:
        back = recall.take_back_some(web.me(), story, _revisions())
    except REFUSALS as refused:
        flash(refused.message, "warning")
    else:
        flash(
            ngettext(
                "The approval is taken back: %(num)s post waits for a decision again.",
                "The approvals are taken back: %(num)s posts wait for a decision again.",
                len(back),
            ),
            "info",
        )
    return web.back(url_for("stories.show", story_id=story.id))


def numbers(texts: Iterable[str]) -> list[int]:
    """Those of the texts that are a number which a row may have."""
    found = []
    for text in texts:
        with suppress(ValueError):
            found.append(web.number(text))
    return found


def _revisions() -> dict[int, int]:
    """Post id → revision, from the fields `revision-ID`."""
    sent = [name.removeprefix("revision-") for name in request.form if name.startswith("revision-")]
    return {
        post_id: request.form.get(f"revision-{post_id}", 0, type=web.number)
        for post_id in numbers(sent)
    }
