"""The page after two people wrote at once: both texts, their difference, and the two ways on. It adopts what
the other one wrote only by a button that says so, and everything that was sent goes along."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import render_template, request, url_for
from flask_babel import gettext as _

from publisher import web
from publisher.errors import Stale
from publisher.stories import categories, comparing, desk, diff, review
from publisher.stories.forms import LANGUAGES, StoryForm
from publisher.stories.models import Post, Story
from publisher.stories.review_forms import TouchUpForm
from publisher.stories.rules import Draft

OURS = frozenset({"csrf_token", "version", "base", "then"})


def of_post(post: Post, stale: Stale) -> str:
    """The desk's text against the newest one."""
    mine = desk.draft_of(stale.values["mine"])
    chosen = set(request.form.getlist("media", type=web.number))
    pictures = [
        (name, value)
        for use in mine.media
        if use.id not in chosen
        for name, value in (("media", str(use.id)), (f"alt-{use.id}", use.alt))
    ]
    here = url_for("stories.show", story_id=post.story_id, post=post.id)
    return _post_page(
        post,
        stale,
        mine,
        action=url_for("stories.save_post", post_id=post.id),
        keep=f"{here}#post-{post.id}",
        verb=_("Save mine over theirs"),
        kept=[*_sent(OURS | {"page"}), *pictures],
    )


def of_touch_up(post: Post, stale: Stale, form: TouchUpForm) -> str:
    """A reviewer's text against the newest one. Where it would go out with something that the reviewer never
    read, the page shows that and does not approve: they are sent to read the whole."""
    mine = form.draft(desk.draft_of(stale.values["theirs"])).normalised()
    unread = comparing.unread(post, form.base.data or "", mine)
    able = review.approves_touch_up(web.me(), post)
    decides = able and unread == [] and not form.only_save.data
    kept = _sent(OURS | {"only_save"})
    return _post_page(
        post,
        stale,
        mine,
        action=url_for("stories.touch_up", post_id=post.id),
        keep=url_for("stories.review_post", post_id=post.id),
        verb=_("Save mine and approve it") if decides else _("Save mine over theirs"),
        kept=kept if decides or not able else [*kept, ("only_save", "1")],
        unread=unread or (),
        read_again=able and not decides,
    )


def of_story(story: Story, form: StoryForm, version: int) -> str:
    """What a story says of itself against what is saved; empty where both say the same."""
    mine, theirs = _as_sent(form), _as_saved(story)
    changes = diff.fields(theirs, mine)
    if not changes:
        return ""
    here = url_for("stories.show", story_id=story.id)
    return render_template(
        "stories/conflict.html",
        heading=_("Somebody else changed this story meanwhile"),
        story=story,
        language=story.language,
        way_back=here,
        mine={"title": mine["title"], "text": mine["brief"]},
        theirs={"title": theirs["title"], "text": theirs["brief"]},
        changes=changes,
        action=url_for("stories.change", story_id=story.id),
        keep=f"{here}#about",
        verb=_("Save mine over theirs"),
        kept=_sent(OURS),
        version=version,
    )


def _post_page(post: Post, stale: Stale, mine: Draft, **parts: Any) -> str:
    theirs: Draft = desk.draft_of(stale.values["theirs"])
    return render_template(
        "stories/conflict.html",
        heading=_("Somebody else saved this post meanwhile"),
        story=post.story,
        post=post,
        language=post.story.language,
        way_back=url_for("stories.show", story_id=post.story_id, post=post.id),
        mine=mine,
        theirs=theirs,
        head=post.head,
        changes=diff.drafts(theirs, mine),
        version=stale.values["version"],
        base=stale.values["base"],
        **parts,
    )


def _sent(but: frozenset[str]) -> list[tuple[str, str]]:
    """What the form sent, without the fields `but`."""
    pairs = request.form.lists()
    return [(name, value) for name, values in pairs if name not in but for value in values]


def _as_sent(form: StoryForm) -> dict[str, str]:
    people = {each.value: each.label for each in form.author_ids.choices or ()}
    return _said(
        title=" ".join((form.title.data or "").split()),
        brief=(form.brief.data or "").replace("\r\n", "\n").strip(),
        campaign=" ".join((form.campaign.data or "").split()),
        category_id=form.category_id.data or None,
        language=form.language.data or "",
        deadline=form.deadline.data.isoformat() if form.deadline.data else "",
        authors=[people.get(str(each), "") for each in form.author_ids.data or ()],
    )


def _as_saved(story: Story) -> dict[str, str]:
    deadline = story.deadline.astimezone(web.my_zone()).date() if story.deadline else None
    return _said(
        title=story.title,
        brief=story.brief,
        campaign=story.campaign,
        category_id=story.category_id,
        language=story.language,
        deadline=deadline.isoformat() if deadline else "",
        authors=[author.name for author in story.authors],
    )


def _said(
    *, category_id: int | None, language: str, authors: Iterable[str], **texts: str
) -> dict[str, str]:
    """In words that can be compared."""
    known = {each.id: each.name(desk.language()) for each in categories.categories()}
    return {
        **texts,
        "category": known.get(category_id or 0, ""),
        "language": next((each.label for each in LANGUAGES if each.value == language), language),
        "authors": ", ".join(sorted(authors)),
    }
