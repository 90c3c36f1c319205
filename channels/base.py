"""The contract with a platform: frozen values in, a receipt or one of four errors out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, Protocol, runtime_checkable

Credentials = Mapping[str, str]
"""An account's secrets by name, e.g. ``consumer_key``. Never logged, never in a URL that we build."""

Token = Mapping[str, str]
"""Renewed credentials that the adapter asks its owner to keep."""


@dataclass(frozen=True, slots=True)
class Image:
    """One picture as the platform shall get it: JPEG or PNG bytes, its size in pixels and its alt text."""

    id: int
    data: bytes = field(repr=False)
    mime: str
    width: int
    height: int
    alt: str = ""
    filename: str = "image.jpg"
    cut: str = ""
    """Which part of the picture this is; empty for all of it. Another part is another upload."""


@dataclass(frozen=True, slots=True)
class Author:
    name: str
    slug: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """A link to one of the story's other posts, as shown under a hosted article."""

    kind: str
    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Content:
    """What goes out, ready for the channel: placeholders are rendered, the text is NFC.

    `language` is a BCP 47 tag, `reply_to` the remote id of the post that this one answers, `staged` maps an
    image's id to the platform's id of an earlier upload, `marker` is this delivery's own query parameter in
    `link` or in the text's link (empty when the post carries no link of ours).
    """

    text: str
    title: str = ""
    link: str = ""
    media: tuple[Image, ...] = ()
    author: Author | None = None
    category: str = ""
    slug: str = ""
    language: str = "ko"
    reply_to: str = ""
    marker: str = ""
    staged: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Receipt:
    """The platform's proof: its id and the public address of what was created."""

    remote_id: str
    url: str


@dataclass(frozen=True, slots=True)
class Problem:
    """One reason not to go out.

    `code` is stable and translated by the publisher; `values` fill its sentence.
    """

    code: str
    values: Mapping[str, str | int] = field(default_factory=dict)
    blocking: bool = True


@dataclass(frozen=True, slots=True)
class Measure:
    """A text's length as the platform counts it, what is left of `limit`, and the cost in US$.

    `left` is negative when over; `over_at` is the index in `text` (code points) from which it no
    longer fits, or None.
    """

    length: int
    limit: int
    cost_usd: float = 0.0
    over_at: int | None = None

    @property
    def left(self) -> int:
        return self.limit - self.length


@dataclass(frozen=True, slots=True)
class Limits:
    """Declared limits of a platform, for counters and hints. Zero means unlimited."""

    text: int
    images: int
    alt_text: int
    title: bool = False
    image_bytes: int = 0
    url_length: int = 0
    """What an address weighs whatever its real length; 0 when it weighs what it is long."""
    threads: bool = False
    fold: int = 0
    """After about so many characters readers must ask for the rest of a text; 0 when all of it is shown."""
    spacing_s: float = 0.0
    """Least seconds between two posts of one account, unless the account says otherwise."""
    grace_s: float = 6 * 3600.0
    """How late a post may still go out by itself, in seconds."""
    cuts: tuple[str, ...] = ()
    """Ratios of width to height that suit the platform's timeline, the best one first."""
    shows: tuple[float, float] = (0.0, 1000.0)
    """From which to which ratio a picture that stands alone is shown whole."""
    corrects: frozenset[str] = frozenset()
    """What of a published post can be set anew in its place, of title, text, link and media."""


@dataclass(frozen=True, slots=True)
class Found:
    """One post on the account's own timeline that could be ours."""

    remote_id: str
    url: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Quota:
    """What the platform's rate headers said in the last answer; None where it said nothing.

    `remaining` counts posts left until `resets_at` (aware); `used_percent` is what some tell instead.
    """

    remaining: int | None = None
    resets_at: datetime | None = None
    used_percent: float | None = None


