"""What the desk asks for while somebody writes: keep, compare, sign in again; and writing from copies."""

from __future__ import annotations

from flask import Blueprint, flash, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from publisher import web
from publisher.errors import Conflict, DomainError, Invalid
from publisher.people.rules import Role
from publisher.stories import autosave, copies, desk, diff, service
from publisher.stories.forms import PostForm

Page = str | Response | tuple[str, int] | tuple[Response, int]

ACCESS: dict[str, str] = {
    "autosave_post": Role.AUTHOR,
    "compare_post": Role.AUTHOR,
    "signed_in_again": Role.VIEWER,
    "restore_revision": Role.AUTHOR,
    "duplicate": Role.AUTHOR,
}


def add_to(blueprint: Blueprint) -> None:
    """Put these pages on the blueprint of stories."""
    post = "/posts/<int:post_id>"
    for rule, view in (
        (f"{post}/autosave", autosave_post),
        (f"{post}/compare", compare_post),
        (f"{post}/revisions", restore_revision),
        ("/stories/<int:story_id>/duplicate", duplicate),
    ):
        blueprint.add_url_rule(rule, view_func=view, methods=["POST"])
    blueprint.add_url_rule("/signed-in", view_func=signed_in_again)


def autosave_post(post_id: int) -> Page:
    """Keep what a page has just written; the answer says what the page has read now."""
    me = web.me()
    post = service.get_post(me, post_id)
    form = PostForm()
    try:
        if not form.validate():
            raise Invalid(_first_error(form))
        autosave.autosave(
            me,
            post,
            form.draft(),
            version=form.version.data or 0,
            base=form.base.data,
            page=form.page.data or "",
        )
    except DomainError as refused:
        return jsonify(code=refused.code, title=refused.message), refused.status
    at = web.local_time(post.head.created_at, "HH:mm")
    return jsonify(
        version=post.version,
        base=post.head.hash,
        revision=post.revision,
        said=_("Saved %(time)s", time=at),
    )


def compare_post(post_id: int) -> Page:
    """What saving the sent text would change of the newest one: mine, theirs, the difference."""
    post = service.get_post(web.me(), post_id)
    mine, theirs = PostForm().draft().normalised(), post.head.draft
    changes = [change for change in diff.drafts(theirs, mine) if change.changed]
    return render_template(
        "stories/_compare.html", post=post, mine=mine, theirs=theirs, changes=changes
    )


def signed_in_again() -> Page:
    """Where a sign-in leads that another tab waits for; and whom a page asks whether it still may save."""
    return render_template("stories/signed_in.html")


def restore_revision(post_id: int) -> Page:
    """Make the text of the revision that the form names the newest one."""
    post = service.get_post(web.me(), post_id)
    number = request.form.get("number", post.revision, type=web.number)
    try:
        copies.restore_revision(web.me(), post, number)
    except (Conflict, Invalid) as refused:
        flash(refused.message, "warning")
        return redirect(url_for(".revisions", post_id=post.id))
    flash(_("Revision %(number)s is the text again.", number=number), "success")
    return desk.back_to(post.story, post)


def duplicate(story_id: int) -> Page:
    story = service.get_story(web.me(), story_id)
    copy = copies.duplicate(web.me(), story)
    flash(_("This is a copy. Its posts are drafts without a time."), "success")
    return redirect(url_for(".show", story_id=copy.id))


def _first_error(form: PostForm) -> str:
    return next((str(error) for errors in form.errors.values() for error in errors), "")
