"""The pages where people talk about a story: on the desk, beside a review, and what is settled."""

from __future__ import annotations

from flask import Blueprint, flash, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from publisher import web
from publisher.errors import Invalid
from publisher.people.rules import Role
from publisher.stories import comments, desk, service
from publisher.stories.forms import CommentForm, blame
from publisher.stories.models import Comment

Page = str | Response | tuple[str, int]

ACCESS: dict[str, str] = {"comment": Role.VIEWER, "resolve": Role.AUTHOR}


def add_to(blueprint: Blueprint) -> None:
    """Put these pages on the blueprint of stories."""
    for rule, view in (
        ("/stories/<int:story_id>/comments", comment),
        ("/comments/<int:comment_id>/resolve", resolve),
    ):
        blueprint.add_url_rule(rule, view_func=view, methods=["POST"])


def comment(story_id: int) -> Page:
    me = web.me()
    story = service.get_story(me, story_id)
    form = CommentForm()
    form.offer(story.posts)
    if not form.validate():
        return desk.page(story, comment_form=form), 422
    post = service.get_post(me, form.post_id.data) if form.post_id.data else None
    try:
        said = comments.comment(
            me, story, form.text.data or "", post, quote=form.quote.data or "", near=form.near
        )
    except Invalid as refused:
        blame(form, refused, fallback="text")
        return desk.page(story, comment_form=form), refused.status
    tell_who_was_not_told(said)
    return web.back(url_for(".show", story_id=story.id, _anchor="comments"))


def resolve(comment_id: int) -> Page:
    """Settle a comment or open it again, as the button said; without a word, the other way round."""
    wanted = {"yes": True, "no": False}.get(request.form.get("done", ""))
    said = comments.get_comment(web.me(), comment_id)
    comments.resolve(web.me(), said, done=wanted)
    return web.back(url_for(".show", story_id=said.story_id, _anchor="comments"))


def tell_who_was_not_told(said: Comment) -> None:
    """Say who was called by name but cannot open the story, and so was told nothing."""
    missed = comments.unreached(said)
    if missed:
        names = ", ".join(person.name for person in missed)
        flash(_("Cannot open this story and was not told: %(names)s", names=names), "warning")
