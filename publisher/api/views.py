"""API v1: each operation parses, calls one verb and answers."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flask import Response, current_app, jsonify, request
from flask_babel import gettext as _
from werkzeug.exceptions import HTTPException

import publisher.api.undoing  # noqa: F401 - its operations are on this blueprint, too
from publisher import clock, zones
from publisher.accounts import service as accounts
from publisher.api import answers, schemas, verbs
from publisher.api.document import document
from publisher.api.operations import (
    ACCESS,
    PreconditionFailed,
    PreconditionRequired,
    blueprint,
    operation,
)
from publisher.calendar import service as calendar
from publisher.calendar.rules import Filters
from publisher.deliveries import service as deliveries
from publisher.errors import DomainError, Invalid, NotFound
from publisher.extensions import csrf
from publisher.feeds import service as feeds
from publisher.media import service as media
from publisher.people.rules import ANYONE, Role, Scope
from publisher.stories import categories, review
from publisher.stories import service as stories
from publisher.stories.models import Post, Story
from publisher.stories.rules import Draft
from publisher.web import me, problem, settings

csrf.exempt(blueprint)  # a bearer token is no cookie: no other site can make a browser send it
ACCESS["openapi"] = ANYONE

Json = dict[str, Any]
MOST_DAYS = 400


@blueprint.get("/openapi.json")
def openapi() -> Response:
    return jsonify(document(settings().base_url))


@operation(
    "POST",
    "/stories",
    role=Role.AUTHOR,
    scope=Scope.WRITE,
    body=schemas.NewStory,
    answer=schemas.StoryOut,
    status=201,
)
def create_story(body: schemas.NewStory) -> Json:
    """Create a story with its posts as drafts."""
    story = verbs.begin(
        me(),
        [_start(each) for each in body.posts],
        title=body.title,
        brief=body.brief,
        category_id=_category(body.category),
        campaign=body.campaign,
        language=answers.language_of(me(), body.language),
    )
    return answers.story(story)


@operation(
    "GET",
    "/stories/<int:story_id>",
    role=Role.VIEWER,
    scope=Scope.READ,
    answer=schemas.StoryOut,
)
def read_story(story_id: int) -> Json:
    """A story and all its posts."""
    return answers.story(stories.get_story(me(), story_id))


@operation(
    "POST",
    "/stories/<int:story_id>/submit",
    role=Role.AUTHOR,
    scope=Scope.WRITE,
    body=schemas.Nothing,
    answer=schemas.StoryOut,
)
def submit_story(story_id: int, body: schemas.Nothing) -> Json:
    """Hand all drafts of a story to the editors, all or none."""
    story = _story(story_id)
    review.submit_story(me(), story)
    return answers.story(story)


@operation(
    "POST",
    "/stories/<int:story_id>/approve",
    role=Role.EDITOR,
    scope=Scope.REVIEW,
    body=schemas.ApproveStory,
    answer=schemas.StoryOut,
)
def approve_story(story_id: int, body: schemas.ApproveStory) -> Json:
    """Approve all posts of a story that are in review together; cross-links keep their order."""
    story = _story(story_id)
    due, zone = _due(body.due_at, body.tz)
    posts = [post for post in story.posts if post.id in body.revisions]
    verbs.decide(
        me(),
        posts,
        body,
        lambda: deliveries.approve_story(me(), story, body.revisions, due, zone),
    )
    return answers.story(story)


@operation(
    "GET", "/posts/<int:post_id>", role=Role.VIEWER, scope=Scope.READ, answer=schemas.PostOut
)
def read_post(post_id: int) -> Json:
    """A post, where it stands, and what became of it."""
    return answers.post(_post(post_id))


@operation(
    "PATCH",
    "/posts/<int:post_id>",
    role=Role.AUTHOR,
    scope=Scope.WRITE,
    body=schemas.PostChange,
    answer=schemas.PostOut,
    if_match=True,
)
def change_post(post_id: int, body: schemas.PostChange) -> Json:
    """Change a post; If-Match names the ETag that was read. An approval becomes void, the time stays."""
    post = _post(post_id)
    version = _matched(post)
    changes = body.model_dump(exclude_none=True, exclude={"planned_at", "tz", "media"})
    if body.media is not None:
        changes["media"] = verbs.pictures(body.media, post.head.draft.media)
    zone = body.tz or post.planned_zone or me().timezone
    planned = zones.parse_instant(body.planned_at, zone) if body.planned_at else None
    unplan = "planned_at" in body.model_fields_set and planned is None
    verbs.change(me(), post, changes, version=version, planned_at=planned, zone=zone, unplan=unplan)
    return answers.post(post)


@operation(
    "POST",
    "/posts/<int:post_id>/submit",
    role=Role.AUTHOR,
    scope=Scope.WRITE,
    body=schemas.Nothing,
    answer=schemas.PostOut,
)
def submit_post(post_id: int, body: schemas.Nothing) -> Json:
    """Hand a post to the editors."""
    post = _post(post_id)
    review.submit(me(), post)
    return answers.post(post)


@operation(
    "POST",
    "/posts/<int:post_id>/approve",
    role=Role.EDITOR,
    scope=Scope.REVIEW,
    body=schemas.ApprovePost,
    answer=schemas.PostOut,
)
def approve_post(post_id: int, body: schemas.ApprovePost) -> Json:
    """Approve the revision that was read, and schedule it if it has a time."""
    post = _post(post_id)
    due, zone = _due(body.due_at, body.tz)
    verbs.decide(
        me(), [post], body, lambda: deliveries.approve(me(), post, body.revision, due, zone)
    )
    return answers.post(post)


@operation(
    "POST",
    "/posts/<int:post_id>/request-changes",
    role=Role.EDITOR,
    scope=Scope.REVIEW,
    body=schemas.Reason,
    answer=schemas.PostOut,
)
def request_changes(post_id: int, body: schemas.Reason) -> Json:
    """Send a post back with the reason."""
    post = _post(post_id)
    review.request_changes(me(), post, body.reason)
    return answers.post(post)


@operation(
    "POST",
    "/posts/<int:post_id>/schedule",
    role=Role.EDITOR,
    scope=Scope.REVIEW,
    body=schemas.Schedule,
    answer=schemas.PostOut,
)
def schedule_post(post_id: int, body: schemas.Schedule) -> Json:
    """Put an approved post on the calendar, or give it another time."""
    post = _post(post_id)
    zone = body.tz or me().timezone
    due = zones.parse_instant(body.due_at, zone)
    verbs.decide(me(), [post], body, lambda: deliveries.schedule(me(), post, due, zone))
    return answers.post(post)


@operation(
    "POST",
    "/posts/<int:post_id>/cancel",
    role=Role.EDITOR,
    scope=Scope.REVIEW,
    body=schemas.Nothing,
    answer=schemas.PostOut,
)
def cancel_post(post_id: int, body: schemas.Nothing) -> Json:
    """Take a post off the calendar."""
    post = _post(post_id)
    deliveries.cancel(me(), post)
    return answers.post(post)


@operation(
    "GET",
    "/calendar",
    role=Role.VIEWER,
    scope=Scope.READ,
    answer=schemas.CalendarOut,
    query=("from", "to", "account", "status", "author"),
)
def read_calendar() -> Json:
    """What is shown between two times, by time; the next 30 days if they are left out."""
    zone = me().timezone
    start = _time("from", zone) or clock.now()
    end = _time("to", zone) or start + timedelta(days=30)
    if not start <= end <= start + timedelta(days=MOST_DAYS):
        raise Invalid(
            _("Ask for at most %(days)s days, from the earlier to the later.", days=MOST_DAYS)
        )
    filters = Filters.of(
        {name: request.args.getlist(name) for name in ("account", "status", "author")}
    )
    return {
        "entries": [answers.entry(each) for each in calendar.entries(me(), start, end, filters)]
    }


def _sent_picture() -> media.Ready:
    file = request.files.get("file")
    if file is None:
        raise Invalid(_("Send the picture as the form field “file”."), code="file_missing")
    return media.prepare(me(), file.filename or "", file.read(), request.form.get("alt", ""))


@operation(
    "POST",
    "/media",
    role=Role.AUTHOR,
    scope=Scope.WRITE,
    answer=schemas.MediaOut,
    status=201,
    upload=True,
    before=_sent_picture,
)
def upload_media(ready: media.Ready) -> Json:
    """Upload a picture as the form field `file`, with `alt`."""
    return answers.picture(media.keep(me(), ready))


@operation("GET", "/accounts", role=Role.VIEWER, scope=Scope.READ, answer=schemas.AccountsOut)
def read_accounts() -> Json:
    """The connected accounts."""
    return {"accounts": [answers.account(each) for each in accounts.all_accounts()]}


@operation(
    "POST",
    "/feeds",
    role=Role.VIEWER,
    scope=Scope.FEEDS,
    body=schemas.NewFeed,
    answer=schemas.FeedOut,
    status=201,
)
def create_feed(body: schemas.NewFeed) -> Json:
    """Subscribe to the calendar. The address is shown this once."""
    language = answers.language_of(me(), body.language)
    filters = body.filters.model_dump(exclude_defaults=True)
    feed, url = feeds.make(me(), body.name, filters, body.detail, language)
    return {"id": feed.id, "url": url}


@operation(
    "DELETE",
    "/feeds/<int:feed_id>",
    role=Role.VIEWER,
    scope=Scope.FEEDS,
    answer=None,
    status=204,
)
def delete_feed(feed_id: int) -> Json:
    """End a subscription: its address answers 410 from now on."""
    feeds.revoke(me(), feeds.get(me(), feed_id))
    return {}


@blueprint.errorhandler(DomainError)
def _refused(error: DomainError) -> Response:
    extra = dict(error.values)
    if isinstance(error, Invalid) and error.fields:
        extra["fields"] = error.fields
    response = problem(error.status, error.code, error.message, extra)
    if error.status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


@blueprint.errorhandler(HTTPException)
def _failed(error: HTTPException) -> Response:
    return problem(error.code or 500, error.name.lower().replace(" ", "_"), error.description or "")


@blueprint.errorhandler(Exception)
def _bug(error: Exception) -> Response:
    if current_app.testing:
        raise error
    current_app.logger.exception("unhandled error in the API")
    return problem(500, "internal_error", _("Something broke on our side. It has been logged."))


def _story(story_id: int) -> Story:
    return stories.get_story(me(), story_id)


def _post(post_id: int) -> Post:
    return stories.get_post(me(), post_id)


def _matched(post: Post) -> int:
    """The version that the caller read. Raises PreconditionRequired, or PreconditionFailed if it is stale."""
    if not request.if_match:
        raise PreconditionRequired(_("Send If-Match with the ETag that GET gave."))
    if not request.if_match.contains(str(post.version)):
        raise PreconditionFailed(
            _("Somebody else changed this post. Read it again."), version=post.version
        )
    return post.version


def _category(slug: str | None) -> int | None:
    if slug is None:
        return None
    for category in categories.categories():
        if category.slug == slug:
            return category.id
    raise NotFound(_("There is no category “%(slug)s”.", slug=slug), code="category_unknown")


def _start(given: schemas.NewPost) -> verbs.Start:
    zone = given.tz or me().timezone
    draft = Draft(
        title=given.title,
        text=given.text,
        link=given.link,
        media=verbs.pictures(given.media),
        thread=given.thread,
        when_late=given.when_late,
    )
    planned = zones.parse_instant(given.planned_at, zone) if given.planned_at else None
    return given.account, draft, planned, zone


def _due(text: str | None, zone: str) -> tuple[datetime | None, str]:
    zone = zone or me().timezone
    return (zones.parse_instant(text, zone) if text else None), zone


def _time(name: str, zone: str) -> datetime | None:
    given = request.args.get(name)
    return zones.parse_instant(given.replace(" ", "+"), zone) if given else None
