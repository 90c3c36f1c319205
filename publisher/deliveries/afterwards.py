"""Pages of what comes after publishing: take down, publish again, and what has not come true yet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from channels import channel_class
from publisher import clock
from publisher.accounts.platform_words import said
from publisher.calendar import planning
from publisher.deliveries import again, corrections, patch, service
from publisher.deliveries.forms import AgainForm, TakeDownForm
from publisher.deliveries.models import Correction
from publisher.deliveries.rules import PUBLISHED
from publisher.errors import Conflict, DomainError, Invalid
from publisher.people.models import User
from publisher.people.rules import Role
from publisher.stories import links, queries
from publisher.stories import service as stories
from publisher.stories.forms import question
from publisher.stories.models import Post
from publisher.web import back, me
from publisher.zones import ZoneProblem

Page = str | Response | tuple[str, int]

ACCESS: dict[str, str] = {
    "take_down": Role.EDITOR,
    "publish_again": Role.EDITOR,
    "try_again": Role.EDITOR,
    "done_by_hand": Role.EDITOR,
}


@dataclass(frozen=True, slots=True)
class Afterwards:
    """What can be said of a post that has been on its way: is it out, what of it can be corrected in its
    place, what was wanted of its newest run last, and may it go out again? `unsent` counts a thread's missing
    parts."""

    is_out: bool
    partly_out: bool
    corrects: frozenset[str]
    channel: str
    wish: Correction | None
    may_go_again: bool
    unsent: int


def add_to(blueprint: Blueprint) -> None:
    """Put these pages on the blueprint of deliveries, and what they say within reach of every template."""
    post = "/posts/<int:post_id>"
    for rule, view in (
        (f"{post}/take-down", take_down),
        (f"{post}/publish-again", publish_again),
    ):
        blueprint.add_url_rule(rule, view_func=view, methods=["GET", "POST"])
    wish = "/corrections/<int:correction_id>"
    for rule, verb in ((f"{wish}/try-again", try_again), (f"{wish}/by-hand", done_by_hand)):
        blueprint.add_url_rule(rule, view_func=verb, methods=["POST"])
    blueprint.app_context_processor(lambda: {"afterwards": afterwards, "obstacle": obstacle})


def afterwards(post: Post) -> Afterwards | None:
    """What is to be said of `post` after it went out; None for one that never was on its way."""
    if post.delivery_status is None:
        return None
    run = service.of_post(post)
    wished = [wish for wish in patch.of_post(post) if wish.run == run[0].run]
    out = sum(delivery.status == PUBLISHED for delivery in run)
    channel = channel_class(post.account.kind)
    return Afterwards(
        is_out=out == len(run),
        partly_out=0 < out < len(run),
        corrects=channel.limits.corrects,
        channel=channel.label,
        wish=wished[0] if wished else None,
        may_go_again=again.may_go_again(post),
        unsent=len(run) - out,
    )


def obstacle(correction: Correction) -> str:
    """What kept a wish from coming true last, in plain words."""
    ours = patch.PROBLEMS.get(correction.problem)
    return str(ours) if ours else said(correction.problem)


def take_down(post_id: int) -> Page:
    post = stories.get_post(me(), post_id)
    form, status = TakeDownForm(), 200
    if form.validate_on_submit():
        try:
            corrections.take_down(me(), post, form.reason.data or "")
        except (Invalid, Conflict) as refused:
            form.reason.errors = [*form.reason.errors, refused.message]
            status = refused.status
        else:
            flash(
                _("It is being taken down from %(account)s.", account=post.account.label), "success"
            )
            return redirect(url_for("deliveries.post", post_id=post.id))
    elif form.errors:
        status = 422
    page = render_template(
        "deliveries/take_down.html",
        post=post,
        form=form,
        after=afterwards(post),
        linking=_linking(post),
    )
    return page, status


def publish_again(post_id: int) -> Page:
    post = stories.get_post(me(), post_id)
    form, problem, status, closed = AgainForm(), None, 200, False
    form.offer(me().timezone, post.planned_zone)
    if form.validate_on_submit():
        try:
            at = form.resolve()
            confirmed = "on_closed_day" in request.form
            planning.require_confirmed([at or clock.now()], confirmed=confirmed, here=True)
            again.publish_again(me(), post, at, form.zone.data if at else "")
        except ZoneProblem as found:
            problem, status = found, 422
        except (Invalid, Conflict) as refused:
            form.date.errors = [*form.date.errors, refused.message]
            status, closed = (
                refused.status,
                refused.code == "blackout" or "on_closed_day" in request.form,
            )
        else:
            flash(_("It is on the calendar again."), "success")
            return redirect(url_for("deliveries.post", post_id=post.id))
    elif form.errors:
        status = 422
    page = render_template(
        "deliveries/publish_again.html",
        post=post,
        form=form,
        after=afterwards(post),
        closed=closed,
        choices=problem.choices if problem else (),
        asked=question(problem) if problem else "",
    )
    return page, status


def try_again(correction_id: int) -> Page:
    return _acted(correction_id, corrections.try_again, _("It is tried once more now."))


def done_by_hand(correction_id: int) -> Page:
    return _acted(correction_id, corrections.done_by_hand, _("Thank you. It is settled."))


def _acted(correction_id: int, verb: Callable[[User, Correction], None], done: str) -> Response:
    correction = corrections.get(me(), correction_id)
    post_id = correction.post_id
    try:
        verb(me(), correction)
    except DomainError as refused:
        flash(refused.message, "danger")
    else:
        flash(done, "success")
    return back(url_for("deliveries.post", post_id=post_id))


def _linking(post: Post) -> list[Post]:
    """The posts of the story that are out and whose own words link to this one: those keep a dead address."""
    names = {f"link:{post.account.slug}", *(["blog"] if post.account.kind == "blog" else [])}
    return [
        other
        for other in queries.live_posts(post.story)
        if other.id != post.id
        and other.url
        and names & set(links.references(other.head.text, other.head.link))
    ]