PROBLEM_CODES: frozenset[str] = frozenset(
    {
        "text_empty",
        "text_too_long",
        "title_missing",
        "title_too_long",
        "too_many_images",
        "alt_text_missing",
        "alt_text_too_long",
        "too_many_cashtags",
        "image_too_large",
        "image_type_unsupported",
        "image_ratio_unusual",
        "invalid_characters",
        "link_invalid",
        "costs_more",
    }
)
"""Every `Problem.code` an adapter may use. Each has a sentence in every language of the publisher."""


class Channel(ABC):
    """One platform for one account. Instances are cheap, hold no connection and are used by one thread."""

    kind: ClassVar[str]
    label: ClassVar[str]
    limits: ClassVar[Limits]
    transactional: ClassVar[bool] = False
    """True when the create is part of the caller's own database transaction: it needs no commit 2."""
    address_form: ClassVar[str] = ""
    """A pattern in the path of a post's public address: its groups, joined by `_`, are the remote id."""

    def __init__(
        self,
        credentials: Credentials,
        save_token: Callable[[Token], None],
        *,
        api_url: str | None = None,
    ) -> None:
        self.credentials = credentials
        self.save_token = save_token
        self.api_url = (api_url or "").rstrip("/")
        self.quota: Quota | None = None
        """What the last create's rate headers said, for the caller to read after it."""
        self.known_as = ""
        """The account's public name, where its owner knows it from an earlier `identify`."""

    @classmethod
    @abstractmethod
    def check(cls, content: Content) -> list[Problem]:
        """Every limit that `content` breaks. Offline; linear in the text's length."""

    @classmethod
    @abstractmethod
    def measure(cls, content: Content) -> Measure:
        """The length as the platform counts it, and the estimated cost. Offline; linear."""

    @abstractmethod
    def publish(self, content: Content, *, key: str, on_wire: Callable[[], None]) -> Receipt:
        """Create exactly one post and return its receipt, or raise one of the four errors.

        `key` names the delivery, for platforms that honour one. `on_wire` is called just before the
        first byte of the call that creates; when it raises, nothing was sent and the exception
        passes through untouched.
        """


@runtime_checkable
class Stages(Protocol):
    """Can upload pictures ahead of the create call. Repeatable: unused uploads do no harm."""

    def stage(self, image: Image) -> tuple[str, datetime]:
        """Upload with alt text. Returns the platform's id and the aware instant at which it expires."""
        ...


@runtime_checkable
class Finds(Protocol):
    """Can read the account's own timeline to ask whether a post went out."""

    def find(self, content: Content, *, since: datetime) -> Sequence[Found]:
        """Posts equal to `content` created at or after `since`; empty only after a complete reading.

        Raises Unavailable or Disconnected when the timeline cannot be read: that is no verdict.
        """
        ...


@runtime_checkable
class Edits(Protocol):
    """Can change a published post in place: what its limits name in `corrects`. Idempotent: the desired state
    is sent, not a difference. The block of links under the post stays."""

    def edit(self, remote_id: str, content: Content) -> None: ...


@runtime_checkable
class Retracts(Protocol):
    """Can take a published post down. Idempotent: what is gone already is taken down."""

    def retract(self, remote_id: str) -> None:
        """Return when nobody sees the post any more. Raises one of the errors: it may still be there."""
        ...


@runtime_checkable
class Gathers(Protocol):
    """Publishes several posts in one go, as what is `transactional` can."""

    def publish_all(self, parcels: Sequence[tuple[str, Content]]) -> Sequence[Receipt | Exception]:
        """As `publish` for each of them, given with their keys. The error that one of them would raise is
        answered in its place and keeps no other from going out."""
        ...


@runtime_checkable
class Links(Protocol):
    """Can show the story's other addresses under a published post.

    Idempotent: the whole block of links is replaced.
    """

    def show_links(self, remote_id: str, content: Content, links: Sequence[Link]) -> None:
        """`content` is what was published; the platform's copy may be rebuilt from it plus `links`."""
        ...


@runtime_checkable
class Identifies(Protocol):
    """Can say who the credentials belong to. Used to check an account without posting."""

    def identify(self) -> str:
        """The account's public name. Raises Disconnected or Unavailable."""
        ...
