"""Who is told of a review: editors of what waits, writers of what was decided."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from publisher.extensions import db
from publisher.notices import service as notices
from publisher.people import audit
from publisher.people import service as people
from publisher.people.models import User
from publisher.stories import absences
from publisher.stories.models import Post, Story, Taken


def editors(actor: User | None, story: Story, posts: Sequence[Post]) -> None:
    """Tell the editor who has taken the posts, or all editors where nobody has; the one who acts knows.

    Who is away is told, and who stands in for them, too. One notice for each, whatever the number of posts.
    """
    path = f"/review/{posts[0].id}" if len(posts) == 1 else "/review"
    values = {"title": story.title, "by": name_of(actor), "count": len(posts)}
    concerned = {person.id: person for person in _concerned(posts)}
    instead = absences.delegates()
    for delegate in [instead[who] for who in concerned if who in instead]:
        concerned[delegate.id] = delegate
    for person in concerned.values():
        if actor is None or person.id != actor.id:
            notices.notify(person, "review_requested", values, path)


def writers(actor: User | None, post: Post, kind: str, **more: str) -> None:
    """Tell the story's owner and authors, but not the one who did it."""
    story = post.story
    values = {"title": story.title, "account": post.account.label, "by": name_of(actor), **more}
    for person in {story.owner, *story.authors}:
        if actor is None or person.id != actor.id:
            notices.notify(
                person, kind, values, f"/stories/{story.id}?post={post.id}#post-{post.id}"
            )


def name_of(actor: User | None) -> str:
    """The name under which somebody acts."""
    return actor.name if actor else audit.SYSTEM


def _concerned(posts: Sequence[Post]) -> list[User]:
    taken = db.session.scalars(
        select(Taken).where(Taken.post_id.in_([post.id for post in posts]))
    ).all()
    reviewers = {each.user for each in taken if absences.may_review(each.user)}
    if reviewers and len(taken) == len(posts):
        return sorted(reviewers, key=lambda person: person.id)
    return [person for person in people.everyone() if absences.may_review(person)]
