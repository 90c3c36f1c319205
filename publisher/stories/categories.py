"""The sections of the editorial programme."""

from __future__ import annotations

import re
from collections.abc import Sequence

from flask_babel import gettext as _
from sqlalchemy import select

from publisher.errors import Invalid, NotAllowed
from publisher.extensions import db
from publisher.people import audit
from publisher.people.models import User
from publisher.people.rules import Role, at_least
from publisher.storage import writing
from publisher.stories import rules
from publisher.stories.models import Category


def categories() -> Sequence[Category]:
    """All categories, by their Korean name."""
    return db.session.scalars(select(Category).order_by(Category.name_ko)).all()


def add_category(actor: User | None, *, slug: str, name_ko: str, name_en: str) -> Category:
    """A new section. Editors only; raises Invalid when a name is empty or the slug is taken."""
    with writing() as session:
        if actor and not at_least(actor.role, Role.EDITOR):
            raise NotAllowed(_("Only editors change categories."))
        slug = slug.strip().lower()
        if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug) or len(slug) > 80:
            wrong = _("Use lower case letters, digits and hyphens, such as how-to.")
            raise Invalid(wrong, fields={"slug": wrong})
        if session.scalar(select(Category).where(Category.slug == slug)):
            taken = _("There is a category with this address already.")
            raise Invalid(taken, fields={"slug": taken})
        names = {"name_ko": rules.clean(name_ko).strip(), "name_en": rules.clean(name_en).strip()}
        for field, name in names.items():
            if not 0 < len(name) <= 80:
                wrong = _("Write a name of at most 80 characters in both languages.")
                raise Invalid(wrong, fields={field: wrong})
        category = Category(slug=slug, **names)
        session.add(category)
        session.flush()
        audit.record(actor, "create", "category", category.id, slug=slug)
    return category
