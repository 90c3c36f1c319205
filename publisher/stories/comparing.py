"""With which revision a reviewer compares what stands now."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy import select

from publisher.extensions import db
from publisher.people.models import Event
from publisher.stories import diff, review
from publisher.stories.models import Post, Revision
from publisher.stories.rules import Draft

APPROVED, SENT_BACK, SUBMITTED = "approved", "sent_back", "submitted"


@dataclass(frozen=True, slots=True)
class Base:
    """A former revision and what makes it worth comparing with: it was approved last, sent back last, or the
    first one submitted."""

    why: str
    revision: Revision


def bases(post: Post) -> list[Base]:
    """The revisions to compare with, the best first: approved last, else the first one submitted, and the one
    that was sent back. Without what stands now, and none twice."""
    approved = review.last_approved(post)
    submitted, sent_back = _milestones(post)
    found: dict[int, Base] = {}
    for why, revision in (
        (APPROVED, approved),
        (SUBMITTED, None if approved else submitted),
        (SENT_BACK, sent_back),
    ):
        if revision is not None and revision.number != post.revision:
            found.setdefault(revision.number, Base(why, revision))
    return list(found.values())


def unread(post: Post, read: str, mine: Draft) -> list[diff.Change] | None:
    """What of `mine` somebody else changed since its writer read the revision of the hash `read`, and that no
    touch-up offers: pictures, crops, the thread, late links. None where nobody knows what was read."""
    query = select(Revision).where(Revision.post_id == post.id, Revision.hash == read)
    revision = db.session.scalars(query.order_by(Revision.number.desc()).limit(1)).first()
    if revision is None:
        return None
    was = revision.draft
    alts = {use.id: use.alt for use in mine.media}
    media = tuple(replace(use, alt=alts.get(use.id, use.alt)) for use in was.media)
    before = replace(was, title=mine.title, text=mine.text, link=mine.link, media=media)
    return [change for change in diff.drafts(before, mine) if change.field != "text"]


def _milestones(post: Post) -> tuple[Revision | None, Revision | None]:
    """The revision that was submitted first, and the one that was sent back last."""
    told = db.session.execute(
        select(Event.verb, Event.detail)
        .where(
            Event.subject == "post",
            Event.subject_id == post.id,
            Event.verb.in_(("submit", "request_changes")),
        )
        .order_by(Event.id)
    ).all()
    submitted = next((d.get("revision") for verb, d in told if verb == "submit"), None)
    sent_back = next(
        (d.get("revision") for verb, d in reversed(told) if verb == "request_changes"), None
    )
    wanted = {number for number in (submitted, sent_back) if number is not None}
    rows = db.session.scalars(
        select(Revision).where(Revision.post_id == post.id, Revision.number.in_(wanted))
    )
    by_number = {row.number: row for row in rows}
    return by_number.get(submitted or 0), by_number.get(sent_back or 0)
