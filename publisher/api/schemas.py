"""The bodies of API v1: what comes in is checked against these, what goes out is described by them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from publisher.deliveries.rules import EXACT_S, LATEST_S

SAYABLE = r"^[^\x00]*$"
"""Every text: NUL is nothing that anybody writes, and no database looks for it."""

Id = Annotated[int, Field(ge=1, le=2**31 - 1)]
Text = Annotated[str, Field(max_length=200_000, pattern=SAYABLE)]
Title = Annotated[str, Field(max_length=500, pattern=SAYABLE)]
Link = Annotated[str, Field(max_length=2000, pattern=SAYABLE)]
Name = Annotated[str, Field(max_length=100, pattern=SAYABLE)]
Slug = Annotated[str, Field(max_length=80, pattern=SAYABLE)]
Time = Annotated[
    str,
    Field(
        max_length=40,
        pattern=SAYABLE,
        description="ISO 8601, with an offset or together with `tz`",
    ),
]
Zone = Annotated[
    str, Field(max_length=60, pattern=SAYABLE, description="IANA zone, such as Asia/Seoul")
]
Grace = Annotated[
    float | None,
    Field(
        ge=EXACT_S,
        le=LATEST_S,
        description="How many seconds late it may still go out; null for as many as its channel says",
    ),
]
Reference = Annotated[str, Field(max_length=70, pattern=SAYABLE)]
WhenLate = Annotated[dict[Reference, Literal["hold", "send_without", "drop"]], Field(max_length=50)]


class Body(BaseModel):
    """A request: unknown fields are refused, so that a misspelt one is not silently lost."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=False)


class Answer(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NewPost(Body):
    account: Annotated[
        str, Field(max_length=60, pattern=SAYABLE, description="The account's short name")
    ]
    title: Title = ""
    text: Text
    link: Link = ""
    media: Annotated[list[Id], Field(max_length=50)] = []
    thread: bool = False
    when_late: WhenLate = {}
    planned_at: Time | None = None
    tz: Zone = ""


class NewStory(Body):
    title: Title
    brief: Text = ""
    category: Slug | None = None
    campaign: Name = ""
    language: Literal["ko", "en"] | None = None
    posts: Annotated[list[NewPost], Field(max_length=20)] = []


class PostChange(Body):
    """Only what is given changes; `planned_at: null` takes the time away."""

    title: Title | None = None
    text: Text | None = None
    link: Link | None = None
    media: Annotated[list[Id], Field(max_length=50)] | None = None
    thread: bool | None = None
    when_late: WhenLate | None = None
    planned_at: Time | None = None
    tz: Zone = ""


class Nothing(Body):
    """An empty object, or no body at all."""


class TakeBack(Body):
    revision: Id


class ApprovePost(Body):
    revision: Id
    due_at: Time | None = None
    tz: Zone = ""
    grace_s: Grace = None


class ApproveStory(Body):
    revisions: Annotated[
        dict[Id, Id],
        Field(min_length=1, max_length=100, description="Post id → the revision that was read"),
    ]
    due_at: Time | None = None
    tz: Zone = ""
    grace_s: Grace = None


class Reason(Body):
    reason: Annotated[str, Field(max_length=10_000, pattern=SAYABLE)]


class Schedule(Body):
    due_at: Time
    tz: Zone = ""
    grace_s: Grace = None


class FeedFilters(Body):
    """Which posts a feed shows; what is left out does not filter."""

    account: Annotated[list[Slug], Field(max_length=100)] = []
    status: Annotated[list[Slug], Field(max_length=20)] = []
    author: Annotated[list[Id], Field(max_length=100)] = []
    category: Annotated[list[Slug], Field(max_length=100)] = []
    campaign: Annotated[list[Name], Field(max_length=100)] = []
    mine: bool = False


class NewFeed(Body):
    name: Name
    filters: FeedFilters = FeedFilters()
    detail: Literal["full", "titles", "busy"] = "full"
    language: Literal["ko", "en"] | None = None


class ProblemOut(Answer):
    code: str
    message: str
    blocking: bool


class MediaUseOut(Answer):
    id: int
    alt: str
    crop: str
    x: int
    y: int


class PartOut(Answer):
    part: int
    status: str
    remote_id: str | None
    url: str
    attempts: int


class DeliveryOut(Answer):
    status: str
    due_at: str
    published_at: str | None
    late_ms: int | None
    attempts: int
    remote_id: str | None
    url: str
    problem: str
    waits_for: str
    parts: list[PartOut]


class CrosslinkOut(Answer):
    reference: str
    post_id: int | None
    url: str | None
    when_late: str


class PostOut(Answer):
    id: int
    story_id: int
    account: str
    status: str
    shown_status: str
    revision: int
    version: int
    title: str
    text: str
    link: str
    media: list[MediaUseOut]
    thread: bool
    planned_at: str | None
    tz: str
    grace_s: float | None
    delivery: DeliveryOut | None
    crosslinks: list[CrosslinkOut]
    problems: list[ProblemOut]


class StoryOut(Answer):
    id: int
    title: str
    brief: str
    category: str | None
    campaign: str
    language: str
    status: str
    posts: list[PostOut]


class StoriesOut(Answer):
    posts: list[PostOut]


class EntryOut(Answer):
    post_id: int
    story_id: int
    title: str
    account: str
    status: str
    at: str
    author: str
    url: str


class CalendarOut(Answer):
    entries: list[EntryOut]


class MediaOut(Answer):
    id: int
    alt: str
    width: int
    height: int
    url: str


class AccountOut(Answer):
    slug: str
    kind: str
    label: str
    status: str
    problem: str
    spacing_s: float


class AccountsOut(Answer):
    accounts: list[AccountOut]


class FeedOut(Answer):
    id: int
    url: str


class Problem(BaseModel):
    """RFC 9457. `code` is stable; further members depend on it."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    detail: str
    code: str
