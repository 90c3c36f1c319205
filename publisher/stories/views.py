"""The desk where a story is written, and the categories. Lists are in `listing.py`, the rest beside it."""

from __future__ import annotations

from typing import Any

from babel.dates import format_date, format_timedelta
from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import get_locale, ngettext
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from publisher import clock, web
from publisher.deliveries import recall
from publisher.errors import Conflict, Invalid, Stale
from publisher.media import service as media
from publisher.people.rules import Role
from publisher.refresh import fragment
from publisher.stories import (
    activity,
    approvals,
    beginnings,
    categories,
    choosing,
    comments,
    conflicts,
    desk,
    drafting,
    leaving,
    listing,
    posts,
    queries,
    review,
    reviewing,
    ruling,
    sections,
    service,
    shelving,
    talking,
    undoing,
)
from publisher.stories.forms import (
    CategoryForm,
    StoryForm,
    blame,
)

Page = str | Response | tuple[str, int]

blueprint = Blueprint("stories", __name__)
web.count_in_navigation(blueprint, "stories.review", queries.waiting_count)
activity.add_to(blueprint)
listing.add_to(blueprint)
beginnings.add_to(blueprint)
posts.add_to(blueprint)
choosing.add_to(blueprint)
drafting.add_to(blueprint)
reviewing.add_to(blueprint)
talking.add_to(blueprint)
ruling.add_to(blueprint)
leaving.add_to(blueprint)
undoing.add_to(blueprint)
sections.add_to(blueprint)

ACCESS: dict[str, str] = {
    "show": Role.VIEWER,
    "statuses": Role.VIEWER,
    "change": Role.AUTHOR,
    "submit_story": Role.AUTHOR,
    "archive": Role.AUTHOR,
    "restore": Role.AUTHOR,
    "categories_page": Role.EDITOR,
    **activity.ACCESS,
    **listing.ACCESS,
    **beginnings.ACCESS,
    **posts.ACCESS,
    **choosing.ACCESS,
    **drafting.ACCESS,
    **reviewing.ACCESS,
    **talking.ACCESS,
    **ruling.ACCESS,
    **leaving.ACCESS,
    **undoing.ACCESS,
    **sections.ACCESS,
}


@blueprint.context_processor
def words_and_pictures() -> dict[str, Any]:
    """What the templates of stories use besides their own values."""
    return {
        "picture": media.url,
        "pictured": lambda ids: {each.id: each for each in media.by_ids(ids)},
        "standing_of": approvals.standing,
        "lost_of": comments.lost,
        "readers_of": comments.readers,
        "recallable": recall.recallable,
        "day": lambda day: format_date(day, "long", locale=get_locale()),
        "lasted": lambda since: format_timedelta(clock.now() - since, locale=get_locale()),
    }


# ---- Categories ----


@blueprint.route("/categories", methods=["GET", "POST"])
def categories_page() -> Page:
    form, status = CategoryForm(), 200
    if form.validate_on_submit():
        try:
            categories.add_category(
                web.me(),
                slug=form.slug.data or "",
                name_ko=form.name_ko.data or "",
                name_en=form.name_en.data or "",
            )
        except Invalid as refused:
            blame(form, refused)
        else:
            flash(_("The category was added."), "success")
            return redirect(url_for(".categories_page"))
    if form.errors:
        status = 422
    page = render_template("stories/categories.html", form=form, categories=categories.categories())
    return page, status


# ---- The story ----


@blueprint.get("/stories/<int:story_id>")
def show(story_id: int) -> Page:
    return desk.page(service.get_story(web.me(), story_id))


@blueprint.get("/stories/<int:story_id>/statuses")
def statuses(story_id: int) -> Page:
    """How far the story and its posts are; the desk asks while somebody writes."""
    story = service.get_story(web.me(), story_id)
    facts = {"posts": queries.live_posts(story), "progress": queries.progress(story)}
    return fragment(render_template("stories/_statuses.html", story=story, **facts))


@blueprint.post("/stories/<int:story_id>")
def change(story_id: int) -> Page:
    me = web.me()
    story = service.get_story(me, story_id)
    form = StoryForm()
    desk.offer(form, story.owner_id)
    if not form.validate():
        return desk.page(story, story_form=form), 422
    try:
        service.update_story(
            me,
            story,
            version=form.version.data or 0,
            deadline=desk.deadline_of(form),
            **form.parts(),
        )
    except Invalid as refused:
        blame(form, refused)
        return desk.page(story, story_form=form), 422
    except Stale as stale:
        page = conflicts.of_story(story, form, stale.values["version"])
        if page:
            return page, stale.status
    flash(_("Saved."), "success")
    return desk.back_to(story)


@blueprint.post("/stories/<int:story_id>/submit")
def submit_story(story_id: int) -> Page:
    story = service.get_story(web.me(), story_id)
    try:
        submitted = review.submit_story(web.me(), story)
    except (Invalid, Conflict) as refused:
        flash(refused.message, "warning")
    else:
        said = ngettext(
            "Submitted for review: %(num)s post.",
            "Submitted for review: %(num)s posts.",
            len(submitted),
        )
        undoing.say_all_submitted(said, story, submitted)
    return desk.back_to(story)


@blueprint.post("/stories/<int:story_id>/archive")
def archive(story_id: int) -> Page:
    story = service.get_story(web.me(), story_id)
    try:
        shelving.archive(web.me(), story)
    except Conflict as refused:
        flash(refused.message, "warning")
    else:
        undoing.say(
            _("“%(title)s” is archived.", title=story.title),
            url_for(".restore", story_id=story.id),
        )
    return web.back(url_for(".show", story_id=story.id))


@blueprint.post("/stories/<int:story_id>/restore")
def restore(story_id: int) -> Page:
    story = service.get_story(web.me(), story_id)
    try:
        shelving.restore(web.me(), story)
    except Conflict as refused:
        flash(refused.message, "warning")
    else:
        said = _("“%(title)s” is back.", title=story.title)
        if story.posts:
            said += " " + _("Its posts are drafts again.")
        undoing.say(said, url_for(".archive", story_id=story.id))
    return web.back(url_for(".show", story_id=story.id))
