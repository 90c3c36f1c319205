"""Facebook: what a Page's edges do: feed, photos, published_posts."""

from __future__ import annotations

import base64
import binascii
import json
import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from sandbox import facebook_errors as errors
from sandbox import facebook_objects as objects
from sandbox import length
from sandbox.accounts import Page
from sandbox.ledger import Post
from sandbox.media import Media, sniff
from sandbox.wire import Response, reply
from sandbox.world import World

if TYPE_CHECKING:
    from sandbox.facebook import Call

MESSAGE_MAX = 63_206
PHOTO_MAX = 4 * 1024 * 1024
PHOTOS_MAX = 10
SOONEST, LATEST = 600, 30 * 86_400
"""Seconds ahead between which a post may be scheduled natively."""


def feed(world: World, call: Call, page: Page) -> Response:
    """POST /{page}/feed. Check and create are one step."""
    params = call.params
    message, link = params.get("message", ""), params.get("link", "")
    published = boolean(params.get("published", "true"))
    if published is None:
        return errors.parameter("Param published must be a boolean")
    problem = _text_problem(message) or _link_problem(link)
    if problem:
        return problem
    due = _schedule(world, params.get("scheduled_publish_time", ""), published)
    if isinstance(due, Response):
        return due
    with world.ledger.lock, world.media.lock:
        photos = _attached(world, page, params)
        if isinstance(photos, Response):
            return photos
        if not message.strip() and not link and not photos:
            return errors.parameter("Missing message or attachment", 1349125)
        if _repeats(world, page, message):
            return errors.duplicate()
        post = record(world, page, message, link, photos, published=published, due=due)
    answer: dict[str, Any] = {"id": post.id}
    if params.get("fields"):
        shown = objects.fields(world, post, params["fields"])
        if isinstance(shown, Response):
            return errors.after_create(shown, answer, decision=f"created {post.id}")
        answer |= shown
    return reply(200, answer, decision=f"created {post.id}", kind=errors.JSON)


def photos(world: World, call: Call, page: Page) -> Response:
    """POST /{page}/photos by multipart; fetching by `url` is refused, as nothing here goes out."""
    params, file = call.params, call.files.get("source")
    if "url" in params:
        hint = "The sandbox fetches nothing: send source"
        return errors.error(324, "(#324) Missing or invalid image file", user=hint)
    if file is None or not sniff(file.content):
        return errors.bad_image()
    if len(file.content) > PHOTO_MAX:
        return errors.bad_image(1366046)
    published = boolean(params.get("published", "true"))
    if published is None:
        return errors.parameter("Param published must be a boolean")
    caption = params.get("caption", "") or params.get("message", "")
    with world.ledger.lock, world.media.lock:
        if published and _repeats(world, page, caption):
            return errors.duplicate()
        media = world.media.open("facebook", page.page_id, sniff(file.content))
        media.alt = params.get("alt_text_custom", "")
        world.media.finish(media, file.content)
        if not published:
            return reply(200, {"id": media.id}, decision=f"uploaded {media.id}", kind=errors.JSON)
        post = record(world, page, caption, "", [media])
    answer = {"id": media.id, "post_id": post.id}
    return reply(200, answer, decision=f"created {post.id}", kind=errors.JSON)


def record(
    world: World, page: Page, message: str, link: str, photos: list[Media],
    *, published: bool = True, due: float | None = None,
) -> Post:  # fmt: skip
    found = [url.expanded for url in length.urls(unicodedata.normalize("NFC", message))]
    post = Post(
        "facebook", page.page_id, f"{page.page_id}_{world.ledger.next_id()}", message, world.clock.time(),
        link=link, media=[photo.shown() for photo in photos], urls=found + ([link] if link else []),
        published=published, scheduled_for=due,
    )  # fmt: skip
    world.ledger.create(post, message)
    for photo in photos:
        photo.used_by = post.id
        world.media.save(photo)
    return post


def boolean(value: str) -> bool | None:
    return {"true": True, "1": True, "false": False, "0": False}.get(value.lower())


def _text_problem(message: str) -> Response | None:
    if len(message) > MESSAGE_MAX:
        return errors.parameter(f"The message may have at most {MESSAGE_MAX} characters")
    return None


def _link_problem(link: str) -> Response | None:
    if not link:
        return None
    try:
        split = urlsplit(link)
        host = split.hostname or ""
    except ValueError:
        return errors.parameter("The url you supplied is invalid", 2061006)
    if split.scheme not in ("http", "https") or not host or any(c.isspace() for c in link):
        return errors.parameter("The url you supplied is invalid", 2061006)
    if host == "facebook.com" or host.endswith(".facebook.com"):
        return errors.parameter("The link may not lead to facebook.com", 1609008)
    return None


def _schedule(world: World, value: str, published: bool) -> float | Response | None:
    if not value:
        return None
    due = instant(value)
    ahead = (due or 0.0) - world.clock.time()
    if due is None or published or not SOONEST <= ahead <= LATEST:
        return errors.parameter("The specified scheduled publish time is invalid")
    return due


