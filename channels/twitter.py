"""X by API v2 with OAuth 1.0a: posts, threads, images with alt text, and its own timeline."""

from __future__ import annotations

import html
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlsplit

from requests_oauthlib import OAuth1

from channels import text as x_text
from channels._twitter_answers import READ_ONLY, error_from, quota_from
from channels.base import (
    Channel,
    Content,
    Credentials,
    Found,
    Image,
    Limits,
    Measure,
    Problem,
    Receipt,
    Token,
)
from channels.errors import ChannelError, Disconnected, Rejected, Unavailable, Unconfirmed
from channels.http import Answer, Wire
from channels.images import check_images

API_URL = "https://api.x.com"

# US$ per call: docs.x.com, x-api/getting-started/pricing, in force since 20 April 2026.
POST_COST = 0.015
POST_WITH_URL_COST = 0.20
ALT_TEXT_COST = 0.005

CHUNK_BYTES = 1024 * 1024
"""Larger parts were answered with 413 and 431 by some of X's edges."""
MEDIA_POLLS = 30
TIMELINE_PAGES = 10
_SCHEME = re.compile("https?://", re.IGNORECASE)
CLOCK_SLACK = timedelta(seconds=5)

_known_ids: dict[tuple[str, str], str] = {}
"""Whose a token is never changes, and X lets us ask 75 times in 15 minutes: a process asks once."""


