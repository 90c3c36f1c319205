"""Pages of a post's way out: what happened, what happens next, and the one right button."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, flash, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from publisher.accounts import service as accounts
from publisher.accounts.platform_words import said
from publisher.deliveries import afterwards, corrections, preflight, service, settle, sweep
from publisher.deliveries import attention as waiting
from publisher.deliveries.forms import VerdictForm
from publisher.deliveries.models import Delivery
from publisher.errors import DomainError
from publisher.people.models import User
from publisher.people.rules import Role
from publisher.refresh import fragment
from publisher.stories import service as stories
from publisher.stories.models import Post
from publisher.web import back, count_in_navigation, is_signed_in, me

Page = str | Response | tuple[str, int]

blueprint = Blueprint("deliveries", __name__)
afterwards.add_to(blueprint)

ACCESS = {
    "attention": Role.EDITOR,
    "attention_part": Role.EDITOR,
    "post": Role.AUTHOR,
    "progress": Role.AUTHOR,
    "cancel": Role.EDITOR,
    "publish_now": Role.EDITOR,
    "settle_by_hand": Role.EDITOR,
    "work_again": Role.EDITOR,
    "let_go": Role.EDITOR,
    **afterwards.ACCESS,
}


count_in_navigation(blueprint, "deliveries.attention", waiting.count)


@blueprint.app_context_processor
def _degraded_banner() -> dict[str, object]:
    """Every page of the app says so while posts go out without the queue."""
    return {"degraded": is_signed_in() and sweep.dispatcher_is_inline()}


@blueprint.get("/attention")
def attention() -> Page:
    return render_template("deliveries/attention.html", **_troubles())


@blueprint.get("/attention/part")
def attention_part() -> Page:
    """What of the page changes by itself."""
    return fragment(render_template("deliveries/_attention.html", **_troubles()))


def _troubles() -> dict[str, object]:
    return {
        "deliveries": waiting.needing_attention(),
        "wishes": corrections.troubled(),
        "foreseen": waiting.foreseen(),
        "accounts": waiting.troubled_accounts(),
        "holds": accounts.holds(),
        "stuck": waiting.given_up(),
        "concerns_of": preflight.concerns_of,
        "sentence": sentence,
        "form": VerdictForm(),
    }


@blueprint.get("/posts/<int:post_id>/deliveries")
def post(post_id: int) -> Page:
    return render_template("deliveries/post.html", **_facts(post_id))


@blueprint.get("/posts/<int:post_id>/deliveries/progress")
def progress(post_id: int) -> Page:
    """The part of the page that changes by itself; a script asks for it every few seconds."""
    return fragment(render_template("deliveries/_progress.html", **_facts(post_id)))


def _facts(post_id: int, form: VerdictForm | None = None) -> dict[str, object]:
    found = stories.get_post(me(), post_id)
    return {
        "post": found,
        "deliveries": service.of_post(found),
        "earlier": service.earlier(found),
        "concerns_of": preflight.concerns_of,
        "sentence": sentence,
        "form": form or VerdictForm(),
    }


def sentence(delivery: Delivery) -> str:
    """Why this delivery is where it is, in plain words: the platform's own, or ours."""
    ours = settle.PROBLEMS.get(delivery.problem_code)
    return str(ours) if ours else said(delivery.problem)


@blueprint.post("/posts/<int:post_id>/cancel")
def cancel(post_id: int) -> Page:
    return _acted(post_id, service.cancel, _("Cancelled. The text and its approval are kept."))


@blueprint.post("/posts/<int:post_id>/publish-now")
def publish_now(post_id: int) -> Page:
    return _acted(post_id, service.publish_now, _("It goes out now."))


def _acted(post_id: int, verb: Callable[[User, Post], object], done: str) -> Response:
    try:
        verb(me(), stories.get_post(me(), post_id))
    except DomainError as error:
        flash(error.message, "danger")
    else:
        flash(done, "success")
    return back(url_for("deliveries.post", post_id=post_id))


@blueprint.post("/deliveries/<int:delivery_id>/settle")
def settle_by_hand(delivery_id: int) -> Page:
    form = VerdictForm()
    delivery = service.get(me(), delivery_id)
    post_id = delivery.post_id
    try:
        service.settle_by_hand(me(), delivery, form.verdict.data or "", form.url.data or "")
    except DomainError as error:
        form.about, form.refusal = delivery_id, error.message
        return render_template("deliveries/post.html", **_facts(post_id, form)), error.status
    flash(_("Thank you. It is settled."), "success")
    return back(url_for("deliveries.post", post_id=post_id))


@blueprint.post("/background/<int:effect_id>/again")
def work_again(effect_id: int) -> Page:
    waiting.work_again(me(), effect_id)
    flash(_("It is tried again now."), "success")
    return back(url_for("deliveries.attention"))


@blueprint.post("/background/<int:effect_id>/let-go")
def let_go(effect_id: int) -> Page:
    waiting.let_go(me(), effect_id)
    flash(_("It is not tried any more."), "success")
    return back(url_for("deliveries.attention"))
