"""The sections of the editorial programme."""

from __future__ import annotations

import re
from collections.abc import Sequence

from flask_babel import gettext as _
from sqlalchemy import func, select, update

from publisher.blog import service as blog
from publisher.errors import Conflict, Invalid, NotAllowed, NotFound
from publisher.extensions import db
from publisher.people import audit
from publisher.people.models import User
from publisher.people.rules import Role, at_least
from publisher.storage import writing
from publisher.stories import filtering, rules
from publisher.stories.models import ApprovalRule, Category, FormerCategory, Outline, Story

WEEK, MONTH = UNITS = ("week", "month")
MOST_OFTEN = 99


def categories() -> Sequence[Category]:
    """All categories, by their Korean name."""
    return db.session.scalars(select(Category).order_by(Category.name_ko)).all()


def get_category(category_id: int) -> Category:
    """That category. Raises NotFound."""
    found = db.session.get(Category, category_id)
    if found is None:
        raise NotFound(_("There is no such category."))
    return found


def standing_for(slug: str) -> Category | None:
    """The category into which the one of that address was merged."""
    former = db.session.get(FormerCategory, slug)
    return get_category(former.category_id) if former else None


def former() -> dict[str, Category]:
    """The addresses of all categories that were merged, and what stands for them."""
    rows = db.session.execute(
        select(FormerCategory.slug, Category).join(
            Category, Category.id == FormerCategory.category_id
        )
    )
    return {row.slug: row.Category for row in rows}


def add_category(actor: User | None, *, slug: str, name_ko: str, name_en: str) -> Category:
    """A new section. Editors only; raises Invalid when a name is empty or the slug is taken."""
    with writing() as session:
        _editors_only(actor)
        slug = slug.strip().lower()
        if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug) or len(slug) > 80:
            wrong = _("Use lower case letters, digits and hyphens, such as how-to.")
            raise Invalid(wrong, fields={"slug": wrong})
        if session.scalar(select(Category).where(Category.slug == slug)) or standing_for(slug):
            taken = _("There is a category with this address already.")
            raise Invalid(taken, fields={"slug": taken})
        category = Category(slug=slug, **_names(name_ko, name_en))
        session.add(category)
        session.flush()
        audit.record(actor, "create", "category", category.id, slug=slug)
    return category


def change_category(
    actor: User | None,
    category: Category,
    *,
    name_ko: str,
    name_en: str,
    rhythm: int = 0,
    rhythm_unit: str = WEEK,
) -> None:
    """Other names, and how many of its posts should go out in a week or a month (0: no matter). Its address
    stays, as readers of the blog know it. Raises Invalid naming the wrong field."""
    with writing() as session:
        _editors_only(actor)
        if not 0 <= rhythm <= MOST_OFTEN or rhythm_unit not in UNITS:
            wrong = _("Choose a number from 0 to %(most)s.", most=MOST_OFTEN)
            raise Invalid(wrong, fields={"rhythm": wrong})
        session.refresh(category, with_for_update=True)
        wanted = {**_names(name_ko, name_en), "rhythm": rhythm, "rhythm_unit": rhythm_unit}
        if all(getattr(category, name) == value for name, value in wanted.items()):
            return
        for name, value in wanted.items():
            setattr(category, name, value)
        audit.record(
            actor, "category.changed", "category", category.id, note=category.name_ko, count=rhythm
        )


def merge_category(actor: User | None, category: Category, into: Category) -> int:
    """Make `into` of one category: stories, templates, rules of approval, kept filters and the blog's
    articles follow, and its address means `into` from now on. Answers how many stories moved. Raises
    Conflict for itself."""
    with writing() as session:
        _editors_only(actor)
        if category.id == into.id:
            raise Conflict(_("Choose another category to merge it into."))
        for each in sorted((category, into), key=lambda one: one.id):
            session.refresh(each, with_for_update=True)
        stories = session.scalar(
            select(func.count(Story.id)).where(Story.category_id == category.id)
        )
        for table in (Story, Outline, ApprovalRule, FormerCategory):
            named = update(table).where(table.category_id == category.id)
            session.execute(named.values(category_id=into.id))
        for page, old, new in (
            (filtering.STORIES, str(category.id), str(into.id)),
            (filtering.CALENDAR, category.slug, into.slug),
        ):
            filtering.rename_value(page, "category", old, new)
        blog.file_under(category.slug, into.slug)
        session.add(FormerCategory(slug=category.slug, category_id=into.id))
        audit.record(
            actor, "category.merged", "category", into.id, note=into.name_ko, name=category.name_ko
        )
        session.delete(category)
    return stories or 0


def _names(name_ko: str, name_en: str) -> dict[str, str]:
    names = {"name_ko": rules.clean(name_ko).strip(), "name_en": rules.clean(name_en).strip()}
    for field, name in names.items():
        if not 0 < len(name) <= 80:
            wrong = _("Write a name of at most 80 characters in both languages.")
            raise Invalid(wrong, fields={field: wrong})
    return names


def _editors_only(actor: User | None) -> None:
    if actor and not at_least(actor.role, Role.EDITOR):
        raise NotAllowed(_("Only editors change categories."))
