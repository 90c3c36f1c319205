"""X's media upload v2: one-shot and chunked, processing states, alt text."""

from __future__ import annotations

import math
from typing import Any

from sandbox import x_errors
from sandbox.accounts import XAccount
from sandbox.media import LIFETIME, Media, sniff
from sandbox.wire import Request, Response, reply
from sandbox.world import World

CHUNK_MAX = 5 * 1024 * 1024
IMAGE_MAX, GIF_MAX, VIDEO_MAX = 5 * 1024 * 1024, 15 * 1024 * 1024, 512 * 1024 * 1024
ALT_MAX = 1000
CATEGORIES = (
    "tweet_image", "tweet_gif", "tweet_video", "amplify_video", "dm_image", "dm_gif", "dm_video", "subtitles",
)  # fmt: skip
_INIT_KEYS = {"media_type", "total_bytes", "media_category", "additional_owners", "shared"}


def upload(world: World, account: XAccount, request: Request, _: str) -> Response:
    """One-shot upload of a picture."""
    if request.content_type != "multipart/form-data":
        return x_errors.invalid("Requests must have content-type of multipart/form-data.")
    parts = {part.name: part.content for part in request.parts()}
    data, category = parts.get("media", b""), parts.get("media_category", b"").decode("latin-1")
    if not data or category not in CATEGORIES:
        return x_errors.invalid(
            "media and media_category are required.", {"media_category": [category]}
        )
    if len(data) > IMAGE_MAX:
        return x_errors.problem(413, "Payload Too Large", "Payload Too Large")
    if not sniff(data):
        return x_errors.invalid("Unsupported media type.", {"media": []})
    media = world.media.open("x", account.user_id, sniff(data), category=category)
    world.media.finish(media, data)
    return reply(200, {"data": _shown(media)}, decision=f"uploaded {media.id}")


def initialize(world: World, account: XAccount, request: Request, _: str) -> Response:
    if request.content_type != "application/json":
        return x_errors.invalid("Requests with bodies must have content-type of application/json.")
    body = request.json()
    if not isinstance(body, dict) or set(body) - _INIT_KEYS:
        return x_errors.invalid("An undefined property was sent.")
    total, mime = body.get("total_bytes"), body.get("media_type")
    category = body.get("media_category", "tweet_image")
    if isinstance(total, bool) or not isinstance(total, int) or not isinstance(mime, str):
        return x_errors.invalid(
            "media_type and total_bytes are required.", {"total_bytes": [str(total)]}
        )
    if category not in CATEGORIES:
        return x_errors.invalid("Unknown media_category.", {"media_category": [str(category)]})
    most = {"tweet_image": IMAGE_MAX, "tweet_gif": GIF_MAX}.get(category, VIDEO_MAX)
    if not 0 < total <= most:
        return x_errors.invalid("File size is out of bounds.", {"total_bytes": [str(total)]})
    media = world.media.open("x", account.user_id, mime, category=category, total_bytes=total)
    shown = {"id": media.id, "media_key": media.key, "expires_after_secs": LIFETIME}
    return reply(200, {"data": shown}, decision=f"initialised {media.id}")


def append(world: World, account: XAccount, request: Request, media_id: str) -> Response:
    """One segment; the same segment again replaces it."""
    if request.content_type != "multipart/form-data":
        return x_errors.invalid("Requests must have content-type of multipart/form-data.")
    parts = {part.name: part.content for part in request.parts()}
    index, data = parts.get("segment_index", b"").decode("latin-1"), parts.get("media", b"")
    if not index.isdigit() or int(index) > 999 or not data:
        return x_errors.invalid("segment_index and media are required.", {"segment_index": [index]})
    if len(data) > CHUNK_MAX:
        return x_errors.problem(413, "Payload Too Large", "Payload Too Large")
    with world.media.lock:
        media = world.media.find("x", account.user_id, media_id)
        if media is None or media.finalised:
            return x_errors.media_invalid([media_id])
        media.chunks[int(index)] = data
    expires = int(world.clock.time()) + LIFETIME
    return reply(200, {"data": {"expires_at": expires}}, decision=f"appended {media_id}/{index}")


