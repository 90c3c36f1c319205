"""Choosing pictures of the library for a post: beside its text, or on a page of its own without a script."""

from __future__ import annotations

from dataclasses import replace

from flask import Blueprint, flash, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from publisher import web
from publisher.errors import Conflict, Invalid, NotFound
from publisher.media import service as media
from publisher.media.forms import SearchForm
from publisher.people.rules import Role
from publisher.stories import access, desk, service
from publisher.stories.models import Post
from publisher.stories.rules import MediaUse

Page = str | Response | tuple[str, int]

ACCESS: dict[str, str] = {"choose_pictures": Role.AUTHOR, "add_pictures": Role.AUTHOR}


def add_to(blueprint: Blueprint) -> None:
    """Put these pages on the blueprint of stories."""
    rule = "/posts/<int:post_id>/pictures"
    blueprint.add_url_rule(rule, view_func=choose_pictures)
    blueprint.add_url_rule(rule, view_func=add_pictures, methods=["POST"])


def choose_pictures(post_id: int) -> Page:
    """A page of the library, searched; only its pictures where a script asks."""
    post = service.get_post(web.me(), post_id)
    access.require_edit(web.me(), post.story)
    search = SearchForm(request.args)
    page = media.library(search.q.data or "", request.args.get("page", 1, type=web.number))
    asked = request.headers.get("X-Requested-With") == "fetch"
    template = "stories/_choice.html" if asked else "stories/choose.html"
    there = {use.id for use in post.head.draft.media}
    return render_template(template, post=post, page=page, search=search, there=there)


def add_pictures(post_id: int) -> Page:
    """Put the ticked pictures at the end of the post's own, as an edit like any other."""
    post = service.get_post(web.me(), post_id)
    chosen = dict.fromkeys(request.form.getlist("media", type=web.number))
    if not chosen:
        flash(_("Tick the pictures that you want first."), "warning")
        return desk.back_to(post.story, post)
    try:
        _add(post, list(chosen))
    except (Conflict, Invalid, NotFound) as refused:
        flash(refused.message, "warning")
    else:
        flash(_("Saved."), "success")
    return desk.back_to(post.story, post)


def _add(post: Post, chosen: list[int]) -> None:
    draft = post.head.draft
    there = {use.id for use in draft.media}
    added = (MediaUse(each, media.get(each).alt) for each in chosen if each not in there)
    draft = replace(draft, media=(*draft.media, *added))
    service.edit(web.me(), post, draft, version=post.version)
