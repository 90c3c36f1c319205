"""X: create, look up, delete and list posts, and who am I."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Any

from sandbox import length, x_errors, x_view
from sandbox.accounts import XAccount
from sandbox.ledger import Post
from sandbox.media import Media
from sandbox.wire import Request, Response, reply
from sandbox.world import World

POST_USD, POST_WITH_URL_USD, READ_USD = 0.015, 0.20, 0.001
_KEYS = {
    "text": str, "media": dict, "reply": dict, "quote_tweet_id": str, "reply_settings": str, "poll": dict,
    "edit_options": dict, "community_id": str, "share_with_followers": bool, "nullcast": bool,
    "for_super_followers_only": bool, "geo": dict, "card_uri": str, "direct_message_deep_link": str,
    "made_with_ai": bool, "paid_partnership": bool,
}  # fmt: skip
_REPLY_SETTINGS = ("following", "mentionedUsers", "subscribers", "verified")
_ID = re.compile(r"[0-9]{1,19}")
_BAD = ("\ufffe", "\ufeff", "\uffff")


@dataclass(frozen=True, slots=True)
class Draft:
    """What was asked for: the text as sent and normalised, media ids, the post it answers."""

    account: XAccount
    sent: str
    text: str
    ids: list[str]
    parent: str

    @property
    def key(self) -> str:
        """Equal for two posts that X calls duplicates."""
        return f"{len(self.ids)} {' '.join(self.text.split()).casefold()}"


def create(world: World, account: XAccount, request: Request, _: str) -> Response:
    """POST /2/tweets. Check and create are one step: of two equal posts at once one is refused."""
    if request.content_type != "application/json":
        return x_errors.invalid("Requests with bodies must have content-type of application/json.")
    body = request.json()
    problem = _shape(body)
    if problem:
        return problem
    text = unicodedata.normalize("NFC", body.get("text", ""))
    ids = body.get("media", {}).get("media_ids", [])
    parent = body.get("reply", {}).get("in_reply_to_tweet_id", "")
    with world.ledger.lock, world.media.lock:
        draft = Draft(account, body.get("text", ""), text, ids, parent)
        refusal = _refusal(world, draft, body)
        if refusal:
            return refusal
        post = _record(world, draft)
    shown = {"id": post.id, "text": x_view.wrapped(post).text, "edit_history_tweet_ids": [post.id]}
    return reply(201, {"data": shown}, decision=f"created {post.id}")


def _shape(body: Any) -> Response | None:
    """The first way in which `body` is not what the document allows (additionalProperties: false)."""
    if not isinstance(body, dict):
        return x_errors.invalid("The request body must be a JSON object.")
    for key, value in body.items():
        if key not in _KEYS or not isinstance(value, _KEYS[key]):
            fault = "has the wrong type" if key in _KEYS else "is not defined in the schema"
            return x_errors.invalid(f"[$.{key}] {fault}.", {key: [str(value)[:80]]})
    problem = _media_shape(body.get("media")) or _reply_shape(body.get("reply"))
    if problem:
        return problem
    if body.get("reply_settings", "verified") not in _REPLY_SETTINGS:
        return x_errors.invalid(
            "Unknown reply_settings.", {"reply_settings": [body["reply_settings"]]}
        )
    if not body.get("text", "").strip() and not body.get("media"):
        return x_errors.invalid("Please include either text or media in your Tweet.")
    return None


def _media_shape(media: dict[str, Any] | None) -> Response | None:
    if media is None:
        return None
    ids = media.get("media_ids")
    if set(media) - {"media_ids", "tagged_user_ids"} or not _ids(ids, 1, 4):
        return x_errors.invalid(
            "media.media_ids takes 1 to 4 ids.", {"media.media_ids": [str(ids)]}
        )
    return None


def _reply_shape(answer: dict[str, Any] | None) -> Response | None:
    if answer is None:
        return None
    parent = answer.get("in_reply_to_tweet_id")
    if set(answer) - {"in_reply_to_tweet_id", "exclude_reply_user_ids"} or not _ids([parent], 1, 1):
        shown = {"reply.in_reply_to_tweet_id": [str(parent)[:80]]}
        return x_errors.invalid("reply.in_reply_to_tweet_id must be an id.", shown)
    return None


def _ids(value: Any, least: int, most: int) -> bool:
    if not isinstance(value, list) or not least <= len(value) <= most:
        return False
    return all(isinstance(item, str) and _ID.fullmatch(item) for item in value)


def _refusal(world: World, draft: Draft, body: dict[str, Any]) -> Response | None:
    settings, purse, account = world.settings, world.meters["purse"], draft.account
    forbidden = any(bad in draft.text for bad in _BAD) or "quote_tweet_id" in body or "poll" in body
    if forbidden or _too_long(draft.text, account.premium or settings.x_premium):
        return x_errors.forbidden()
    if length.cashtags(draft.text) > 1:
        return x_errors.forbidden("You are limited to a maximum of one cashtag per Post.")
    if draft.parent and not _own(world, account, draft.parent):
        return x_errors.stranger()
    if any(not _ready(world, account, item) for item in draft.ids):
        return x_errors.media_invalid(draft.ids)
    twin = world.ledger.like("x", account.user_id, draft.key)
    if twin and world.clock.time() - twin.created_at < settings.duplicate_window_seconds:
        answer = x_errors.duplicate()
        answer.decision = f"refused: duplicate of {twin.id}"
        return answer
    if settings.x_monthly_cap is not None and purse.posts >= settings.x_monthly_cap:
        return x_errors.usage_capped()
    cost = POST_WITH_URL_USD if length.urls(draft.text) else POST_USD
    return None if purse.charge(cost, settings.x_credits_usd) else x_errors.credits_depleted()


def _too_long(text: str, premium: bool) -> bool:
    if len(text) > length.PREMIUM_LIMIT:
        return True
    return length.weigh(text) > (length.PREMIUM_LIMIT if premium else length.LIMIT)


def _own(world: World, account: XAccount, post_id: str) -> bool:
    post = world.ledger.posts.get(post_id)
    return bool(
        post and post.platform == "x" and post.account == account.user_id and not post.deleted
    )


def _ready(world: World, account: XAccount, media_id: str) -> bool:
    media = world.media.find("x", account.user_id, media_id)
    if media is None or not media.finalised or media.failed:
        return False
    return world.clock.time() >= media.ready_at


def _record(world: World, draft: Draft) -> Post:
    user = draft.account.user_id
    found = [world.media.find("x", user, item) for item in draft.ids]
    media: list[Media] = [item for item in found if item is not None]
    post = Post(
        "x", user, world.ledger.next_id(), draft.sent, world.clock.time(),
        reply_to=draft.parent,
        media=[item.shown() for item in media],
        urls=[url.expanded for url in length.urls(draft.text)],
    )  # fmt: skip
    world.ledger.create(post, draft.key)
    world.meters["purse"].posts += 1
    for item in media:
        item.used_by = post.id
        world.media.save(item)
    return post


def delete(world: World, account: XAccount, _: Request, post_id: str) -> Response:
    """Also true for what is already gone; somebody else's is refused."""
    post = world.ledger.posts.get(post_id)
    if post and (post.platform, post.account) != ("x", account.user_id):
        return x_errors.forbidden("You are not authorized to delete this Tweet.")
    if post and not post.deleted:
        world.ledger.delete(post)
    return reply(200, {"data": {"deleted": True}}, decision=f"deleted {post_id}")


