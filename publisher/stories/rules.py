"""The editorial state machine, what content is, and what the calendar shows. Pure."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from publisher.media.rules import CUTS, MIDDLE, cut_name


class EditorialStatus(StrEnum):
    """Where a post stands with its editors."""

    DRAFT = "draft"
    IN_REVIEW = "in_review"
    CHANGES_REQUESTED = "changes_requested"
    APPROVED = "approved"
    ARCHIVED = "archived"


DRAFT, IN_REVIEW, CHANGES_REQUESTED, APPROVED, ARCHIVED = EditorialStatus

TRANSITIONS: dict[tuple[EditorialStatus, str], EditorialStatus] = {
    (DRAFT, "submit"): IN_REVIEW,
    (CHANGES_REQUESTED, "submit"): IN_REVIEW,
    (IN_REVIEW, "request_changes"): CHANGES_REQUESTED,
    (IN_REVIEW, "approve"): APPROVED,
    (IN_REVIEW, "withdraw"): DRAFT,
    (IN_REVIEW, "take_back"): IN_REVIEW,
    (APPROVED, "take_back"): IN_REVIEW,
    (DRAFT, "edit"): DRAFT,
    (CHANGES_REQUESTED, "edit"): CHANGES_REQUESTED,
    (IN_REVIEW, "edit"): DRAFT,
    (APPROVED, "edit"): DRAFT,
    (APPROVED, "expire"): IN_REVIEW,
    (DRAFT, "archive"): ARCHIVED,
    (IN_REVIEW, "archive"): ARCHIVED,
    (CHANGES_REQUESTED, "archive"): ARCHIVED,
    (APPROVED, "archive"): ARCHIVED,
    (ARCHIVED, "restore"): DRAFT,
}
"""(from, verb) → to. What is not in it is refused. Editing a text under review takes it back to draft:
nobody shall decide on words that are no longer there. What is taken back in review is one of several
approvals."""


SAVED_UNASKED = frozenset({DRAFT, CHANGES_REQUESTED})
"""Where a text is saved while it is written: no approval is voided by it, and no review called off."""


def after(status: EditorialStatus, verb: str) -> EditorialStatus | None:
    """Where `verb` leads from `status`, or None where it does not apply."""
    return TRANSITIONS.get((EditorialStatus(status), verb))


@dataclass(frozen=True, slots=True)
class MediaUse:
    """One picture in one post. `alt` is what this post says of it.

    `crop` is the ratio to which it is cut, empty for all of it; `x` and `y` are the point around which, in
    percent of its width and height.
    """

    id: int
    alt: str = ""
    crop: str = ""
    x: int = MIDDLE
    y: int = MIDDLE

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> MediaUse:
        """The use that `stored` wrote down; what it does not name is as if nobody had chosen it."""
        return cls(**{"alt": "", **stored})

    def stored(self) -> dict[str, Any]:
        """As plain data. A whole picture is written as it always was: revisions keep their hashes."""
        whole = {"id": self.id, "alt": self.alt}
        return whole | {"crop": self.crop, "x": self.x, "y": self.y} if self.crop else whole

    @property
    def cut(self) -> str:
        """The name of the part that is shown; empty for all of it."""
        return cut_name(self.crop, self.x, self.y) if self.crop else ""

    def normalised(self) -> MediaUse:
        """The same with a tidy text, a ratio that there is and a point on the picture."""
        alt = " ".join(clean(self.alt).split())
        if self.crop not in CUTS:
            return MediaUse(self.id, alt)
        x, y = (min(max(each, 0), 100) for each in (self.x, self.y))
        return MediaUse(self.id, alt, self.crop, x, y)


@dataclass(frozen=True, slots=True)
class Draft:
    """Everything that an approval covers. `when_late` says, per linked post, what happens if its address is
    not there in time: hold, send_without or drop."""

    title: str = ""
    text: str = ""
    link: str = ""
    media: tuple[MediaUse, ...] = ()
    thread: bool = False
    when_late: Mapping[str, str] = field(default_factory=dict)

    def normalised(self) -> Draft:
        """The same with NFC texts, unified line ends and no stray white space around."""
        return Draft(
            title=" ".join(clean(self.title).split()),
            text=clean(self.text).strip("\n"),
            link=self.link.strip(),
            media=tuple(use.normalised() for use in self.media),
            thread=bool(self.thread),
            when_late={ref: when for ref, when in sorted(self.when_late.items()) if when != "hold"},
        )


UNWANTED = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
"""Control characters besides tab and line feed (category Cc), and lone surrogates (Cs)."""


def clean(text: str) -> str:
    """NFC, LF line ends, and without control characters or lone surrogates, which no platform takes."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return unicodedata.normalize("NFC", UNWANTED.sub("", text))


