"""The desk: what its page shows of each post, and its two compound verbs. Stands above all services."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import Any, TypeVar

from flask import redirect, render_template, request, url_for
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response

from channels import channel_class
from channels.base import Limits
from publisher import web, zones
from publisher.accounts import service as accounts_service
from publisher.accounts.models import Account
from publisher.calendar import service as calendar
from publisher.deliveries import forecast
from publisher.errors import Conflict
from publisher.media import service as media
from publisher.media.models import Media
from publisher.people.models import User
from publisher.people.queries import writers
from publisher.people.rules import Role, at_least
from publisher.storage import writing
from publisher.stories import (
    access,
    activity,
    assigning,
    autosave,
    categories,
    comments,
    contents,
    gauges,
    links,
    outlines,
    queries,
    retelling,
    review,
    service,
    shelving,
)
from publisher.stories.forms import AssignForm, CommentForm, PostForm, StoryForm, question
from publisher.stories.models import Post, Story
from publisher.stories.rules import ARCHIVED, Draft, MediaUse
from publisher.zones import ZoneProblem

AnyForm = TypeVar("AnyForm", bound=FlaskForm)
CHOSEN_FROM = 24
"""How many of the newest pictures the desk offers."""


# ---- Verbs ----

MORNING = time(9)
"""When a post goes out if only its day is known."""


def begin(
    actor: User,
    accounts: Iterable[Account],
    *,
    day: date | None = None,
    template: str = "",
    owner: User | None = None,
    **parts: Any,
) -> Story:
    """A new story with a post for each account, planned for nine in the morning of `day`; it begins as the
    template says.

    With another `owner` it is handed to them. What nobody has written yet is nobody's then, so that who hands
    a story out may approve it later.
    """
    planned = None if day is None else zones.resolve(day, MORNING, actor.timezone)
    chosen = list(accounts)
    first = outlines.beginning(template, chosen, title=parts["title"], language=parts["language"])
    parts["brief"] = parts["brief"].strip() or first.brief
    parts["category_id"] = parts["category_id"] or first.category_id
    handed = owner is not None and owner.id != actor.id
    with writing():
        story = service.create_story(actor, **parts)
        for account in chosen:
            service.add_post(
                None if handed else actor,
                story,
                account,
                first.draft(account),
                planned_at=planned,
                zone=actor.timezone,
            )
        if owner is not None and handed:
            assigning.hand_to(actor, story, owner)
    return story


def add_posts(actor: User, story: Story, accounts: Iterable[Account]) -> list[Post]:
    """The story written for these accounts too: all of them or, when one is refused, none."""
    with writing():
        return [service.add_post(actor, story, account, Draft()) for account in accounts]


def save(
    actor: User,
    post: Post,
    draft: Draft,
    *,
    version: int,
    base: str | None,
    time: tuple[datetime | None, str] | None,
    page: str = "",
) -> None:
    """Save what the desk sent: the content, and the time if another one was typed (`time` is None if not).

    `page` is what an open page calls itself in its autosaves: it is no conflict with those, and they end.

    The time is moved as on the calendar: what is approved is scheduled for it. Raises Stale, Conflict,
    NotAllowed or Invalid; then nothing of it was saved.
    """
    with writing():
        access.lock(post)
        based_on = autosave.basis(actor, post, base, page)
        service.edit(actor, post, draft, version=version, base=based_on)
        autosave.close(actor, post)
        if time is None:
            return
        at, zone = time
        if at is not None:
            calendar.move(actor, post, at, zone)
        elif post.delivery_status in shelving.ON_ITS_WAY:
            raise Conflict(_("This post is on the calendar. Cancel its delivery to take it off."))
        else:
            service.plan(actor, post, None, "")


# ---- The page ----


def page(
    story: Story,
    *,
    post: Post | None = None,
    post_form: PostForm | None = None,
    problem: ZoneProblem | None = None,
    story_form: StoryForm | None = None,
    comment_form: CommentForm | None = None,
) -> str:
    """The whole desk; what was sent in one of its forms stays as it was typed."""
    me = web.me()
    if story_form is None:
        story_form = StoryForm(formdata=None)
        offer(story_form, story.owner_id)
        story_form.show(story)
        story_form.deadline.data = deadline_day(story)
    if comment_form is None:
        comment_form = CommentForm(formdata=None)
        comment_form.offer(queries.live_posts(story))
        comment_form.post_id.data = 0
    shown = panels(me, story, sent=post_form, sent_for=post, problem=problem)
    said = queries.comments(story)
    texts = comments.marked_texts([panel.post for panel in shown], said)
    return render_template(
        "stories/show.html",
        story=story,
        panels=shown,
        current=post.id if post else request.args.get("post", type=web.number),
        story_form=story_form,
        comment_form=comment_form,
        assign_form=_assign_form(story) if at_least(me.role, Role.EDITOR) else None,
        forecast=forecast.of_story(story),
        progress=queries.progress(story),
        comments=said,
        texts=texts,
        marks={piece.comment for _post, pieces in texts for piece in pieces},
        activity=activity.newest(story),
        accounts=[
            account
            for account in accounts_service.all_accounts()
            if account.id not in {panel.post.account_id for panel in shown}
        ],
        archived=[each for each in story.posts if each not in {panel.post for panel in shown}],
        may_edit=access.edits(me, story),
        is_editor=at_least(me.role, Role.EDITOR),
    )


def _assign_form(story: Story) -> AssignForm:
    form = AssignForm(formdata=None)
    form.offer(writers())
    form.owner_id.data = story.owner_id
    form.deadline.data = deadline_day(story)
    return named(form, "assign-")


def back_to(story: Story, post: Post | None = None) -> Response:
    """Redirect to the desk, at that post."""
    if post is None:
        return redirect(url_for("stories.show", story_id=story.id))
    anchor = f"post-{post.id}"
    return redirect(url_for("stories.show", story_id=story.id, post=post.id, _anchor=anchor))


def deadline_day(story: Story) -> date | None:
    """The day of the story's deadline, where the reader is."""
    return story.deadline.astimezone(web.my_zone()).date() if story.deadline else None