class Twitter(Channel):
    """One X account."""

    kind: ClassVar[str] = "twitter"
    label: ClassVar[str] = "X"
    address_form: ClassVar[str] = r"/status(?:es)?/(\d+)"
    limits: ClassVar[Limits] = Limits(
        text=x_text.MAX_LENGTH,
        images=4,
        alt_text=1000,
        image_bytes=5 * 1024 * 1024,
        url_length=x_text.URL_LENGTH,
        threads=True,
        spacing_s=15.0,
        grace_s=2 * 3600.0,
        cuts=("16:9", "1:1", "4:5"),
        shows=(3 / 4, 2.0),
    )

    def __init__(
        self,
        credentials: Credentials,
        save_token: Callable[[Token], None],
        *,
        api_url: str | None = None,
    ) -> None:
        super().__init__(credentials, save_token, api_url=api_url or API_URL)
        self._wire = Wire(self.label, credentials.values())

    @classmethod
    def check(cls, content: Content) -> list[Problem]:
        weighing = x_text.weigh(content.text)
        over = weighing.length - cls.limits.text
        problems = []
        if not content.text.strip() and not content.media:
            problems.append(Problem("text_empty"))
        if over > 0:
            values = {"length": weighing.length, "limit": cls.limits.text, "over": over}
            problems.append(Problem("text_too_long", values))
        if x_text.has_invalid_characters(content.text):
            problems.append(Problem("invalid_characters"))
        if (cashtags := x_text.count_cashtags(content.text)) > 1:
            problems.append(Problem("too_many_cashtags", {"count": cashtags, "limit": 1}))
        if weighing.urls:
            cost = f"{POST_WITH_URL_COST:.2f}"
            problems.append(Problem("costs_more", {"cost": cost}, blocking=False))
        return problems + check_images(content, cls.limits)

    @classmethod
    def measure(cls, content: Content) -> Measure:
        weighing = x_text.weigh(content.text)
        cost = POST_WITH_URL_COST if weighing.urls else POST_COST
        cost += ALT_TEXT_COST * sum(1 for image in content.media if image.alt)
        return Measure(weighing.length, cls.limits.text, round(cost, 3), weighing.over_at)

    def publish(self, content: Content, *, key: str, on_wire: Callable[[], None]) -> Receipt:
        body: dict[str, Any] = {"text": content.text}
        media = [content.staged.get(image.id) or self.stage(image)[0] for image in content.media]
        if media:
            body["media"] = {"media_ids": media}
        if content.reply_to:
            body["reply"] = {"in_reply_to_tweet_id": content.reply_to}
        answer = self._wire.create(
            "POST", f"{self.api_url}/2/tweets", on_wire=on_wire, json=body, auth=self._auth()
        )
        self.quota = quota_from(answer) or self.quota
        if answer.status >= 300:
            raise self._error(answer, creates=True)
        remote_id = (answer.json.get("data") or {}).get("id")
        if answer.status != 201 or not isinstance(remote_id, str) or not remote_id.isdigit():
            detail = self._wire.redact(answer.excerpt)
            raise Unconfirmed("X's answer could not be read.", detail=detail)
        return Receipt(remote_id, self._address(remote_id))

    def stage(self, image: Image) -> tuple[str, datetime]:
        """Upload `image` in parts with its alt text. The id lives for a day."""
        body = {
            "media_type": image.mime,
            "total_bytes": len(image.data),
            "media_category": "tweet_image",
        }
        begun = self._upload("POST", "/2/media/upload/initialize", json=body)
        media_id = str(begun.get("id", ""))
        if not media_id:
            raise Unavailable("X did not accept the image.", detail="initialize gave no id")
        for index, start in enumerate(range(0, len(image.data), CHUNK_BYTES)):
            part = image.data[start : start + CHUNK_BYTES]
            self._upload(
                "POST",
                f"/2/media/upload/{media_id}/append",
                data={"segment_index": str(index)},
                files={"media": (image.filename, part, "application/octet-stream")},
            )
        done = self._upload("POST", f"/2/media/upload/{media_id}/finalize")
        self._wait_until_ready(media_id, done)
        if image.alt:
            alt = {"id": media_id, "metadata": {"alt_text": {"text": image.alt}}}
            self._upload("POST", "/2/media/metadata", json=alt)
        lifetime = done.get("expires_after_secs")
        seconds = lifetime if isinstance(lifetime, int) else 86400
        return media_id, datetime.now(UTC) + timedelta(seconds=seconds)

    def _wait_until_ready(self, media_id: str, media: Mapping[str, Any]) -> None:
        """Ask for the state of an upload as often as X wants to be asked."""
        for _ in range(MEDIA_POLLS):
            processing = media.get("processing_info") or {}
            state = processing.get("state", "succeeded")
            if state == "succeeded":
                return
            if state == "failed":
                error = processing.get("error") or {}
                detail = self._wire.redact(str(error))
                raise Rejected(
                    "X cannot use this image.", detail=detail, code=error.get("name", "")
                )
            time.sleep(min(float(processing.get("check_after_secs") or 1), 10.0))
            query = {"command": "STATUS", "media_id": media_id}
            media = self._upload("GET", "/2/media/upload", params=query)
        raise Unavailable("X is still working on the image.", detail=f"media {media_id}")

    def retract(self, remote_id: str) -> None:
        """Delete the post. X says "deleted" also of what is gone already."""
        answer = self._wire.repeatable(
            "DELETE", f"{self.api_url}/2/tweets/{remote_id}", auth=self._auth()
        )
        if answer.status == 404:
            return
        if answer.status >= 300:
            raise self._error(answer, creates=False)
        if (answer.json.get("data") or {}).get("deleted") is not True:
            detail = self._wire.redact(answer.excerpt)
            raise Unavailable("X did not take the post down.", detail=detail)

    def find(self, content: Content, *, since: datetime) -> Sequence[Found]:
        """Posts equal to `content`, newest first. Raises Unavailable when it cannot read all.

        By the marker or by the text: X makes no link of an address without a public domain, and then the
        marker is only in the text.
        """
        wanted = _comparable(content.text)
        return [
            Found(post["id"], self._address(post["id"]), _instant(post["created_at"]))
            for post in self._timeline(since - CLOCK_SLACK)
            if _parent(post) == content.reply_to
            and (_carries(post, content.marker) or _comparable(_written(post)) == wanted)
        ]

    def _timeline(self, since: datetime) -> Iterator[Mapping[str, Any]]:
        query = {
            "max_results": "100",
            "start_time": since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "tweet.fields": "created_at,entities,attachments,referenced_tweets,note_tweet",
        }
        path = f"/2/users/{self._user_id()}/tweets"
        for _ in range(TIMELINE_PAGES):
            page = self._read(path, query)
            meta = page.get("meta")
            if not isinstance(meta, dict) or ("data" not in page and meta.get("result_count")):
                raise Unavailable("X's timeline could not be read.", detail="an incomplete page")
            yield from page.get("data", [])
            if not meta.get("next_token"):
                return
            query["pagination_token"] = meta["next_token"]
        raise Unavailable("X's timeline is too long to read.", detail=f"{TIMELINE_PAGES} pages")

    def identify(self) -> str:
        """Whose keys these are. Raises Disconnected also when they may read but not write."""
        answer = self._who()
        if answer.headers.get("x-access-level") == "read":
            raise Disconnected(READ_ONLY, detail="x-access-level: read")
        return self.known_as

    def _who(self) -> Answer:
        answer = self._answer("/2/users/me", {})
        me = answer.json.get("data") or {}
        user_id, name = str(me.get("id") or ""), str(me.get("username") or "")
        if not user_id or not name:
            raise Unavailable("X did not say whose account this is.")
        _known_ids[self._token] = user_id
        self.known_as = f"@{name}"
        return answer

    @property
    def _token(self) -> tuple[str, str]:
        return self.api_url, self.credentials["access_token"]

    def _user_id(self) -> str:
        if self._token not in _known_ids:
            self._who()
        return _known_ids[self._token]

    def _address(self, remote_id: str) -> str:
        username = self.known_as.removeprefix("@")
        place = f"{username}/status" if username else "i/web/status"
        return f"https://x.com/{place}/{remote_id}"

    def _read(self, path: str, query: Mapping[str, str]) -> dict[str, Any]:
        return self._answer(path, query).json

    def _answer(self, path: str, query: Mapping[str, str]) -> Answer:
        answer = self._wire.repeatable("GET", self.api_url + path, params=query, auth=self._auth())
        if answer.status == 200 and answer.json:
            return answer
        error = self._error(answer, creates=False)
        if isinstance(error, Rejected):
            raise Unavailable("X's timeline could not be read.", detail=error.detail)
        raise error

    def _upload(self, method: str, path: str, **arguments: Any) -> dict[str, Any]:
        answer = self._wire.repeatable(method, self.api_url + path, auth=self._auth(), **arguments)
        if answer.status >= 300:
            raise self._error(answer, creates=False)
        data = answer.json.get("data")
        return data if isinstance(data, dict) else {}

    def _auth(self) -> OAuth1:
        return OAuth1(
            self.credentials["consumer_key"],
            self.credentials["consumer_secret"],
            self.credentials["access_token"],
            self.credentials["access_token_secret"],
        )

    def _error(self, answer: Answer, *, creates: bool) -> ChannelError:
        return error_from(answer, self._wire.redact(answer.excerpt), creates=creates)