def finalize(world: World, account: XAccount, _: Request, media_id: str) -> Response:
    """All segments must be there, without gaps, and make up the size that was announced."""
    with world.media.lock:
        media = world.media.find("x", account.user_id, media_id)
        if media is None:
            return x_errors.media_invalid([media_id])
        if not media.finalised:
            data = b"".join(media.chunks[i] for i in sorted(media.chunks))
            gaps = sorted(media.chunks) != list(range(len(media.chunks)))
            if gaps or len(data) != media.total_bytes:
                return x_errors.invalid("Segments do not add up to provided total file size.")
            if media.mime.startswith("image/") and sniff(data) != media.mime:
                announced = {"media_type": [media.mime]}
                return x_errors.invalid("The media is not of its announced type.", announced)
            _begin_processing(world, media)
            world.media.finish(media, data)
    shown = _shown(media)
    info = _processing(world, media)
    if info:
        shown["processing_info"] = info
        media.checked_at = world.clock.time()
    return reply(200, {"data": shown}, decision=f"finalised {media_id}")


def status(world: World, account: XAccount, request: Request, _: str) -> Response:
    """pending, in_progress, succeeded or failed; asked sooner than told, 429."""
    query = request.query
    media_id = query.get("media_id", "")
    if query.get("command") != "STATUS":
        return x_errors.invalid("command must be STATUS.", {"command": [query.get("command", "")]})
    media = world.media.find("x", account.user_id, media_id)
    if media is None or not media.finalised:
        return x_errors.media_invalid([media_id])
    now = world.clock.time()
    info = _processing(world, media)
    if info and media.checked_at and now < media.checked_at + 0.9:
        return x_errors.too_many()
    media.checked_at = now
    done = {"state": "succeeded", "progress_percent": 100}
    shown = {**_shown(media), "processing_info": info or done}
    return reply(200, {"data": shown}, decision=f"status of {media_id}")


def metadata(world: World, account: XAccount, request: Request, _: str) -> Response:
    """The alt text of an upload: at most 1,000 characters."""
    if request.content_type != "application/json":
        return x_errors.invalid("Requests with bodies must have content-type of application/json.")
    body = request.json()
    if not isinstance(body, dict) or set(body) != {"id", "metadata"}:
        return x_errors.invalid("id and metadata are required, nothing else.")
    media = world.media.find("x", account.user_id, str(body["id"]))
    if not isinstance(body["id"], str) or media is None:
        return x_errors.media_invalid([str(body["id"])])
    described = body["metadata"]
    alt = described.get("alt_text") if isinstance(described, dict) else None
    text = alt.get("text") if isinstance(alt, dict) and set(alt) == {"text"} else None
    if not isinstance(text, str) or len(text) > ALT_MAX:
        return x_errors.invalid("alt_text.text takes at most 1000 characters.", {"metadata": []})
    media.alt = text
    world.media.save(media)
    shown = {"id": media.id, "associated_metadata": {"alt_text": {"text": text}}}
    return reply(200, {"data": shown}, decision=f"described {media.id}")


def _shown(media: Media) -> dict[str, Any]:
    return {
        "id": media.id,
        "media_key": media.key,
        "size": media.size,
        "expires_after_secs": LIFETIME,
    }


def _begin_processing(world: World, media: Media) -> None:
    settings = world.settings
    still = media.category == "tweet_image"
    seconds = settings.media_processing_seconds if still else settings.video_processing_seconds
    media.ready_at = world.clock.time() + seconds
    media.created_at = world.clock.time()
    media.failed = settings.media_processing_fails


def _processing(world: World, media: Media) -> dict[str, Any]:
    """`processing_info`, empty when the media is ready."""
    left = media.ready_at - world.clock.time()
    if left > 0:
        share = (world.clock.time() - media.created_at) / (media.ready_at - media.created_at)
        wait = {"check_after_secs": max(1, min(5, math.ceil(left)))}
        if share < 0.2:
            return {"state": "pending", **wait}
        return {"state": "in_progress", "progress_percent": int(share * 100), **wait}
    if media.failed:
        error = {"code": 1, "name": "InvalidMedia", "message": "Unsupported video format"}
        return {"state": "failed", "progress_percent": 12, "error": error}
    return {}