def _attached(world: World, page: Page, params: dict[str, str]) -> list[Media] | Response:
    """The photos named by attached_media, a JSON array or attached_media[0], [1] …"""
    raw = params.get("attached_media")
    keys = [f"attached_media[{i}]" for i in range(PHOTOS_MAX + 1)]
    indexed = [params[key] for key in keys if key in params]
    try:
        named = json.loads(raw) if raw is not None else [json.loads(item) for item in indexed]
        ids = [item["media_fbid"] for item in named] if isinstance(named, list) else None
    except (ValueError, TypeError, KeyError):
        ids = None
    if ids is None or len(ids) > PHOTOS_MAX:
        return errors.parameter("Param attached_media must be an array.")
    found: list[Media] = []
    for media_id in map(str, ids):
        media = world.media.find("facebook", page.page_id, media_id)
        if media is None:
            return errors.gone(media_id, "post")
        if media.used_by or media in found:
            return errors.parameter("These photos were already posted.", 1366051)
        found.append(media)
    return found


def _repeats(world: World, page: Page, message: str) -> bool:
    """Is `message` the same as in the page's last post, within the window?"""
    last = world.ledger.last("facebook", page.page_id)
    if last is None or not message.strip() or last.current.strip() != message.strip():
        return False
    return world.clock.time() - last.created_at < world.settings.duplicate_window_seconds


def instant(value: str) -> float | None:
    """Unix seconds or ISO 8601; None when it is neither."""
    if value.lstrip("-").isdigit():
        return float(value)
    try:
        parsed = datetime.fromisoformat(value)
    except ValueError:
        return None
    return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()


def listing(world: World, call: Call, page: Page) -> Response:
    """GET /{page}/feed and /published_posts: newest first, late by the timeline's lag."""
    window = _window(call.params)
    if isinstance(window, Response):
        return window
    size, since, until, before, after = window
    now = world.clock.time()
    horizon = now - world.settings.timeline_lag_seconds
    rest = [
        post
        for post in reversed(world.ledger.of("facebook", page.page_id))
        if post.shown(now) and post.created_at <= horizon and since <= post.created_at <= until
    ]
    number = [int(post.id.partition("_")[2]) for post in rest]
    if before is not None:
        rest = [post for post, n in zip(rest, number, strict=True) if n > before][-size:]
    elif after is not None:
        rest = [post for post, n in zip(rest, number, strict=True) if n < after]
    shown, more = rest[:size], len(rest) > size
    asked = call.params.get("fields", "created_time,message,id")
    data = [objects.fields(world, post, asked) for post in shown]
    wrong = next((item for item in data if isinstance(item, Response)), None)
    if wrong:
        return wrong
    answer: dict[str, Any] = {"data": data}
    if shown:
        answer["paging"] = _paging(world, call, shown, more)
    return reply(200, answer, decision=f"listed {len(shown)}", kind=errors.JSON)


Window = tuple[int, float, float, int | None, int | None]


def _window(params: dict[str, str]) -> Window | Response:
    limit = params.get("limit", "25")
    if not limit.isdigit() or not 1 <= int(limit) <= 100:
        return errors.parameter("Param limit must be a number between 1 and 100")
    since = instant(params["since"]) if params.get("since") else 0.0
    until = instant(params["until"]) if params.get("until") else float("inf")
    if since is None or until is None:
        return errors.parameter("Param since or until is not a time")
    try:
        before, after = (_uncursor(params.get(name, "")) for name in ("before", "after"))
    except ValueError:
        return errors.parameter("Invalid cursor")
    return int(limit), since, until, before, after


def _paging(world: World, call: Call, shown: list[Post], more: bool) -> dict[str, Any]:
    cursors = {"before": _cursor(shown[0]), "after": _cursor(shown[-1])}
    paging: dict[str, Any] = {"cursors": cursors}
    if more:
        query = {k: v for k, v in call.params.items() if k not in ("before", "after")}
        query |= {"access_token": call.token, "after": cursors["after"]}
        path = f"/facebook/{call.version}/{'/'.join(call.segments)}"
        paging["next"] = f"{world.url}{path}?{urlencode(query)}"
    return paging


def _cursor(post: Post) -> str:
    return base64.urlsafe_b64encode(post.id.partition("_")[2].encode()).decode()


def _uncursor(value: str) -> int | None:
    if not value:
        return None
    try:
        return int(base64.urlsafe_b64decode(value.encode()))
    except (binascii.Error, UnicodeEncodeError) as problem:
        raise ValueError("no cursor") from problem


EDGES: dict[tuple[str, str], Callable[[World, Any, Page], Response]] = {
    ("POST", "feed"): feed,
    ("POST", "photos"): photos,
    ("GET", "feed"): listing,
    ("GET", "posts"): listing,
    ("GET", "published_posts"): listing,
}