def deadline_of(form: StoryForm | AssignForm) -> datetime | None:
    """The end of the deadline's day where the writer is."""
    day = form.deadline.data
    return zones.resolve(day, time(23, 59), web.my_zone().key, fold=0) if day else None


def offer(form: StoryForm, owner_id: int) -> None:
    """Fill the choices of a story's form."""
    others = [person for person in writers() if person.id != owner_id]
    form.offer(categories.categories(), others, language())


def language() -> str:
    """The reader's language: ko or en."""
    return str(get_locale() or "ko")[:2]


# ---- What it shows ----


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Another post of the story that this one may link to, and what happens if its address is late."""

    post: Post
    reference: str
    used: bool
    when_late: str
    waits: bool = False
    """Whether it links to this post, and so waits for it."""


@dataclass(frozen=True, slots=True)
class Panel:
    """One post on the desk."""

    post: Post
    form: PostForm
    limits: Limits
    gauge: gauges.Gauge
    neighbours: tuple[Neighbour, ...]
    decides: bool
    takes_link: bool
    beginning: str = ""
    """What a text that is still empty could begin with."""
    library: tuple[Media, ...] = ()
    choices: tuple[datetime, ...] = ()
    """Instants to choose from when the wall shows the typed time twice or never."""
    asked: str = ""
    """What is asked then."""


def panels(
    actor: User,
    story: Story,
    *,
    sent: PostForm | None = None,
    sent_for: Post | None = None,
    problem: ZoneProblem | None = None,
) -> list[Panel]:
    """All posts of the story as the desk shows them; the one in `sent` keeps what was typed."""
    shown = [post for post in story.posts if post.status != ARCHIVED]
    library = tuple(media.newest(CHOSEN_FROM)) if access.edits(actor, story) else ()
    return [
        _panel(actor, post, shown, library, sent=sent, problem=problem)
        if post is sent_for
        else _panel(actor, post, shown, library)
        for post in shown
    ]


def _panel(
    actor: User,
    post: Post,
    story: Sequence[Post],
    library: tuple[Media, ...],
    *,
    sent: PostForm | None = None,
    problem: ZoneProblem | None = None,
) -> Panel:
    form = sent or fresh_form(actor, post)
    draft = form.draft().normalised() if sent else post.head.draft
    kept = {use.id for use in draft.media}
    return Panel(
        post=post,
        form=named(form, gauges.prefix_of(post)),
        limits=channel_class(post.account.kind).limits,
        gauge=gauges.measured(post, draft, fields=access.edits(actor, post.story)),
        neighbours=tuple(_neighbours(post, story, draft)),
        decides=review.may_decide(actor, post),
        takes_link=contents.takes_link(post),
        beginning="" if draft.text.strip() else retelling.beginning(post),
        library=tuple(each for each in library if each.id not in kept),
        choices=tuple(problem.choices) if problem else (),
        asked=question(problem) if problem else "",
    )


def fresh_form(actor: User, post: Post) -> PostForm:
    """The post's form, filled from what is stored and not from what the request sent."""
    form = PostForm(formdata=None)
    form.show_draft(post.head.draft)
    form.version.data, form.base.data = post.version, post.head.hash
    form.show(post.planned_wall)
    form.offer(post.planned_zone, actor.timezone, web.settings().timezone)
    return form


def named(form: AnyForm, prefix: str) -> AnyForm:
    """Give the fields ids of their own: a page has several forms with fields of the same name."""
    for field in form:
        field.id = field.label.field_id = prefix + field.short_name
    return form


def _neighbours(post: Post, story: Sequence[Post], draft: Draft) -> Iterator[Neighbour]:
    blogs = [other for other in story if other.account.kind == "blog"]
    used = links.references(draft.text, draft.link)
    for other in story:
        if other.id == post.id:
            continue
        slug = f"link:{other.account.slug}"
        reference = "blog" if [other] == blogs and slug not in used else slug
        late = links.when_late(draft.when_late, reference)
        theirs = links.targets(contents.node(other), [contents.node(each) for each in story])
        yield Neighbour(other, reference, reference in used, str(late), post.id in theirs.values())


def with_picture(draft: Draft, use: MediaUse) -> Draft:
    """`draft` with one more picture at its end, once."""
    others = tuple(each for each in draft.media if each.id != use.id)
    return replace(draft, media=(*others, use))


def draft_of(values: dict[str, Any]) -> Draft:
    """The draft in the `mine` or `theirs` of a Stale error."""
    uses = tuple(MediaUse.of(use) for use in values["media"])
    return Draft(**{**values, "media": uses})
