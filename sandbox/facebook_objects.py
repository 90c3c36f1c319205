"""Facebook: one object by its id (a Page, a post, a photo), and what a token is worth."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from sandbox import facebook_errors as errors
from sandbox.accounts import Page
from sandbox.ledger import Post
from sandbox.wire import Response, reply
from sandbox.world import World

if TYPE_CHECKING:
    from sandbox.facebook import Call

SCOPES = ["pages_show_list", "pages_read_engagement", "pages_manage_posts"]
POST_FIELDS = (
    "id", "message", "created_time", "updated_time", "permalink_url", "is_published", "is_hidden",
    "scheduled_publish_time", "attachments", "from", "status_type", "full_picture",
)  # fmt: skip
_BRACES = re.compile(r"\{[^{}]*\}|\.[a-z_]+\([^()]*\)")


def answer(world: World, call: Call, page: Page, object_id: str) -> Response:
    """GET, POST (edit) or DELETE of a post or an unpublished photo of this page."""
    verb = call.method.lower()
    post = world.ledger.posts.get(object_id)
    if post is None or post.deleted or post.account != page.page_id or post.platform != "facebook":
        return _photo(world, call, page, object_id)
    if call.method == "GET":
        shown = fields(world, post, call.params.get("fields", "created_time,message,id"))
        if isinstance(shown, Response):
            return shown
        return reply(200, shown, decision=f"read {post.id}", kind=errors.JSON)
    if call.method == "DELETE":
        world.ledger.delete(post)
        return reply(200, {"success": True}, decision=f"deleted {post.id}", kind=errors.JSON)
    if call.method != "POST":
        return errors.gone(object_id, verb)
    message = call.params.get("message")
    if message is not None and len(message) > 63_206:
        return errors.parameter("The message is too long")
    if message is not None and message != post.current:
        world.ledger.edit(post, message)
    return reply(200, {"success": True}, decision=f"edited {post.id}", kind=errors.JSON)


def _photo(world: World, call: Call, page: Page, object_id: str) -> Response:
    media = world.media.find("facebook", page.page_id, object_id)
    if media is None or call.method != "GET":
        return errors.gone(object_id, call.method.lower())
    shown = {"id": media.id, "alt_text_custom": media.alt, "link": f"{world.url}/media/{media.id}"}
    return reply(200, shown, decision=f"read {media.id}", kind=errors.JSON)


def person(call: Call) -> Response:
    """Who pasted their own token where a Page's belongs."""
    return reply(200, {"id": "1234567", "name": "A Person"}, decision="who am I", kind=errors.JSON)


def page(found: Page, call: Call) -> Response:
    names = {name.strip() for name in call.params.get("fields", "id,name").split(",")} | {"id"}
    known = {
        "id": found.page_id,
        "name": found.name,
        "link": f"https://www.facebook.com/{found.page_id}",
    }
    wrong = sorted(names - set(known) - {"access_token", "category", "tasks"})
    if wrong:
        return errors.parameter(
            f"Tried accessing nonexisting field ({wrong[0]}) on node type (Page)"
        )
    shown = {key: value for key, value in known.items() if key in names}
    return reply(200, shown, decision="who am I", kind=errors.JSON)


def fields(world: World, post: Post, asked: str) -> dict[str, Any] | Response:
    """The fields of `post` named in `asked` (nested ones in braces), or Facebook's refusal."""
    names = asked
    while _BRACES.search(names):
        names = _BRACES.sub("", names)
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    for name in wanted:
        if name not in POST_FIELDS:
            return errors.parameter(
                f"Tried accessing nonexisting field ({name}) on node type (PagePost)"
            )
    now = world.clock.time()
    full: dict[str, Any] = {
        "id": post.id,
        "created_time": post.at.strftime("%Y-%m-%dT%H:%M:%S+0000"),
        "updated_time": post.at.strftime("%Y-%m-%dT%H:%M:%S+0000"),
        "permalink_url": permalink(world, post),
        "is_published": post.shown(now),
        "is_hidden": False,
        "status_type": "shared_story" if post.link else "mobile_status_update",
        "from": {"id": post.account, "name": world.accounts.pages[post.account].name},
    }
    if post.current:
        full["message"] = post.current
    if post.scheduled_for is not None:
        full["scheduled_publish_time"] = int(post.scheduled_for)
    if post.media:
        full["full_picture"] = world.url + post.media[0]["path"]
    if post.link or post.media:
        full["attachments"] = {"data": _attachments(world, post)}
    return {name: full[name] for name in (*wanted, "id") if name in full}


def permalink(world: World, post: Post) -> str:
    if world.settings.local_permalinks:
        return world.page_url(post)
    owner, _, number = post.id.partition("_")
    return f"https://www.facebook.com/{owner}/posts/{number}"


def _attachments(world: World, post: Post) -> list[dict[str, Any]]:
    pictures = [
        {
            "type": "photo",
            "description": item["alt"],
            "media": {"image": {"src": world.url + item["path"]}},
            "target": {"id": item["id"]},
        }
        for item in post.media
    ]
    if len(pictures) > 1:
        return [{"type": "album", "subattachments": {"data": pictures}}]
    if pictures:
        return list(pictures)
    shim = f"https://l.facebook.com/l.php?u={quote(post.link, safe='')}"
    target = {"url": shim}
    return [
        {
            "type": "share",
            "title": post.link,
            "url": shim,
            "unshimmed_url": post.link,
            "target": target,
        }
    ]


def debug_token(world: World, call: Call) -> Response:
    """What `input_token` is worth, asked with an app's token (id|secret) or the Page's own."""
    given = call.params.get("input_token", "")
    pages = world.accounts.pages_by_token
    apps = {f"{p.app_id}|{p.app_secret}" for p in pages.values()}
    if call.token not in apps and call.token not in pages:
        return errors.token()
    page = pages.get(given)
    state = page.state if page else "malformed"
    if page is None or state in errors.TOKENS:
        message, subcode = errors.TOKENS[state]
        error = {"code": 190, "message": message, **({"subcode": subcode} if subcode else {})}
        data: dict[str, Any] = {"error": error, "is_valid": False, "scopes": []}
    else:
        kind = "USER" if state == "user_token" else "PAGE"
        scopes = SCOPES[:2] if state == "no_permission" else SCOPES
        data = {
            "app_id": page.app_id, "type": kind, "application": "Publisher", "expires_at": 0,
            "data_access_expires_at": 0, "is_valid": True, "issued_at": int(world.clock.time()),
            "scopes": scopes, "profile_id": page.page_id, "user_id": page.page_id,
        }  # fmt: skip
    return reply(200, {"data": data}, decision="debugged a token", kind=errors.JSON)
