"""The pages where editors decide: the queue, one post at a time, and the story as a whole."""

from __future__ import annotations

from datetime import datetime

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from publisher import web
from publisher.deliveries import service as deliveries
from publisher.errors import Conflict, Invalid, NotAllowed, Stale
from publisher.people.rules import Role
from publisher.stories import diff, gauges, queries, review, service
from publisher.stories.forms import ApproveForm, RequestForm, question
from publisher.stories.models import Post
from publisher.stories.rules import IN_REVIEW, Draft
from publisher.zones import ZoneProblem

Page = str | Response | tuple[str, int]

ACCESS: dict[str, str] = {
    "review": Role.EDITOR,
    "review_post": Role.EDITOR,
    "approve": Role.EDITOR,
    "request_changes": Role.EDITOR,
    "approve_story": Role.EDITOR,
}


def add_to(blueprint: Blueprint) -> None:
    """Put these pages on the blueprint of stories."""
    blueprint.add_url_rule("/review", "review", queue)
    blueprint.add_url_rule("/review/<int:post_id>", view_func=review_post)
    blueprint.add_url_rule("/posts/<int:post_id>/approve", view_func=approve, methods=["POST"])
    blueprint.add_url_rule(
        "/posts/<int:post_id>/request-changes", view_func=request_changes, methods=["POST"]
    )
    blueprint.add_url_rule(
        "/stories/<int:story_id>/approve", view_func=approve_story, methods=["POST"]
    )


def queue() -> Page:
    return render_template(
        "stories/review.html",
        posts=queries.review_queue(),
        may_decide=review.may_decide,
        me=web.me(),
    )


def review_post(post_id: int) -> Page:
    return _page(service.get_post(web.me(), post_id))


def approve(post_id: int) -> Page:
    me = web.me()
    post = service.get_post(me, post_id)
    form = ApproveForm()
    form.offer(post.planned_zone, me.timezone)
    if not form.validate():
        return _page(post, form=form), 422
    try:
        at = _typed_time(form, post)
        deliveries.approve(me, post, form.revision.data or 0, at, form.zone.data if at else "")
    except ZoneProblem as problem:
        return _page(post, form=form, problem=problem), 422
    except Stale as stale:
        flash(stale.message, "warning")
        return redirect(url_for(".review_post", post_id=post.id))
    except (Invalid, Conflict, NotAllowed) as refused:
        form.date.errors = [*form.date.errors, refused.message]
        return _page(post, form=form), refused.status
    flash(_("Approved: “%(title)s” for %(account)s.", **_names(post)), "success")
    return _next(post)


def request_changes(post_id: int) -> Page:
    me = web.me()
    post = service.get_post(me, post_id)
    form = RequestForm()
    if not form.validate():
        return _page(post, request_form=form), 422
    try:
        review.request_changes(me, post, form.reason.data or "")
    except Conflict as refused:
        form.reason.errors = [*form.reason.errors, refused.message]
        return _page(post, request_form=form), refused.status
    flash(_("Sent back with your reason: “%(title)s” for %(account)s.", **_names(post)), "success")
    return _next(post)


def approve_story(story_id: int) -> Page:
    """Approve every post of the story that is in review, each in the revision that the page showed."""
    me = web.me()
    story = service.get_story(me, story_id)
    shown = {
        post.id: request.form.get(f"revision-{post.id}", 0, type=web.number)
        for post in story.posts
        if f"revision-{post.id}" in request.form
    }
    try:
        if not shown:
            raise Conflict(_("No post of this story is in review."))
        approved = deliveries.approve_story(me, story, shown)
    except (Stale, Conflict, Invalid, NotAllowed) as refused:
        flash(refused.message, "warning")
    else:
        flash(_("Approved: %(count)s posts.", count=len(approved)), "success")
    return web.back(url_for(".show", story_id=story.id))


def _page(
    post: Post,
    *,
    form: ApproveForm | None = None,
    request_form: RequestForm | None = None,
    problem: ZoneProblem | None = None,
) -> str:
    me = web.me()
    if form is None:
        form = ApproveForm(formdata=None)
        form.revision.data = post.revision
        form.show(post.planned_wall)
        form.offer(post.planned_zone, me.timezone)
    waiting = list(queries.review_queue())
    at = next((index for index, each in enumerate(waiting) if each.id == post.id), None)
    before = review.last_approved(post)
    return render_template(
        "stories/review_post.html",
        post=post,
        form=form,
        request_form=request_form or RequestForm(formdata=None),
        choices=problem.choices if problem else (),
        asked=question(problem) if problem else "",
        before=before,
        changes=diff.drafts(before.draft if before else Draft(), post.head.draft),
        gauge=gauges.measured(post, post.head.draft),
        comments=[said for said in queries.comments(post.story) if said.post_id in {None, post.id}],
        decides=review.may_decide(me, post),
        in_review=post.status == IN_REVIEW,
        previous=waiting[at - 1] if at else None,
        following=waiting[at + 1] if at is not None and at + 1 < len(waiting) else None,
        position=(at + 1, len(waiting)) if at is not None else None,
        siblings=[each for each in queries.live_posts(post.story) if each.id != post.id],
    )


def _typed_time(form: ApproveForm, post: Post) -> datetime | None:
    """The time that was typed; None where it is the planned one, or none at all."""
    if (form.wall, form.zone.data) == (post.planned_wall, post.planned_zone):
        return None
    return form.resolve()


def _next(post: Post) -> Response:
    """After a decision: back to the desk if it was made there, else the next post that waits."""
    wanted = web.safe_path(request.form.get("next", ""))
    if wanted:
        return redirect(wanted)
    waiting = queries.review_queue()
    if waiting:
        return redirect(url_for(".review_post", post_id=waiting[0].id))
    return redirect(url_for(".review"))


def _names(post: Post) -> dict[str, str]:
    return {"title": post.story.title, "account": post.account.label}
