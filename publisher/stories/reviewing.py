"""The pages where editors decide: the queue, one post at a time, and the story as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from channels import channel_class
from publisher import web
from publisher.calendar import planning
from publisher.deliveries import corrections, forecast, lateness
from publisher.deliveries import service as deliveries
from publisher.errors import Conflict, Invalid, NotAllowed, Stale
from publisher.people.models import User
from publisher.people.rules import Role
from publisher.refresh import fragment
from publisher.storage import writing
from publisher.stories import (
    approvals,
    comments,
    comparing,
    conflicts,
    contents,
    diff,
    gauges,
    passages,
    queries,
    review,
    service,
    taking,
    talking,
    undoing,
    waiting,
)
from publisher.stories.forms import ApproveForm, SaidForm, blame, question
from publisher.stories.models import Comment, Post
from publisher.stories.review_forms import RequestForm, TouchUpForm
from publisher.stories.rules import APPROVED, IN_REVIEW, Draft
from publisher.zones import ZoneProblem

Page = str | Response | tuple[str, int]

ACCESS: dict[str, str] = {
    "review": Role.EDITOR,
    "review_part": Role.EDITOR,
    "review_post": Role.EDITOR,
    "approve": Role.EDITOR,
    "touch_up": Role.EDITOR,
    "request_changes": Role.EDITOR,
    "comment_on_post": Role.EDITOR,
    "take": Role.EDITOR,
    "give_back": Role.EDITOR,
    "approve_story": Role.EDITOR,
}


def add_to(blueprint: Blueprint) -> None:
    """Put these pages on the blueprint of stories."""
    blueprint.add_url_rule("/review", "review", queue)
    blueprint.add_url_rule("/review/part", "review_part", queue_part)
    blueprint.add_url_rule("/review/<int:post_id>", view_func=review_post)
    post = "/posts/<int:post_id>"
    for rule, view in (
        (f"{post}/approve", approve),
        (f"{post}/touch-up", touch_up),
        (f"{post}/request-changes", request_changes),
        (f"{post}/comments", comment_on_post),
        (f"{post}/take", take),
        (f"{post}/give-back", give_back),
        ("/stories/<int:story_id>/approve", approve_story),
    ):
        blueprint.add_url_rule(rule, view_func=view, methods=["POST"])


# ---- Verb ----


def touch_up_and_approve(
    actor: User, post: Post, draft: Draft, *, version: int, base: str | None, decide: bool = True
) -> None:
    """Put one's own hand on a post in review, and approve it in the same breath where the installation lets
    one decide on one's own words, or on what one only touched up; else, or not to `decide`, it is only saved.

    Raises what `review.touch_up` and `deliveries.approve` raise; then nothing is changed.
    """
    with writing():
        review.touch_up(actor, post, draft, version=version, base=base)
        if decide and review.approves_touch_up(actor, post):
            deliveries.approve(actor, post, post.revision)


def queue() -> Page:
    return render_template("stories/review.html", **_queue())


def queue_part() -> Response:
    """What of the queue changes by itself."""
    return fragment(render_template("stories/_queue.html", **_queue()))


def _queue() -> dict[str, Any]:
    everything = waiting.waiting(web.me())
    who = request.args.get("who", "")
    shown = waiting.chosen(everything, who, web.me())
    start = next((each for each in shown if each.open), shown[0] if shown else None)
    return {
        "queue": shown,
        "total": len(everything),
        "loads": waiting.loads(everything),
        "mine": sum(each.mine or each.stands_in for each in everything),
        "who": who,
        "start": start,
    }


def review_post(post_id: int) -> Page:
    return _page(service.get_post(web.me(), post_id))


def approve(post_id: int) -> Page:
    me = web.me()
    post = service.get_post(me, post_id)
    form = ApproveForm()
    form.offer(post.planned_zone, me.timezone)
    form.offer_late(post.grace_s)
    if not form.validate():
        return _page(post, form=form), 422
    ahead = waiting.after(waiting.waiting(me), post)
    try:
        at = _typed_time(form, post)
        _require_open_day(post, at)
        with writing():
            lateness.allow(me, post, form.grace_s)
            deliveries.approve(me, post, form.revision.data or 0, at, form.zone.data if at else "")
    except ZoneProblem as problem:
        return _page(post, form=form, problem=problem), 422
    except Stale as stale:
        flash(stale.message, "warning")
        return redirect(url_for(".review_post", post_id=post.id))
    except (Invalid, Conflict, NotAllowed) as refused:
        form.date.errors = [*form.date.errors, refused.message]
        return _page(post, form=form, closed=refused.code == "blackout"), refused.status
    _say_approved(post)
    return _next(ahead)


def touch_up(post_id: int) -> Page:
    """Save an editor's own edit, and approve it where that is theirs to do."""
    me = web.me()
    post = service.get_post(me, post_id)
    form = TouchUpForm()
    if not form.validate():
        return _page(post, touch_form=form), 422
    ahead, revision = waiting.after(waiting.waiting(me), post), post.revision
    decide = not form.only_save.data
    try:
        if decide and review.approves_touch_up(me, post):
            _require_open_day(post, None)
        touch_up_and_approve(me, post, form.draft(post.head.draft), **form.read, decide=decide)
    except Stale as stale:
        return conflicts.of_touch_up(post, stale, form), stale.status
    except (Invalid, Conflict, NotAllowed) as refused:
        blame(form, refused, fallback="text")
        return _page(post, touch_form=form), refused.status
    if post.status == APPROVED:
        _say_approved(post)
    elif post.revision == revision:
        flash(_("Nothing was changed."), "info")
        return redirect(url_for(".review_post", post_id=post.id))
    elif not decide:
        flash(_("Saved, not approved: read the post as it stands now, then decide."), "success")
        return redirect(url_for(".review_post", post_id=post.id))
    else:
        flash(_("Saved. Another editor has to approve it, since you wrote part of it."), "success")
    return _next(ahead)


