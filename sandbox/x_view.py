"""How X shows a post: t.co-wrapped, HTML-escaped, field by field, page by page."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sandbox import length, x_errors
from sandbox.ledger import Post
from sandbox.wire import Response
from sandbox.world import World

_TWEET_NAMES = (
    "article attachments author_id card_uri community_id context_annotations conversation_id created_at "
    "display_text_range edit_controls edit_history_tweet_ids entities geo id in_reply_to_user_id lang "
    "non_public_metrics note_tweet organic_metrics possibly_sensitive promoted_metrics public_metrics "
    "referenced_tweets reply_settings source text withheld"
)
_USER_NAMES = (
    "affiliation connection_status created_at description entities id location most_recent_tweet_id name "
    "pinned_tweet_id profile_image_url protected public_metrics url username verified verified_type "
    "withheld"
)
TWEET_FIELDS, USER_FIELDS = frozenset(_TWEET_NAMES.split()), frozenset(_USER_NAMES.split())
_ALWAYS = frozenset({"id", "text", "edit_history_tweet_ids"})
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


@dataclass
class Wrapped:
    text: str = ""
    entities: list[dict[str, Any]] = field(default_factory=list)


def short(url: str, post_id: str) -> str:
    digest = hashlib.sha256(f"{post_id} {url}".encode()).digest()
    return "https://t.co/" + base64.b64encode(digest, b"Az").decode()[:10]


def wrapped(post: Post) -> Wrapped:
    """The text as the API returns it, with its address entities; the media's address trails."""
    result, at = Wrapped(), 0
    source = post.text
    for url in length.urls(source):
        result.text += source[at : url.start].translate(_ESCAPES)
        _entity(result, short(url.expanded, post.id), url.expanded, url.text.split("://")[-1])
        at = url.end
    result.text += source[at:].translate(_ESCAPES)
    if post.media:
        result.text += " " if result.text else ""
        address = f"https://x.com/i/status/{post.id}/photo/1"
        first = len(result.entities)
        _entity(result, short(address, post.id), address, f"pic.x.com/{post.id[-10:]}")
        tail = result.entities.pop(first)
        result.entities += [{**tail, "media_key": f"3_{media['id']}"} for media in post.media]
    return result


def _entity(result: Wrapped, tco: str, expanded: str, display: str) -> None:
    start = len(result.text)
    result.text += tco
    shown = display if len(display) <= 30 else display[:29] + "…"
    result.entities.append(
        {
            "start": start,
            "end": start + len(tco),
            "url": tco,
            "expanded_url": expanded,
            "display_url": shown,
        }
    )


def fields(value: str, known: frozenset[str]) -> frozenset[str] | Response:
    """The comma-separated names in `value`, or X's refusal of an unknown one."""
    names = frozenset(filter(None, value.split(",")))
    if names <= known:
        return names
    wrong = sorted(names - known)
    message = f"The query parameter value [{wrong[0]}] is not one of the fields."
    return x_errors.invalid(message, {"fields": wrong})


def asked(query: dict[str, str]) -> frozenset[str] | Response:
    return fields(query.get("tweet.fields", ""), TWEET_FIELDS)


def tweet(post: Post, names: frozenset[str] | Response) -> dict[str, Any]:
    """The post with the fields asked for besides id and text."""
    shape = wrapped(post)
    full: dict[str, Any] = {
        "id": post.id,
        "text": shape.text,
        "edit_history_tweet_ids": [post.id],
        "author_id": post.account,
        "conversation_id": post.reply_to or post.id,
        "created_at": post.at.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "lang": "ko",
    }
    if shape.entities:
        full["entities"] = {"urls": shape.entities}
    if post.media:
        full["attachments"] = {"media_keys": [f"3_{media['id']}" for media in post.media]}
    if post.reply_to:
        full["referenced_tweets"] = [{"type": "replied_to", "id": post.reply_to}]
        full["in_reply_to_user_id"] = post.account
    if length.weigh(post.text) > length.LIMIT:
        full["note_tweet"] = {"text": shape.text}
        if shape.entities:
            full["note_tweet"]["entities"] = {"urls": shape.entities}
        full["text"] = shape.text[:275] + "…"
    wanted = _ALWAYS | (names if isinstance(names, frozenset) else frozenset())
    return {key: value for key, value in full.items() if key in wanted}


def includes(world: World, posts: list[Post], query: dict[str, str]) -> dict[str, Any]:
    """`includes.media`, with alt texts, when the query expands attachments."""
    if "attachments.media_keys" not in query.get("expansions", "").split(","):
        return {}
    media = [
        {"media_key": f"3_{item['id']}", "type": "photo", "alt_text": item["alt"],
         "url": world.url + item["path"]}
        for post in posts
        for item in post.media
    ]  # fmt: skip
    return {"includes": {"media": media}} if media else {}


@dataclass(frozen=True)
class Page:
    """Which part of a timeline was asked for."""

    size: int
    since: float
    until: float
    since_id: int
    before_id: int
    replies: bool

    @property
    def reach(self) -> int:
        return 3200 if self.replies else 800

    def takes(self, post: Post) -> bool:
        number = int(post.id)
        if not (self.since_id < number and int(self.since) <= int(post.created_at) < self.until):
            return False
        return self.replies or not post.reply_to

    def cut(self, posts: list[Post]) -> tuple[list[Post], str]:
        """This page's posts and the token of the next page, empty on the last."""
        rest = [post for post in posts if int(post.id) < self.before_id]
        more = len(rest) > self.size
        return rest[: self.size], f"7140{rest[self.size - 1].id}" if more else ""


def page(query: dict[str, str]) -> Page | Response:
    """Read the timeline's parameters, or X's refusal of the first wrong one."""
    name, value = "", ""
    try:
        name, value = "max_results", query.get("max_results", "10")
        size = int(value)
        if not 5 <= size <= 100:
            raise ValueError
        name, value = "start_time", query.get("start_time", "")
        since = _instant(value) if value else 0.0
        name, value = "end_time", query.get("end_time", "")
        until = _instant(value) if value else float("inf")
        name, value = "since_id", query.get("since_id", "0")
        since_id = int(value)
        name, value = "until_id", query.get("until_id", str(1 << 63))
        before = int(value)
        name, value = "pagination_token", query.get("pagination_token", "")
        if value:
            if not value.startswith("7140"):
                raise ValueError
            before = min(before, int(value[4:]))
        name, value = "exclude", query.get("exclude", "")
        if set(filter(None, value.split(","))) - {"replies", "retweets"}:
            raise ValueError
    except ValueError:
        message = f"The `{name}` query parameter value [{value}] is not valid"
        return x_errors.invalid(message, {name: [value]})
    return Page(size, since, until, since_id, before, "replies" not in value.split(","))


def _instant(value: str) -> float:
    """RFC 3339 in UTC with a Z; a fraction is allowed and dropped. Raises ValueError."""
    if not value.endswith("Z"):
        raise ValueError(value)
    whole = value[:-1].partition(".")[0]
    return datetime.strptime(whole, "%Y-%m-%dT%H:%M:%S").replace(tzinfo=UTC).timestamp()
