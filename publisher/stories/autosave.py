"""Saving by itself while somebody writes: nothing is lost, and the revisions stay few.

A run is what one open page autosaves without anything else happening to the post. It fills a single revision;
whatever is done on purpose (a save, a submission, a comment) ends it, and so does time.
"""

from __future__ import annotations

from datetime import timedelta

from flask_babel import gettext as _
from sqlalchemy import select

from publisher import clock
from publisher.errors import Conflict
from publisher.extensions import db
from publisher.people.models import Event, User
from publisher.storage import writing
from publisher.stories import contents, lookups, rules, search, service, uses
from publisher.stories.access import lock, require_edit
from publisher.stories.models import Comment, Post
from publisher.stories.rules import Draft

LONGEST_RUN = timedelta(minutes=10)
"""After this much writing a new revision begins, so that one may go back to what stood before."""


def autosave(
    actor: User, post: Post, draft: Draft, *, version: int, base: str | None, page: str
) -> Post:
    """Keep what is being written on `page`, a name that the open page gave itself.

    Raises Conflict (code "held") where saving would void an approval or call a review off, which nobody
    shall do by pausing. Raises Stale like `service.edit`, but never against what `page` itself saved
    last: an answer that got lost on the way is no conflict.
    """
    with writing():
        lock(post)
        require_edit(actor, post.story)
        if post.status not in rules.SAVED_UNASKED:
            raise Conflict(
                _("This text is in review or approved, so it is saved only when you press Save."),
                code="held",
            )
        run = _run_on_head(actor, post)
        if run is None or not page or run.detail["autosaved"] != page or not _goes_on(run, post):
            based_on = basis(actor, post, base, page)
            return service.edit(actor, post, draft, version=version, base=based_on, autosaved=page)
        _fill_head(post, contents.checked(draft))
    return post


def basis(actor: User | None, post: Post, base: str | None, page: str) -> str | None:
    """What `page` has read: `base`, or the newest revision where the page wrote that itself."""
    run = _run_on_head(actor, post)
    return post.head.hash if run and page and run.detail["autosaved"] == page else base


def close(actor: User | None, post: Post) -> None:
    """End the run: what stands was saved on purpose and stays as it is. Call inside `writing()`."""
    if _run_on_head(actor, post):
        service.move(actor, post, "edit", revision=post.revision)


def _run_on_head(actor: User | None, post: Post) -> Event | None:
    """The event that opened the run in which the newest revision is written, if it is one of `actor`'s."""
    last = db.session.scalar(
        select(Event)
        .where(Event.subject == "post", Event.subject_id == post.id)
        .order_by(Event.id.desc())
        .limit(1)
    )
    if last is None or last.verb != "edit" or last.actor_id != (actor.id if actor else None):
        return None
    is_run = last.detail.get("autosaved") and last.detail.get("revision") == post.revision
    return last if is_run else None


def _goes_on(run: Event, post: Post) -> bool:
    """Whether the run's revision may still be filled: it is young, and nobody has said anything about it."""
    if clock.now() - run.at > LONGEST_RUN:
        return False
    said = select(Comment.id).where(Comment.revision_id == post.head.id).limit(1)
    return db.session.scalar(said) is None


def _fill_head(post: Post, draft: Draft) -> None:
    head = post.head
    content_hash = rules.content_hash(post.account_id, draft)
    if content_hash == head.hash:
        return
    retitled = draft.title != head.title
    service.fill(head, draft, content_hash)
    head.created_at = clock.now()
    post.version += 1
    post.story.changed_at = clock.now()
    search.keep(post.story)
    uses.keep(post)
    lookups.keep(post, draft)
    service.surface(post, changed=retitled)
