"""Ways of looking at the list of stories: in the address, and kept by each person under a name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import parse_qsl, urlencode

from flask_babel import gettext as _
from sqlalchemy import func, select

from publisher.errors import Conflict, Invalid, NotFound
from publisher.extensions import db
from publisher.people.models import User
from publisher.storage import writing
from publisher.stories import rules
from publisher.stories.models import StoryFilter

NAMES = ("q", "status", "account", "category", "person", "archived")
"""What an address may say about the list, in this order."""
MOST = 20


def address(values: Mapping[str, str]) -> str:
    """The filters among `values` as the query of an address; nothing else of them."""
    return urlencode([(name, values[name][:200]) for name in NAMES if values.get(name)])


def arguments(kept: StoryFilter) -> dict[str, str]:
    """What `url_for` needs to lead to that filter."""
    return dict(parse_qsl(kept.query))


def of(user: User) -> Sequence[StoryFilter]:
    """The filters that `user` kept, by name."""
    return db.session.scalars(
        select(StoryFilter).where(StoryFilter.user_id == user.id).order_by(StoryFilter.name)
    ).all()


def keep(user: User, name: str, values: Mapping[str, str]) -> StoryFilter:
    """Keep these filters under a name; one of that name is replaced. Raises Invalid or Conflict."""
    name = " ".join(rules.clean(name).split())
    if not 0 < len(name) <= 60:
        raise Invalid(_("Give the filter a name of at most 60 characters."))
    query = address(values)
    if not query:
        raise Invalid(_("Choose a filter first, then keep it."))
    if len(query) > 500:
        raise Invalid(_("Search for fewer words, then keep the filter."))
    with writing() as session:
        mine = StoryFilter.user_id == user.id
        found = session.scalar(select(StoryFilter).where(mine, StoryFilter.name == name))
        if found is None:
            if (session.scalar(select(func.count(StoryFilter.id)).where(mine)) or 0) >= MOST:
                raise Conflict(_("You keep %(count)s filters. Remove one first.", count=MOST))
            found = StoryFilter(user_id=user.id, name=name)
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