def _written(post: Mapping[str, Any]) -> str:
    """A post's text as it was sent: long text, t.co links expanded, no link to its own media."""
    whole = post.get("note_tweet") or post
    text = html.unescape(str(whole.get("text", "")))
    for link in _links(whole):
        own_media = "media_key" in link or _is_own_photo(link.get("expanded_url", ""))
        text = text.replace(link["url"], "" if own_media else link.get("expanded_url", ""))
    return text


def _is_own_photo(address: str) -> bool:
    """Whether X added that address for a picture of a post; a picture elsewhere is the author's own link."""
    parts = urlsplit(address)
    on_x = (parts.hostname or "").removeprefix("www.") in {"x.com", "twitter.com"}
    return on_x and "/status/" in parts.path and "/photo/" in parts.path


def _links(post: Mapping[str, Any]) -> list[Mapping[str, str]]:
    links: list[Mapping[str, str]] = (post.get("entities") or {}).get("urls") or []
    return [link for link in links if link.get("url")]


def _carries(post: Mapping[str, Any], marker: str) -> bool:
    """Whether one of the post's links has the marker among its query parameters."""
    if not marker:
        return False
    addresses = [link.get("expanded_url", "") for link in _links(post.get("note_tweet") or post)]
    addresses += [link.get("unwound_url", "") for link in _links(post)]
    return any(_has_parameter(address, marker) for address in addresses)


def _has_parameter(address: str, marker: str) -> bool:
    query = urlsplit(address).query
    return marker in query.split("&") or any(marker in pair for pair in parse_qsl(query))


def _comparable(text: str) -> str:
    """NFC, white space made equal, and no schemes: X adds one to an address that had none."""
    return " ".join(_SCHEME.sub("", x_text.nfc(text)).split())


def _parent(post: Mapping[str, Any]) -> str:
    for reference in post.get("referenced_tweets") or []:
        if reference.get("type") == "replied_to":
            return str(reference.get("id", ""))
    return ""


def _instant(moment: str) -> datetime:
    return datetime.fromisoformat(moment)
