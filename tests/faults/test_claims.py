"""Dispatchers and workers of several hosts on one PostgreSQL: nothing is claimed by two of them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import inspect, select

from bench import data, rig
from publisher import clock
from publisher.deliveries.models import Delivery
from publisher.extensions import Model, db
from publisher.stories.models import Post, Revision, Story
from tests.faults.claims import by_hand, quarrel

pytestmark = pytest.mark.timeout(300)

OWN = {
    *("id", "story_id", "post_id", "revision_id", "uid", "marker"),
    *("created_at", "changed_at", "submitted_at"),
}
"""What differs between any two posts."""
UNTOUCHED = {
    *("posts.version", "posts.sequence"),  # nobody has changed it
    *("posts.planned_wall", "deliveries.wall"),  # nobody has typed its time
    "deliveries.expires_at",  # a grace of the bench's own
}
"""What people leave in the posts that they make, and what no claim looks at but to be in time."""


def test_hosts_that_quarrel_about_the_same_posts_send_each_once(
    tmp_path: Path, postgres_url: str
) -> None:
    tally = quarrel(tmp_path, postgres_url, 300, workers=4, lasting_s=5)

    assert tally.kept, f"\n{tally}"
    assert sum(host.claims > 0 for host in tally.hosts) > 1, f"\n{tally}"


def test_posts_that_are_inserted_in_bulk_are_what_the_verbs_leave() -> None:
    with rig.house() as house:
        draft, due = data.articles(1)[0], clock.now() + timedelta(seconds=30)
        blog = data.blog()
        by_hand(house, blog, draft, due)
        data.schedule(house, [blog], [draft], [due])

        found = differences(Story, Post, Revision, Delivery)

    assert found.keys() <= UNTOUCHED, found


def differences(*models: type[Model]) -> dict[str, tuple[Any, Any]]:
    """The columns in which the two rows of each table differ, though no two posts have to."""
    found = {}
    for model in models:
        first, second = db.session.scalars(select(model).order_by(inspect(model).primary_key[0]))
        for column in inspect(model).columns:
            values = getattr(first, column.key), getattr(second, column.key)
            if column.key not in OWN and values[0] != values[1]:
                found[f"{model.__tablename__}.{column.key}"] = values
    return found
