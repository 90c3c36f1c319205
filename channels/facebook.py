"""Facebook Pages by the Graph API v26.0, with facebook-sdk 3.1.0 behind a session of our own."""

from __future__ import annotations

import hashlib
import hmac
import json
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import unquote, urlsplit

import requests

from channels._facebook_answers import (
    NOT_THE_PAGE,
    created_anyway,
    error_from,
    is_gone,
    no_permission,
    quota_from,
)
from channels.base import (
    Channel,
    Content,
    Credentials,
    Found,
    Image,
    Limits,
    Link,
    Measure,
    Problem,
    Receipt,
    Token,
)
from channels.errors import ChannelError, Disconnected, Rejected, Unavailable, Unconfirmed
from channels.http import Answer, Wire
from channels.images import check_images
from channels.text import nfc

with warnings.catch_warnings():
    # Its regular expression "\d" warns on Python 3.12 and later; nothing else in it does.
    warnings.simplefilter("ignore")
    import facebook

API_URL = "https://graph.facebook.com"
VERSION = "v26.0"
"""Newest since 29 July 2026. facebook-sdk cannot express it, so it is set after construction."""

UNPUBLISHED_PHOTO_LIFE = timedelta(hours=20)
"""Facebook keeps an unpublished photo for about a day."""
ADDRESS_FIELD = "permalink_url"
"""Asked for with the create itself: in a read after it the receipt, which is there already, could be lost."""
TIMELINE_PAGES = 20
CLOCK_SLACK = timedelta(seconds=5)
BLOCK_MARK = "\u2500" * 8
"""The line above and below the block of links that we keep at the end of a post."""


class _Session(requests.Session):
    """What facebook-sdk talks to: our address, our deadlines, our errors, and the whole answer kept.

    The library throws status and headers away, hides errors that come as `text/javascript`, fails
    on a missing content type, puts the token into addresses, and sends nested values as the names of
    their keys; all of that is put right here.
    """

    def __init__(self, wire: Wire, api_url: str) -> None:
        super().__init__()
        self.wire = wire
        self.api_url = api_url
        self.on_wire: Callable[[], None] | None = None
        self.answer = Answer(0, {}, b"")

    def request(  # type: ignore[override]
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, Any] | None = None,
        data: Mapping[str, Any] | None = None,
        files: Mapping[str, Any] | None = None,
        timeout: object = None,
        proxies: object = None,
    ) -> requests.Response:
        address = self.api_url + "/" + url.removeprefix(facebook.FACEBOOK_GRAPH_URL)
        form = {name: _form_value(value) for name, value in (data or {}).items()}
        query = dict(params or {})
        token = query.pop("access_token", None)
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        arguments = {"params": query, "data": form, "files": files, "headers": headers}
        if self.on_wire is None:
            self.answer = self.wire.repeatable(method, address, **arguments)
        else:
            self.answer = self.wire.create(method, address, on_wire=self.on_wire, **arguments)
        return _as_json_response(self.answer)


def _as_json_response(answer: Answer) -> requests.Response:
    """The answer in the one form that the library reads: JSON that says it is JSON."""
    response = requests.Response()
    response.status_code = answer.status
    response.headers["content-type"] = "application/json"
    response._content = json.dumps(answer.json).encode()
    return response


def _form_value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | dict):
        return json.dumps(value, separators=(",", ":"))
    return str(value)


