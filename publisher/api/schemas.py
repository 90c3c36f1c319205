"""The bodies of API v1: what comes in is checked against these, what goes out is described by them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Text = Annotated[str, Field(max_length=200_000)]
Title = Annotated[str, Field(max_length=500)]
Time = Annotated[
    str,
    Field(max_length=40, description="ISO 8601, with an offset or together with `tz`"),
]
Zone = Annotated[str, Field(max_length=60, description="IANA zone, such as Asia/Seoul")]
WhenLate = dict[str, Literal["hold", "send_without", "drop"]]


class Body(BaseModel):
    """A request: unknown fields are refused, so that a misspelt one is not silently lost."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=False)


class Answer(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NewPost(Body):
    account: Annotated[str, Field(max_length=60, description="The account's short name")]
    title: Title = ""
    text: Text
    link: Annotated[str, Field(max_length=2000)] = ""
    media: Annotated[list[int], Field(max_length=50)] = []
    thread: bool = False
    when_late: WhenLate = {}
    planned_at: Time | None = None
    tz: Zone = ""


class NewStory(Body):
    title: Title
    brief: Text = ""
    category: Annotated[str, Field(max_length=80)] | None = None
    campaign: Annotated[str, Field(max_length=100)] = ""
    language: Literal["ko", "en"] | None = None
    posts: Annotated[list[NewPost], Field(max_length=20)] = []


class PostChange(Body):
    """Only what is given changes."""

    title: Title | None = None
    text: Text | None = None
    link: Annotated[str, Field(max_length=2000)] | None = None
    media: Annotated[list[int], Field(max_length=50)] | None = None
    thread: bool | None = None
    when_late: WhenLate | None = None
    planned_at: Time | None = None
    tz: Zone = ""


class Nothing(Body):
    """An empty object, or no body at all."""


class ApprovePost(Body):
    revision: int
    due_at: Time | None = None
    tz: Zone = ""


class ApproveStory(Body):
    revisions: Annotated[
        dict[int, int], Field(min_length=1, description="Post id → the revision that was read")
    ]
    due_at: Time | None = None
    tz: Zone = ""


class Reason(Body):
    reason: Annotated[str, Field(max_length=10_000)]


class Schedule(Body):
    due_at: Time
    tz: Zone = ""


class NewFeed(Body):
    name: Annotated[str, Field(max_length=100)]
    filters: dict[str, Any] = {}
    detail: Literal["full", "titles", "busy"] = "full"
    language: Literal["ko", "en"] | None = None


class ProblemOut(Answer):
    code: str
    message: str
    blocking: bool


class MediaUseOut(Answer):
    id: int
    alt: str


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
