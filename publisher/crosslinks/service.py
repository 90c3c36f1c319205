"""What is live, and writing its addresses back under the story's other posts."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask import current_app
from sqlalchemy import delete, select, update

from channels.base import Content, Link, Links
from publisher import clock
from publisher.accounts import service as accounts
from publisher.crashes import crash_point
from publisher.crosslinks.models import Address
from publisher.crosslinks.rules import Live, links_under
from publisher.effects import service as effects
from publisher.extensions import db
from publisher.storage import upsert, writing
from publisher.stories.models import Post

DEBOUNCE_S = 3.0
"""Two siblings that go out together make one patch."""


def addresses(story_id: int) -> dict[int, Address]:
    """The live posts of a story, by post id."""
    query = select(Address).where(Address.story_id == story_id)
    query = query.execution_options(populate_existing=True)  # written without the session's knowing
    return {address.post_id: address for address in db.session.scalars(query)}


def went_live(
    post: Post, *, revision_id: int, remote_id: str, url: str, text: str, at: datetime
) -> None:
    """Write down where a post can be seen and ask for the links under its siblings and itself.

    Part of the transaction that records the receipt, so that no address is ever lost to a crash.
    """
    with writing() as session:
        place = {
            "revision_id": revision_id,
            "remote_id": remote_id,
            "url": url,
            "text": text,
            "published_at": at,
        }
        belongs = {"story_id": post.story_id, "account_id": post.account_id}
        insert = upsert(Address).values(post_id=post.id, **belongs, **place)
        session.connection().execute(
            insert.on_conflict_do_update(index_elements=["post_id"], set_=place)
        )
        if len(post.story.posts) > 1:
            _ask_for_links(post.story_id)


def went_away(post: Post) -> None:
    """Forget where a post could be seen, and ask that its siblings no longer show its address."""
    with writing() as session:
        session.execute(delete(Address).where(Address.post_id == post.id))
        _ask_for_links(post.story_id, also_none=True)


def now_says(post: Post, *, revision_id: int, text: str) -> None:
    """Write down what a post says at its address since a correction."""
    with writing() as session:
        said = {"revision_id": revision_id, "text": text}
        session.execute(update(Address).where(Address.post_id == post.id).values(**said))


def patch_links(desired: effects.Desired) -> None:
    """Effect `links`: bring the link block under one published post to its desired state. Repeatable."""
    address = db.session.get(Address, desired["post_id"])
    if address is None:
        return
    if effects.underway(f"correct:{address.post_id}"):
        raise effects.Later(2.0)  # both rebuild the post from what it says: one after the other
    channel = accounts.open_channel(address.account)
    if not isinstance(channel, Links):
        return
    content = Content(text=address.text, language=address.post.story.language)
    post_id, remote_id = address.post_id, address.remote_id
    links = [Link(**link) for link in desired["links"]]
    if channel.transactional:
        with writing():
            channel.show_links(remote_id, content, links)
        return
    db.session.rollback()
    crash_point("before-patch", post_id)
    channel.show_links(remote_id, content, links)
    crash_point("after-patch", post_id)


def _ask_for_links(story_id: int, *, also_none: bool = False) -> None:
    places = addresses(story_id)
    live = [
        Live(place.post_id, place.account.kind, place.account.label, place.url)
        for place in places.values()
    ]
    pace = current_app.extensions["settings"].timings.pace
    at = clock.now() + timedelta(seconds=DEBOUNCE_S * pace)
    for post in live:
        links = links_under(post.post_id, live)
        if (links or also_none) and post.kind in {"blog", "facebook"}:
            # A later run is another article, without any links: it names whose they are to be.
            remote_id = places[post.post_id].remote_id
            desired = {"post_id": post.post_id, "remote_id": remote_id, "links": links}
            effects.ask("links", f"links:{post.post_id}", desired, at=at)