def me(_: World, account: XAccount, request: Request, __: str) -> Response:
    fields = x_view.fields(request.query.get("user.fields", ""), x_view.USER_FIELDS)
    if isinstance(fields, Response):
        return fields
    data = {"id": account.user_id, "name": account.name, "username": account.username}
    return reply(200, {"data": data}, decision="who am I")


def lookup(world: World, _: XAccount, request: Request, post_id: str) -> Response:
    return _looked_up(world, request, [post_id], "id")


def lookup_many(world: World, _: XAccount, request: Request, __: str) -> Response:
    ids = request.query.get("ids", "").split(",")
    if not _ids(ids, 1, 100):
        return x_errors.invalid("ids takes 1 to 100 ids.", {"ids": ids[:5]})
    return _looked_up(world, request, ids, "ids")


def _looked_up(world: World, request: Request, ids: list[str], parameter: str) -> Response:
    fields = x_view.asked(request.query)
    if isinstance(fields, Response):
        return fields
    posts = [world.ledger.posts.get(item) for item in ids]
    found = [p for p in posts if p and p.platform == "x" and not p.deleted]
    missing = [item for item in ids if item not in {p.id for p in found}]
    payload: dict[str, Any] = {}
    if found:
        data = [x_view.tweet(post, fields) for post in found]
        payload["data"] = data[0] if parameter == "id" else data
        payload.update(x_view.includes(world, found, request.query))
    if missing:
        payload["errors"] = [x_errors.not_found(item, parameter) for item in missing]
    return reply(200, payload, decision=f"looked up {len(found)} of {len(ids)}")


def timeline(world: World, account: XAccount, request: Request, user_id: str) -> Response:
    """GET /2/users/:id/tweets: newest first, late by the timeline's lag."""
    query = request.query
    wanted = x_view.page(query)
    fields = x_view.asked(query)
    if isinstance(wanted, Response):
        return wanted
    if isinstance(fields, Response):
        return fields
    if user_id not in world.accounts.x:
        return reply(200, {"errors": [x_errors.not_found(user_id)]}, decision="no such user")
    horizon = world.clock.time() - world.settings.timeline_lag_seconds
    posts = [
        post
        for post in reversed(world.ledger.of("x", user_id))
        if not post.deleted and post.created_at <= horizon and wanted.takes(post)
    ][: wanted.reach]
    shown, token = wanted.cut(posts)
    if not shown:
        return reply(200, {"meta": {"result_count": 0}}, decision="listed 0")
    meta: dict[str, Any] = {
        "result_count": len(shown), "newest_id": shown[0].id, "oldest_id": shown[-1].id,
    }  # fmt: skip
    if token:
        meta["next_token"] = token
    payload = {"data": [x_view.tweet(post, fields) for post in shown]}
    payload.update(x_view.includes(world, shown, query))
    world.meters["purse"].charge(READ_USD * len(shown), None)
    return reply(200, {**payload, "meta": meta}, decision=f"listed {len(shown)}")