def request_changes(post_id: int) -> Page:
    me = web.me()
    post = service.get_post(me, post_id)
    form = RequestForm()
    if not form.validate():
        return _page(post, request_form=form), 422
    ahead = waiting.after(waiting.waiting(me), post)
    try:
        review.request_changes(me, post, form.reason.data or "")
    except Conflict as refused:
        form.reason.errors = [*form.reason.errors, refused.message]
        return _page(post, request_form=form), refused.status
    flash(_("Sent back with your reason: “%(title)s” for %(account)s.", **_names(post)), "success")
    return _next(ahead)


def comment_on_post(post_id: int) -> Page:
    """Say something about the post, or about the words that were marked in it."""
    me = web.me()
    post = service.get_post(me, post_id)
    form = SaidForm()
    if not form.validate():
        return _page(post, said_form=form), 422
    quote = form.quote.data or ""
    try:
        said = comments.comment(
            me, post.story, form.text.data or "", post, quote=quote, near=form.near
        )
    except Invalid as refused:
        blame(form, refused, fallback="text")
        return _page(post, said_form=form), refused.status
    talking.tell_who_was_not_told(said)
    return redirect(url_for(".review_post", post_id=post.id, _anchor=f"comment-{said.id}"))


def take(post_id: int) -> Page:
    post = service.get_post(web.me(), post_id)
    try:
        taking.take(web.me(), post)
    except Conflict as refused:
        flash(refused.message, "warning")
    return web.back(url_for(".review_post", post_id=post.id))


def give_back(post_id: int) -> Page:
    post = service.get_post(web.me(), post_id)
    taking.give_back(web.me(), post)
    return web.back(url_for(".review_post", post_id=post.id))


def approve_story(story_id: int) -> Page:
    """Approve every post of the story that is in review, each in the revision that the page showed."""
    me = web.me()
    story = service.get_story(me, story_id)
    others = approvals.left_to_others(me, story.posts)
    shown = {
        post.id: request.form.get(f"revision-{post.id}", 0, type=web.number)
        for post in story.posts
        if f"revision-{post.id}" in request.form and post.id not in others
    }
    try:
        if not shown:
            raise Conflict(_("No post of this story is in review."))
        for post in story.posts:
            if post.id in shown:
                _require_open_day(post, None)
        approved = deliveries.approve_story(me, story, shown)
    except (Stale, Conflict, Invalid, NotAllowed) as refused:
        flash(refused.message, "warning")
    else:
        _say_all(approved)
    return web.back(url_for(".show", story_id=story.id))


def _say_all(posts: Sequence[Post]) -> None:
    """What goes on the calendar now, and what somebody else has to approve, too."""
    complete = [post for post in posts if post.status == APPROVED]
    if complete:
        said = ngettext("Approved: %(num)s post.", "Approved: %(num)s posts.", len(complete))
        undoing.say_all_approved(said, complete[0].story, complete)
    left = [post.account.label for post in posts if post.status != APPROVED]
    if left:
        accounts = ", ".join(left)
        flash(
            _("Somebody else has to approve these, too: %(accounts)s.", accounts=accounts), "info"
        )


# ---- What the page of a post shows ----


