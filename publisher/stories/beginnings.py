"""Where stories begin: a new one, from a template or not, handed to who shall write it; and the templates."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from publisher import web
from publisher.accounts import service as accounts
from publisher.errors import Invalid, NotFound
from publisher.people import service as people
from publisher.people.models import User
from publisher.people.queries import writers
from publisher.people.rules import Role, at_least
from publisher.stories import assigning, desk, outlines, service
from publisher.stories.forms import AssignForm, NewStoryForm, blame

Page = str | Response | tuple[str, int]

ACCESS: dict[str, str] = {
    "new": Role.AUTHOR,
    "assign": Role.EDITOR,
    "templates": Role.AUTHOR,
    "keep_template": Role.ADMIN,
    "drop_template": Role.ADMIN,
}


def add_to(blueprint: Blueprint) -> None:
    """Put these pages on the blueprint of stories."""
    blueprint.add_url_rule("/stories/new", view_func=new, methods=["GET", "POST"])
    blueprint.add_url_rule("/stories/templates", view_func=templates)
    for rule, view in (
        ("/stories/<int:story_id>/assign", assign),
        ("/stories/<int:story_id>/template", keep_template),
        ("/stories/templates/<int:outline_id>/remove", drop_template),
    ):
        blueprint.add_url_rule(rule, view_func=view, methods=["POST"])


def new() -> Page:
    me, form = web.me(), NewStoryForm()
    _offer(form, me)
    if request.method == "GET":
        form.language.data = me.language
        form.account_ids.data = [account.id for account in accounts.all_accounts()]
        form.day.process(request.args)
        form.template.data = request.args.get("template", "")
        if form.owner_id:
            form.owner_id.data = me.id
    elif form.validate_on_submit():
        try:
            story = desk.begin(
                me,
                [accounts.get(each) for each in form.account_ids.data or ()],
                day=form.day.data,
                template=form.template.data or "",
                owner=people.get(form.owner_id.data) if form.owner_id else None,
                deadline=desk.deadline_of(form),
                **form.parts(),
            )
        except Invalid as refused:
            blame(form, refused)
        else:
            return redirect(url_for(".show", story_id=story.id))
    about = {each.key: each.about for each in outlines.choices()}
    page = render_template("stories/new.html", form=form, about=about)
    return page, 422 if form.errors else 200


def assign(story_id: int) -> Page:
    """Hand the story to somebody."""
    story = service.get_story(web.me(), story_id)
    form = AssignForm()
    form.offer(writers())
    if not form.validate():
        flash(_("Choose who writes it, and a day for the deadline or none."), "warning")
        return desk.back_to(story)
    try:
        person = people.get(form.owner_id.data)
        by: Any = assigning.KEEP
        if "deadline" in request.form and form.deadline.data != desk.deadline_day(story):
            by = desk.deadline_of(form)
        assigning.hand_to(web.me(), story, person, deadline=by)
    except (Invalid, NotFound) as refused:
        flash(refused.message, "warning")
    else:
        flash(_("%(name)s writes this story now.", name=person.name), "success")
    return desk.back_to(story)


def templates() -> Page:
    built_in = [each for each in outlines.choices() if each.key in outlines.BUILT_IN]
    return render_template(
        "stories/templates.html",
        kept=outlines.kept(),
        own=outlines.OWN,
        built_in=built_in,
        may_change=at_least(web.me().role, Role.ADMIN),
    )


def keep_template(story_id: int) -> Page:
    story = service.get_story(web.me(), story_id)
    try:
        kept = outlines.keep(web.me(), story, request.form.get("name", ""))
    except Invalid as refused:
        flash(refused.message, "warning")
        return desk.back_to(story)
    flash(_("The template “%(name)s” is kept.", name=kept.name), "success")
    return redirect(url_for(".templates"))


def drop_template(outline_id: int) -> Page:
    outline = outlines.get(outline_id)
    name = outline.name
    outlines.drop(web.me(), outline)
    flash(_("The template “%(name)s” is removed.", name=name), "success")
    return redirect(url_for(".templates"))


def _offer(form: NewStoryForm, me: User) -> None:
    """Fill the form's choices; who may not hand stories out is not asked who writes."""
    desk.offer(form, me.id)
    form.offer_accounts(accounts.all_accounts())
    form.offer_templates(outlines.choices())
    if at_least(me.role, Role.EDITOR):
        form.offer_owners(me, writers())
    else:
        del form.owner_id
