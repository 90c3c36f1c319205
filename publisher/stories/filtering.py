"""Ways of looking at the list of stories and at the calendar: in the address, and kept by each person under a
name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode

from flask_babel import gettext as _
from sqlalchemy import func, select
from werkzeug.datastructures import MultiDict

from publisher.errors import Conflict, Invalid, NotFound
from publisher.extensions import db
from publisher.people.models import User
from publisher.storage import writing
from publisher.stories import rules
from publisher.stories.models import StoryFilter

STORIES, CALENDAR = "stories", "calendar"
NAMES = {
    STORIES: ("q", "status", "account", "category", "person", "campaign", "archived"),
    CALENDAR: ("account", "status", "author", "category", "campaign", "mine"),
}
"""What an address may say about each page, in this order."""
MOST = 20


def address(values: Mapping[str, Any], page: str = STORIES) -> str:
    """The filters of that page among `values` as the query of an address; nothing else of them."""
    found = [(name, value[:200]) for name in NAMES[page] for value in _all(values, name) if value]
    return urlencode(found)


def _all(values: Mapping[str, Any], name: str) -> list[str]:
    if isinstance(values, MultiDict):
        return values.getlist(name)
    value = values.get(name, ())
    return [value] if isinstance(value, str) else [str(each) for each in value]


def arguments(kept: StoryFilter) -> dict[str, Any]:
    """What `url_for` needs to lead to that filter: a text for each name, or all of its texts."""
    found = parse_qs(kept.query)
    return {name: each if len(each) > 1 else each[0] for name, each in found.items()}


def of(user: User, page: str = STORIES) -> Sequence[StoryFilter]:
    """The filters of that page that `user` kept, by name."""
    return db.session.scalars(
        select(StoryFilter)
        .where(StoryFilter.user_id == user.id, StoryFilter.page == page)
        .order_by(StoryFilter.name)
    ).all()


def keep(user: User, name: str, values: Mapping[str, Any], page: str = STORIES) -> StoryFilter:
    """Keep these filters of a page under a name; one of that name is replaced. Raises Invalid or Conflict."""
    name = " ".join(rules.clean(name).split())
    if not 0 < len(name) <= 60:
        raise Invalid(_("Give the filter a name of at most 60 characters."))
    query = address(values, page)
    if not query:
        raise Invalid(_("Choose a filter first, then keep it."))
    if len(query) > 500:
        raise Invalid(_("Choose fewer words or values, then keep the filter."))
    with writing() as session:
        mine = (StoryFilter.user_id == user.id, StoryFilter.page == page)
        found = session.scalar(select(StoryFilter).where(*mine, StoryFilter.name == name))
        if found is None:
            if (session.scalar(select(func.count(StoryFilter.id)).where(*mine)) or 0) >= MOST:
                raise Conflict(_("You keep %(count)s filters. Remove one first.", count=MOST))
            found = StoryFilter(user_id=user.id, page=page, name=name)
            session.add(found)
        found.query = query
    return found


def drop(user: User, filter_id: int) -> str:
    """Forget one of one's own filters; answers its name. Raises NotFound for anybody else's."""
    with writing() as session:
        found = session.get(StoryFilter, filter_id)
        if found is None or found.user_id != user.id:
            raise NotFound(_("There is no such filter."))
        name = found.name
        session.delete(found)
    return name


def rename_value(page: str, name: str, old: str, new: str) -> None:
    """Let everybody's filters of that page that ask for `old` ask for `new`. Call inside `writing()`."""
    asking = select(StoryFilter).where(StoryFilter.page == page, StoryFilter.query.contains(name))
    for each in db.session.scalars(asking):
        parts = parse_qsl(each.query)
        if (name, old) in parts:
            renamed = [(name, new) if part == (name, old) else part for part in parts]
            each.query = urlencode(list(dict.fromkeys(renamed)))