def _page(
    post: Post,
    *,
    form: ApproveForm | None = None,
    request_form: RequestForm | None = None,
    touch_form: TouchUpForm | None = None,
    said_form: SaidForm | None = None,
    problem: ZoneProblem | None = None,
    closed: bool = False,
) -> str:
    me = web.me()
    if form is None:
        form = ApproveForm(formdata=None)
        form.revision.data = post.revision
        form.show(post.planned_wall)
        form.offer(post.planned_zone, me.timezone)
        form.offer_late(post.grace_s)
    if touch_form is None:
        touch_form = TouchUpForm(formdata=None)
        touch_form.show(post)
    said = [each for each in queries.comments(post.story) if each.post_id in {None, post.id}]
    return render_template(
        "stories/review_post.html",
        post=post,
        form=form,
        request_form=request_form or RequestForm(formdata=None),
        touch_form=touch_form,
        said_form=said_form or SaidForm(formdata=None),
        choices=problem.choices if problem else (),
        asked=question(problem) if problem else "",
        closed=closed,
        gauge=gauges.measured(post, post.head.draft),
        forecast=forecast.of_story(post.story),
        comments=said,
        lost=comments.lost(said),
        still_open=sum(each.resolved_at is None for each in said),
        readers=[each for each in comments.readers(post.story) if each.id != me.id],
        decides=review.may_decide(me, post),
        approves_own=review.approves_touch_up(me, post),
        others=review.others_who_decide(me, post),
        standing=approvals.standing(post),
        history=approvals.history(post),
        in_review=post.status == IN_REVIEW,
        taken_by=waiting.holder(post),
        limits=channel_class(post.account.kind).limits,
        takes_link=contents.takes_link(post),
        siblings=[each for each in queries.live_posts(post.story) if each.id != post.id],
        **_place(post),
        **_difference(post, said),
    )


def _place(post: Post) -> dict[str, object]:
    """Where the post stands in the queue, and the ids of its neighbours there."""
    line = queries.review_line()
    if post.id not in line:
        return {"position": None, "previous": None, "following": None}
    at = line.index(post.id)
    return {
        "position": (at + 1, len(line)),
        "previous": line[at - 1] if at else None,
        "following": line[at + 1] if at + 1 < len(line) else None,
    }


def _difference(post: Post, said: Sequence[Comment]) -> dict[str, object]:
    """What stands now against what it is compared with, and which comment speaks of which words."""
    bases = comparing.bases(post)
    wanted = request.args.get("since", "")
    base = next((each for each in bases if each.why == wanted), bases[0] if bases else None)
    base = None if wanted == "nothing" else base
    head = post.head.draft
    changes = diff.drafts(base.revision.draft if base else head, head)
    text = next(change for change in changes if change.field == "text")
    return {
        "bases": bases,
        "base": base,
        "changes": [change for change in changes if change.field != "text"],
        "text_changed": text.changed,
        "pieces": passages.marked(text.spans, comments.anchored(post, said)),
    }


def _typed_time(form: ApproveForm, post: Post) -> datetime | None:
    """The time that was typed; None where it is the planned one, or none at all."""
    if (form.wall, form.zone.data) == (post.planned_wall, post.planned_zone):
        return None
    return form.resolve()


def _require_open_day(post: Post, at: datetime | None) -> None:
    """Raise Conflict (code `blackout`) when approval would send the post on a blackout date, unconfirmed."""
    if not corrections.is_out(post):
        confirmed = "on_closed_day" in request.form
        planning.require_confirmed([at or post.planned_at], confirmed=confirmed)


def _say_approved(post: Post) -> None:
    said = _("Approved: “%(title)s” for %(account)s.", **_names(post))
    if post.status != APPROVED:
        said = ngettext(
            "Your approval counts. %(num)s more is needed: “%(title)s” for %(account)s.",
            "Your approval counts. %(num)s more are needed: “%(title)s” for %(account)s.",
            approvals.standing(post).missing,
            **_names(post),
        )
    undoing.say_approved(said, post, web.safe_path(request.form.get("next", "")))


def _next(ahead: Sequence[int]) -> Response:
    """After a decision: back to the desk if it was made there, else the next post that waits for this editor.
    `ahead` are the candidates, as they were before; meanwhile others decide, too."""
    wanted = web.safe_path(request.form.get("next", ""))
    if wanted:
        return redirect(wanted)
    following = waiting.still_waiting(ahead)
    if following is not None:
        return redirect(url_for(".review_post", post_id=following))
    return redirect(url_for(".review"))


def _names(post: Post) -> dict[str, str]:
    return {"title": post.story.title, "account": post.account.label}
