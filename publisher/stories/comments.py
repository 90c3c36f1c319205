"""What people say about a story, its posts and passages of them: to whom, and whether it is settled."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from flask_babel import gettext as _

from publisher import clock
from publisher.errors import Invalid, NotFound
from publisher.extensions import db
from publisher.notices import service as notices
from publisher.people import audit
from publisher.people import service as people
from publisher.people.models import User
from publisher.storage import writing
from publisher.stories import access, passages, rules, service, telling
from publisher.stories.diff import Span
from publisher.stories.models import Comment, Post, Story
from publisher.stories.passages import Passage


def comment(
    actor: User | None,
    story: Story,
    text: str,
    post: Post | None = None,
    *,
    quote: str = "",
    near: int | None = None,
) -> Comment:
    """Say something about the story, about one of its posts as it is now, or about a passage of its text.

    `quote` are the passage's words, `near` about where they begin; Invalid when the text does not have
    them. The story's owner is told, and whoever is called by "@name" and may open the story.
    """
    with writing():
        if not access.sees(actor, story):
            raise NotFound(_("There is no such story, or it is not shared with you."))
        if post is not None and post.story_id != story.id:
            raise NotFound(_("There is no such post, or it is not shared with you."))
        text = worded(text, "text", _("Write something first."))
        passage = _passage(post, quote, near)
        said = say(actor, story, text, post, passage=passage)
        audit.record(
            actor, "comment", "story", story.id, story_id=story.id, post=post.id if post else None
        )
        _tell(actor, story, said)
    return said


def get_comment(actor: User | None, comment_id: int) -> Comment:
    """The comment; NotFound also when `actor` may not open its story."""
    said = db.session.get(Comment, comment_id)
    if said is None:
        raise NotFound(_("There is no such comment."))
    service.get_story(actor, said.story_id)
    return said


def resolve(actor: User | None, said: Comment, *, done: bool | None = None) -> Comment:
    """Mark a comment as dealt with, or open it again: the other way round unless `done` says which, so that
    two who press the same button do not undo each other."""
    with writing():
        story = service.get_story(actor, said.story_id)
        access.require_edit(actor, story)
        done = said.resolved_at is None if done is None else done
        if done is not (said.resolved_at is not None):
            said.resolved_at = clock.now() if done else None
            audit.record(actor, "resolve", "comment", said.id, story_id=story.id, open=not done)
    return said


def say(
    actor: User | None,
    story: Story,
    text: str,
    post: Post | None,
    *,
    request: bool = False,
    passage: Passage | None = None,
) -> Comment:
    """Write a comment down; who is told is the caller's matter. Call inside `writing()`."""
    said = Comment(
        story_id=story.id,
        post_id=post.id if post else None,
        revision_id=post.head.id if post else None,
        author_id=actor.id if actor else None,
        text=text,
        quote=post.head.text[passage.start : passage.end] if post and passage else "",
        quote_at=passage.start if passage else None,
        request=request,
        at=clock.now(),
    )
    db.session.add(said)
    db.session.flush()
    return said


def worded(text: str, field: str, empty: str) -> str:
    """What somebody wrote, cleaned; Invalid names `field` when it is nothing or too much."""
    text = rules.clean(text).strip()
    if not text:
        raise Invalid(empty, fields={field: empty})
    if len(text) > 10_000:
        long = _("Please write at most 10,000 characters.")
        raise Invalid(long, fields={field: long})
    return text


# ---- Passages ----


def anchored(post: Post, said: Iterable[Comment]) -> list[Passage]:
    """Where in the post's present text its open comments stand; those that are found."""
    return [
        passage
        for each in said
        if each.post_id == post.id and each.quote and each.resolved_at is None
        if (passage := passages.find(post.head.text, each.quote, each.quote_at, each.id))
    ]


def marked_texts(
    posts: Iterable[Post], said: Sequence[Comment]
) -> list[tuple[Post, list[passages.Piece]]]:
    """What each post says now, with the passages that open comments speak of. Leaves out what has no text."""
    return [
        (post, passages.marked([Span("equal", post.head.text)], anchored(post, said)))
        for post in posts
        if post.head.text
    ]


def lost(said: Iterable[Comment]) -> set[int]:
    """The ids of comments whose passage is not in the post's present text any more."""
    return {
        each.id
        for each in said
        if each.post and each.quote
        if passages.find(each.post.head.text, each.quote) is None
    }


def _passage(post: Post | None, quote: str, near: int | None) -> Passage | None:
    quote = rules.clean(quote).strip()
    if not quote:
        return None
    if post is None:
        which = _("Choose the post that these words are in.")
        raise Invalid(which, fields={"quote": which})
    if len(quote) > passages.LONGEST:
        long = _("Quote at most %(count)s characters.", count=passages.LONGEST)
        raise Invalid(long, fields={"quote": long})
    found = passages.find(post.head.text, quote, near)
    if found is None:
        gone = _("These words are not in the text. Copy them as they stand there now.")
        raise Invalid(gone, fields={"quote": gone})
    return found


# ---- Who is told ----


def names() -> dict[str, list[int]]:
    """What people may be called after an "@": their names and the short names of their pages."""
    found: dict[str, list[int]] = {}
    for person in people.everyone():
        for name in {person.name, person.slug} if person.active else ():
            found.setdefault(name, []).append(person.id)
    return found


def readers(story: Story) -> Sequence[User]:
    """Who may open the story: who can be asked something in it."""
    return [person for person in people.everyone() if person.active and access.sees(person, story)]


def unreached(said: Comment) -> list[User]:
    """Who is called by name in the comment but may not open its story, and so was told nothing."""
    story = service.get_story(None, said.story_id)
    called = rules.mentioned(said.text, names())
    return [
        person
        for person in people.everyone()
        if person.id in called and not access.sees(person, story)
    ]


def _tell(actor: User | None, story: Story, said: Comment) -> None:
    values = {"title": story.title, "by": telling.name_of(actor), "text": said.text[:300]}
    about = f"?post={said.post_id}" if said.post_id else ""
    path = f"/stories/{story.id}{about}#comment-{said.id}"
    called = rules.mentioned(said.text, names())
    for person in readers(story):
        if actor is not None and person.id == actor.id:
            continue
        if person.id in called:
            notices.notify(person, "mention", values, path)
        elif person.id == story.owner_id:
            notices.notify(person, "comment", values, path)