class Facebook(Channel):
    """One Facebook Page."""

    kind: ClassVar[str] = "facebook"
    label: ClassVar[str] = "Facebook"
    address_form: ClassVar[str] = r"/(\d+)(?:/posts/|_)(\d+)"
    limits: ClassVar[Limits] = Limits(
        text=63_206,
        images=10,
        alt_text=1000,
        image_bytes=4 * 1024 * 1024,
        fold=477,
        spacing_s=5.0,
        grace_s=6 * 3600.0,
        cuts=("1.91:1", "1:1", "4:5"),
        shows=(4 / 5, 2.0),
        corrects=frozenset({"text"}),
    )

    def __init__(
        self,
        credentials: Credentials,
        save_token: Callable[[Token], None],
        *,
        api_url: str | None = None,
    ) -> None:
        super().__init__(credentials, save_token, api_url=api_url or API_URL)
        self._page = credentials["page_id"]
        hidden = {name: value for name, value in credentials.items() if name != "page_id"}
        self._proof = _appsecret_proof(credentials)
        secrets = [*hidden.values(), self._proof] if self._proof else hidden.values()
        self._wire = Wire(self.label, secrets)
        self._session = _Session(self._wire, self.api_url)
        self._graph = facebook.GraphAPI(credentials["page_token"], session=self._session)
        self._graph.version = VERSION

    @classmethod
    def check(cls, content: Content) -> list[Problem]:
        problems = []
        if not content.text.strip() and not content.media and not content.link:
            problems.append(Problem("text_empty"))
        over = len(_message(content)) - cls.limits.text
        if over > 0:
            values = {"length": over + cls.limits.text, "limit": cls.limits.text, "over": over}
            problems.append(Problem("text_too_long", values))
        if content.link and not _is_web_address(content.link):
            problems.append(Problem("link_invalid"))
        return problems + check_images(content, cls.limits)

    @classmethod
    def measure(cls, content: Content) -> Measure:
        length = len(_message(content))
        return Measure(
            length, cls.limits.text, 0.0, cls.limits.text if length > cls.limits.text else None
        )

    def publish(self, content: Content, *, key: str, on_wire: Callable[[], None]) -> Receipt:
        photos = [content.staged.get(image.id) or self.stage(image)[0] for image in content.media]
        arguments: dict[str, Any] = {"message": _message(content)}
        if photos:
            arguments["attached_media"] = [{"media_fbid": photo} for photo in photos]
        elif content.link:
            arguments["link"] = content.link
        arguments["fields"] = ADDRESS_FIELD
        try:
            result = self._call(f"{self._page}/feed", post=arguments, on_wire=on_wire)
        except ChannelError:
            result = created_anyway(self._session.answer)
            if not result:
                raise
        remote_id = result.get("id")
        if not isinstance(remote_id, str) or not remote_id:
            detail = self._wire.redact(self._excerpt())
            raise Unconfirmed("Facebook's answer could not be read.", detail=detail)
        return Receipt(remote_id, _address(result))

    def stage(self, image: Image) -> tuple[str, datetime]:
        """Upload `image` as a photo that nobody sees until a post attaches it."""
        arguments: dict[str, Any] = {"published": False}
        if image.alt:
            arguments["alt_text_custom"] = image.alt
        files = {"source": (image.filename, image.data, image.mime)}
        photo = self._call(f"{self._page}/photos", post=arguments, files=files).get("id")
        if not isinstance(photo, str) or not photo:
            raise Unavailable("Facebook did not accept the image.", detail=self._excerpt())
        return photo, datetime.now(UTC) + UNPUBLISHED_PHOTO_LIFE

    def find(self, content: Content, *, since: datetime) -> Sequence[Found]:
        """Posts with the marker in an address, or with the same text.

        Both count: Facebook may show a link by the page's canonical address, which drops the marker.
        """
        wanted = _comparable(_message(content))
        return [
            Found(post["id"], _address(post), _instant(post["created_time"]))
            for post in self._timeline(since - CLOCK_SLACK)
            if _carries(post, content.marker) or _comparable(post.get("message", "")) == wanted
        ]

    def _timeline(self, since: datetime) -> Iterator[Mapping[str, Any]]:
        query = {
            "fields": "id,message,created_time,permalink_url,attachments{url,unshimmed_url}",
            "since": str(int(since.timestamp())),
            "limit": "100",
        }
        for _ in range(TIMELINE_PAGES):
            page = self._read(f"{self._page}/published_posts", query)
            posts = page.get("data")
            if not isinstance(posts, list):
                raise Unavailable("Facebook's timeline could not be read.", detail="no data")
            yield from posts
            paging = page.get("paging") or {}
            if not paging.get("next"):
                return
            query["after"] = (paging.get("cursors") or {}).get("after", "")
            if not query["after"]:
                raise Unavailable("Facebook's timeline could not be read.", detail="no cursor")
        raise Unavailable(
            "Facebook's timeline is too long to read.", detail=f"{TIMELINE_PAGES} pages"
        )

    def edit(self, remote_id: str, content: Content) -> None:
        """Set the text, and keep the block of links. A link preview cannot be changed."""
        current = self._current(remote_id)
        self._set_message(remote_id, _message(content) + _block_of(current))

    def show_links(self, remote_id: str, content: Content, links: Sequence[Link]) -> None:
        """Replace the block of links at the end of the post; what people changed above it stays."""
        current = self._current(remote_id)
        wanted = with_links(current, links)
        if wanted != current:
            self._set_message(remote_id, wanted)

    def retract(self, remote_id: str) -> None:
        """Delete the post. "Not found" counts only when it is gone for a token that reads its Page: the same
        words also say that this token has lost its rights."""
        try:
            done = self._call(remote_id, method="DELETE").get("success") is True
        except Rejected as refused:
            if not (is_gone(refused) and self._is_gone(remote_id)):
                raise
            return
        if not done:
            raise Unavailable("Facebook did not take the post down.", detail=self._excerpt())

    def _is_gone(self, remote_id: str) -> bool:
        """Raises Disconnected where the token cannot tell, since the Page's posts are not shown to it."""
        try:
            self._call(remote_id, query={"fields": "id"})
        except Rejected as refused:
            if not is_gone(refused):
                raise
        else:
            return False
        try:
            self._call(f"{self._page}/published_posts", query={"fields": "id", "limit": "1"})
        except Rejected as refused:
            raise no_permission(refused) from None
        return True

    def _current(self, remote_id: str) -> str:
        return str(self._call(remote_id, query={"fields": "message"}).get("message", ""))

    def _set_message(self, remote_id: str, message: str) -> None:
        result = self._call(remote_id, post={"message": message})
        if result.get("success") is not True:
            raise Unavailable("Facebook did not change the post.", detail=self._excerpt())

    def identify(self) -> str:
        """The name of the Page. Raises Disconnected when the token is somebody else's, who may read it."""
        me = self._read("me", {"fields": "id,name"})
        name = me.get("name")
        if not isinstance(name, str) or not name:
            raise Unavailable("Facebook did not say whose Page this is.", detail=self._excerpt())
        if me.get("id") != self._page:
            raise Disconnected(NOT_THE_PAGE, detail=f"the token is of {me.get('id')}")
        return name

    def _read(self, path: str, query: Mapping[str, str]) -> dict[str, Any]:
        """Read without a verdict: what Facebook refuses to show is only not available."""
        try:
            return self._call(path, query=query)
        except Rejected as error:
            raise Unavailable(error.message, detail=error.detail, code=error.code) from None

    def _call(
        self,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        post: Mapping[str, Any] | None = None,
        files: Mapping[str, Any] | None = None,
        method: str | None = None,
        on_wire: Callable[[], None] | None = None,
    ) -> dict[str, Any]:
        """One call through the library; its error is read from the whole answer that the session kept."""
        proof = {"appsecret_proof": self._proof} if self._proof else {}
        self._session.on_wire = on_wire
        try:
            result: dict[str, Any] = self._graph.request(
                f"{VERSION}/{path}",
                args={**(query or {}), **proof} if post is None else {},
                post_args=None if post is None else {**post, **proof},
                files=files,
                method=method,
            )
        except facebook.GraphAPIError:
            result = {}
        answer = self._session.answer
        self.quota = quota_from(answer) or self.quota
        if answer.status != 200 or not answer.json or "error" in answer.json:
            detail = self._wire.redact(answer.excerpt)
            raise error_from(answer, detail, creates=on_wire is not None)
        return result

    def _excerpt(self) -> str:
        return self._wire.redact(self._session.answer.excerpt)


