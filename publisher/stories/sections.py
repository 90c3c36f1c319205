"""The page of one category: its names, how often it should appear, and merging it into another."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from publisher import web
from publisher.errors import Conflict, Invalid, NotFound
from publisher.people.rules import Role
from publisher.stories import categories, desk
from publisher.stories.forms import CategoryChangeForm, blame
from publisher.stories.models import Category

Page = str | Response | tuple[str, int]

ACCESS: dict[str, str] = {"category": Role.EDITOR, "merge_category": Role.EDITOR}


def add_to(blueprint: Blueprint) -> None:
    """Put this page on the blueprint of stories."""
    blueprint.add_url_rule(
        "/categories/<int:category_id>", view_func=category, methods=["GET", "POST"]
    )
    blueprint.add_url_rule(
        "/categories/<int:category_id>/merge", view_func=merge_category, methods=["POST"]
    )


def category(category_id: int) -> Page:
    found = categories.get_category(category_id)
    form = CategoryChangeForm(obj=found)
    if form.validate_on_submit():
        try:
            categories.change_category(
                web.me(),
                found,
                name_ko=form.name_ko.data or "",
                name_en=form.name_en.data or "",
                rhythm=form.rhythm.data or 0,
                rhythm_unit=form.rhythm_unit.data,
            )
        except Invalid as refused:
            blame(form, refused, "name_ko")
        else:
            flash(_("Saved."), "success")
            return redirect(url_for(".categories_page"))
    return _page(found, form), 422 if form.errors else 200


def merge_category(category_id: int) -> Page:
    found = categories.get_category(category_id)
    try:
        into = categories.get_category(request.form.get("into", 0, type=web.number))
        moved = categories.merge_category(web.me(), found, into)
    except (Conflict, NotFound):
        flash(_("Choose another category to merge it into."), "warning")
        return redirect(url_for(".category", category_id=category_id))
    told = ngettext(
        "The categories are merged: %(num)s story moved.",
        "The categories are merged: %(num)s stories moved.",
        moved,
    )
    flash(told, "success")
    return redirect(url_for(".categories_page"))


def _page(found: Category, form: CategoryChangeForm) -> str:
    others = [each for each in categories.categories() if each.id != found.id]
    return render_template(
        "stories/category.html",
        category=found,
        form=form,
        others=[(each.id, each.name(desk.language())) for each in others],
        name=found.name(desk.language()),
    )
