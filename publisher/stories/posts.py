"""The pages that change one post of a story: save, measure, remove, compare."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from flask import Blueprint, flash, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from publisher import web
from publisher.accounts import service as accounts
from publisher.errors import Conflict, Invalid, NotAllowed, Stale
from publisher.media import service as media
from publisher.people.rules import Role
from publisher.stories import (
    access,
    conflicts,
    desk,
    diff,
    gauges,
    queries,
    retelling,
    review,
    service,
    shelving,
    undoing,
)
from publisher.stories.forms import PostForm, blame
from publisher.stories.models import Post
from publisher.stories.rules import ARCHIVED, Draft, MediaUse
from publisher.zones import ZoneProblem

Page = str | Response | tuple[str, int]

ACCESS: dict[str, str] = {
    "add_post": Role.AUTHOR,
    "save_post": Role.AUTHOR,
    "measure_post": Role.AUTHOR,
    "archive_post": Role.AUTHOR,
    "restore_post": Role.AUTHOR,
    "revisions": Role.VIEWER,
}


def add_to(blueprint: Blueprint) -> None:
    """Put these pages on the blueprint of stories."""
    post = "/posts/<int:post_id>"
    for rule, view in (
        ("/stories/<int:story_id>/posts", add_post),
        (f"{post}/save", save_post),
        (f"{post}/measure", measure_post),
        (f"{post}/archive", archive_post),
        (f"{post}/restore", restore_post),
    ):
        blueprint.add_url_rule(rule, view_func=view, methods=["POST"])
    blueprint.add_url_rule(f"{post}/revisions", view_func=revisions)


def add_post(story_id: int) -> Page:
    story = service.get_story(web.me(), story_id)
    wanted = request.form.getlist("account_id", type=web.number) or [0]
    chosen = [accounts.get(number) for number in dict.fromkeys(wanted)]
    added = desk.add_posts(web.me(), story, chosen)
    return desk.back_to(story, added[0])


def save_post(post_id: int) -> Page:
    """Save; with `then=submit` also submit. Problems block the second, never the first.

    With `then=begin` a text that is still empty begins as the blog post does.
    """
    me = web.me()
    post = service.get_post(me, post_id)
    form = PostForm()
    form.offer(post.planned_zone, me.timezone, web.settings().timezone)
    if not form.validate():
        return desk.page(post.story, post=post, post_form=form), 422
    try:
        draft = in_order(_begun(form, post), request.form.get("then", ""))
        draft = _with_upload(form, draft)
        timed = _typed_time(form, post)
        version = form.version.data or 0
        page = form.page.data or ""
        desk.save(me, post, draft, version=version, base=form.base.data, time=timed, page=page)
    except ZoneProblem as problem:
        return desk.page(post.story, post=post, post_form=form, problem=problem), 422
    except Stale as stale:
        return conflicts.of_post(post, stale), 409
    except (Invalid, Conflict, NotAllowed) as refused:
        blame(form, refused, fallback="date" if form.wall != post.planned_wall else "text")
        return desk.page(post.story, post=post, post_form=form), refused.status
    if request.form.get("then") == "submit":
        return _submit(post)
    begun = draft.text and not form.draft().text.strip()
    flash(_("Begun from the blog post. Write on from there.") if begun else _("Saved."), "success")
    return desk.back_to(post.story, post)


def measure_post(post_id: int) -> Page:
    """The count, the problems and the preview of what is being written; nothing is saved."""
    post = service.get_post(web.me(), post_id)
    return render_template(
        "stories/_gauge.html",
        post=post,
        gauge=gauges.measured(post, PostForm().draft().normalised(), fields=True),
    )


def archive_post(post_id: int) -> Page:
    post = service.get_post(web.me(), post_id)
    try:
        shelving.archive_post(web.me(), post)
    except Conflict as refused:
        flash(refused.message, "warning")
    else:
        said = _("The post for %(account)s was removed.", account=post.account.label)
        undoing.say(said, url_for(".restore_post", post_id=post.id))
    return desk.back_to(post.story)


def restore_post(post_id: int) -> Page:
    post = service.get_post(web.me(), post_id)
    try:
        shelving.restore_post(web.me(), post)
    except Conflict as refused:
        flash(refused.message, "warning")
    else:
        said = _("The post for %(account)s is back.", account=post.account.label)
        undoing.say(said, url_for(".archive_post", post_id=post.id))
    return desk.back_to(post.story, post)


def revisions(post_id: int) -> Page:
    """Any two revisions and their difference; the newest and the one before it unless the address says."""
    post = service.get_post(web.me(), post_id)
    all_of_them = queries.revisions(post)
    by_number = {revision.number: revision for revision in all_of_them}
    new = by_number.get(request.args.get("to", post.revision, type=web.number), post.head)
    old = by_number.get(request.args.get("from", max(new.number - 1, 1), type=web.number), new)
    return render_template(
        "stories/revisions.html",
        post=post,
        revisions=all_of_them,
        approvals=queries.approvals(post),
        old=old,
        new=new,
        changes=diff.drafts(old.draft, new.draft),
        may_edit=access.edits(web.me(), post.story) and post.status != ARCHIVED,
    )


def _submit(post: Post) -> Page:
    try:
        review.submit(web.me(), post)
    except Invalid:
        flash(_("Saved, but not submitted: solve the problems first."), "warning")
    except Conflict as refused:
        flash(refused.message, "warning")
    else:
        undoing.say_submitted(_("Saved and submitted for review."), post)
    return desk.back_to(post.story, post)


def _begun(form: PostForm, post: Post) -> Draft:
    """What was typed; where that was nothing and it was asked for, what the blog post begins with."""
    draft = form.draft()
    return retelling.begun(post, draft) if request.form.get("then") == "begin" else draft


def _with_upload(form: PostForm, draft: Draft) -> Draft:
    """`draft` with the picture that was sent along, kept in the library first."""
    sent = form.upload
    if sent is None:
        return draft
    alt = form.picture_alt.data or ""
    kept = media.upload(web.me(), sent.filename or "", sent.read(), alt)
    return desk.with_picture(draft, MediaUse(kept.id, alt))


def in_order(draft: Draft, wish: str) -> Draft:
    """`draft` with its pictures as `wish` has them: "up-7" or "down-7" changes places with its neighbour."""
    way, _dash, wanted = wish.partition("-")
    pictures = list(draft.media)
    at = next((at for at, use in enumerate(pictures) if str(use.id) == wanted), None)
    if at is None or way not in {"up", "down"}:
        return draft
    to = min(max(at + (1 if way == "down" else -1), 0), len(pictures) - 1)
    pictures[at], pictures[to] = pictures[to], pictures[at]
    return replace(draft, media=tuple(pictures))


def _typed_time(form: PostForm, post: Post) -> tuple[datetime | None, str] | None:
    """The time that was typed, or None where it is the one that the post has already."""
    if (form.wall, form.wall and form.zone.data) == (
        post.planned_wall,
        post.planned_wall and post.planned_zone,
    ):
        return None
    return form.resolve(), form.zone.data or ""