def _appsecret_proof(credentials: Credentials) -> str:
    secret = credentials.get("app_secret", "")
    if not secret:
        return ""
    token = credentials["page_token"].encode()
    return hmac.new(secret.encode(), token, hashlib.sha256).hexdigest()


def _message(content: Content) -> str:
    """The text; beside pictures there is no link card, so the link stands in the text then."""
    if content.media and content.link and content.link not in content.text:
        return f"{content.text}\n\n{content.link}".strip()
    return content.text


def with_links(message: str, links: Sequence[Link]) -> str:
    """`message` with exactly `links` in the block at its end; without links there is no block."""
    body = message.removesuffix(_block_of(message)).rstrip()
    if not links:
        return body
    lines = "\n".join(f"{link.label}: {link.url}" for link in links)
    return f"{body}\n\n{BLOCK_MARK}\n{lines}\n{BLOCK_MARK}"


def _block_of(message: str) -> str:
    """Our block at the end of `message` with the space before it, or nothing."""
    if not message.endswith(f"\n{BLOCK_MARK}"):
        return ""
    start = message.rfind(f"\n{BLOCK_MARK}\n", 0, len(message) - len(BLOCK_MARK))
    return message[start:] if start < 0 else message[len(message[:start].rstrip()) :]


def _carries(post: Mapping[str, Any], marker: str) -> bool:
    if not marker:
        return False
    attachments = (post.get("attachments") or {}).get("data") or []
    places = [post.get("message", "")]
    for attachment in attachments:
        places += [unquote(attachment.get(name) or "") for name in ("url", "unshimmed_url")]
    return any(marker in place for place in places)


def _address(post: Mapping[str, Any]) -> str:
    found = post.get("permalink_url")
    if isinstance(found, str) and _is_web_address(found):
        return found
    return f"https://www.facebook.com/{post['id']}"


def _comparable(text: str) -> str:
    """Text without our block, with white space that Facebook may change made equal."""
    return " ".join(nfc(text.removesuffix(_block_of(text))).split())


def _is_web_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def _instant(moment: str) -> datetime:
    """`2026-05-22T12:54:14+0000`, as the Graph API writes it."""
    return datetime.strptime(moment, "%Y-%m-%dT%H:%M:%S%z")