def content_hash(account_id: int, draft: Draft) -> str:
    """What an approval names: SHA-256 over the content in canonical form and the account it is for."""
    canonical = {
        "account": account_id,
        "title": draft.title,
        "text": draft.text,
        "link": draft.link,
        "media": [list(use.stored().values()) for use in draft.media],
        "thread": draft.thread,
        "when_late": dict(sorted(draft.when_late.items())),
    }
    data = json.dumps(canonical, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(data.encode()).hexdigest()


SHOWN_BEFORE_EDITORIAL = frozenset(
    {
        "sending",
        "published",
        "partly_published",
        "failed",
        "missed",
        "unconfirmed",
        "needs_attention",
        "taken_down",
    }
)


def shown(status: EditorialStatus, delivery: str | None) -> str:
    """What calendar, lists and feeds show for a post, from its two states.

    A delivery that is out or in trouble outranks the editors' view; a scheduled or cancelled one counts only
    while the approval stands.
    """
    status = EditorialStatus(status)
    if delivery in SHOWN_BEFORE_EDITORIAL:
        return str(delivery)
    if status is APPROVED and delivery in {"scheduled", "waiting", "cancelled"}:
        return str(delivery)
    return "cancelled" if status is ARCHIVED else str(status)


@dataclass(frozen=True, slots=True)
class Progress:
    """A story in one line: `done` of `total` posts are out; `status` is the one that needs most care."""

    status: str
    done: int
    total: int


IDEA = "idea"
"""What a story is while nobody has begun to write it."""

CARE = (
    "needs_attention",
    "failed",
    "unconfirmed",
    "missed",
    "partly_published",
    "changes_requested",
    "in_review",
    "draft",
    "sending",
    "waiting",
    "approved",
    "scheduled",
    "published",
    "taken_down",
    "cancelled",
)


def progress(shown_statuses: Sequence[str]) -> Progress:
    """A story's derived status from what each of its posts shows."""
    if not shown_statuses:
        return Progress(status=IDEA, done=0, total=0)
    counted = Counter(shown_statuses)
    alive = [status for status in shown_statuses if status not in {"cancelled", "taken_down"}]
    status = next((status for status in CARE if counted[status]), "draft")
    return Progress(status=status, done=counted["published"], total=len(alive))


NEAR, PASSED = "near", "passed"
"""What is told of a deadline: that it comes, and that it is over."""
MORNING, EVENING = time(9), time(20)


def reminders(deadline: datetime, zone: ZoneInfo) -> list[tuple[str, datetime]]:
    """When each is told where the writer is: on the morning of the day before, and when it is over, but at no
    hour of the night. A deadline is mostly the end of a day."""
    local = deadline.astimezone(zone)
    near = datetime.combine(local.date() - timedelta(days=1), MORNING, zone)
    passed = local
    if local.time() < MORNING:
        passed = datetime.combine(local.date(), MORNING, zone)
    elif local.time() >= EVENING:
        passed = datetime.combine(local.date() + timedelta(days=1), MORNING, zone)
    return [(NEAR, near.astimezone(UTC)), (PASSED, passed.astimezone(UTC))]


def to_hand_in(shown_statuses: Iterable[str]) -> bool:
    """Whether something of a story is still to be handed in: a draft, or the whole of it."""
    alive = [status for status in shown_statuses if status != "cancelled"]
    return not alive or any(status in {DRAFT, CHANGES_REQUESTED} for status in alive)


def writers(revision_author_ids: Iterable[int | None], owner_id: int) -> set[int]:
    """Who wrote a post: nobody of them approves it."""
    return {author for author in revision_author_ids if author is not None} | {owner_id}


@dataclass(frozen=True, slots=True)
class Demand:
    """So many approvals `needed` by posts of which all of this is true; what is empty is true of all."""

    needed: int
    category_id: int | None = None
    account_id: int | None = None
    word: str = ""


def approvals_needed(
    demands: Iterable[Demand], *, category_id: int | None, account_id: int, words: str
) -> int:
    """How many different editors have to approve a post: the most that any demand asks for, at least one."""
    said = clean(words).casefold()
    return max(
        (
            demand.needed
            for demand in demands
            if demand.category_id in {None, category_id}
            and demand.account_id in {None, account_id}
            and (not demand.word or _has(demand.word, said))
        ),
        default=1,
    )


def says(word: str, text: str) -> bool:
    """Whether `text` has `word`, in capitals or not. A Latin word counts as a whole, not within another;
    a Korean one wherever it stands, since particles and compounds are written together with it."""
    return _has(word, clean(text).casefold())


def _has(word: str, said: str) -> bool:
    """As `says`, of a text that is clean and in small letters already: one text is asked for many words."""
    word = clean(word).casefold()
    if word not in said:
        return False
    pattern = re.escape(word)
    if word.isascii():
        pattern = rf"(?<![a-z0-9]){pattern}(?![a-z0-9])"
    return re.search(pattern, said) is not None


def mentioned(text: str, names: Mapping[str, Iterable[int]]) -> set[int]:
    """Who is called by "@name" in `text`: the ids behind the longest of `names` that stands there.

    A name in Latin letters ends where the word ends; after a Korean one a title or particle may follow.
    An "@" within a word is an e-mail address's.
    """
    known = {clean(name).casefold(): ids for name, ids in names.items()}
    longest_first = sorted(filter(None, known), key=len, reverse=True)
    text, found = clean(text).casefold(), set[int]()
    for sign in re.finditer(r"(?<![\w.])@", text):
        for name in longest_first:
            after = text[sign.end() + len(name) :][:1]
            if text.startswith(name, sign.end()) and not (
                name[-1].isascii() and after.isascii() and (after.isalnum() or after == "_")
            ):
                found.update(known[name])
                break
    return found
