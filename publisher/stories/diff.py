"""The difference between two texts, by words. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from typing import Literal

from publisher.stories.rules import Draft, MediaUse

Kind = Literal["equal", "ins", "del"]

WORD = re.compile(r"\s+|\w+|[^\w\s]+")
"""White space, a word of any script (a Hangul word with its particle is one), or a run of signs."""

LARGEST = 4_000_000
"""Most pairs of tokens that are compared; beyond that a block counts as rewritten as a whole."""


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of text that stayed, was added or was taken out."""

    kind: Kind
    text: str


@dataclass(frozen=True, slots=True)
class Row:
    """What became of one of several: a picture's description, by its id, or what happens if a link is late,
    by its reference. None where it was not there before, or is no longer."""

    key: str
    before: str | None
    after: str | None
    cut_before: str = ""
    cut_after: str = ""
    """Which part of a picture was shown and is shown now, such as "16:9 30 50"; empty for all of it."""

    @property
    def recut(self) -> bool:
        """Whether another part of a picture is shown that was and is there."""
        return None not in {self.before, self.after} and self.cut_before != self.cut_after

    @property
    def changed(self) -> bool:
        return self.before != self.after

    @property
    def spans(self) -> tuple[Span, ...]:
        return words(self.before or "", self.after or "")


@dataclass(frozen=True, slots=True)
class Change:
    """What became of one field of a draft: title, text, link, media, thread or when_late.

    `old` and `new` are the whole field; `rows` what became of each picture or late link, in the new order
    and then those that are gone; `moved` says that pictures changed places.
    """

    field: str
    spans: tuple[Span, ...]
    old: str = ""
    new: str = ""
    rows: tuple[Row, ...] = ()
    moved: bool = False

    @property
    def changed(self) -> bool:
        return any(span.kind != "equal" for span in self.spans)


def words(old: str, new: str) -> tuple[Span, ...]:
    """From `old` to `new`: the equal and deleted spans together are `old`, the equal and added ones `new`.

    Lines are matched first and words only within changed lines, so that long texts stay quick.
    """
    found: list[Span] = []
    for equal, before, after in _blocks(_lines(old), _lines(new)):
        if equal:
            found.append(Span("equal", before))
            continue
        for same, was, is_now in _blocks(WORD.findall(before), WORD.findall(after)):
            if same:
                found.append(Span("equal", was))
            else:
                found += [Span("del", was), Span("ins", is_now)]
    return tuple(_merged(found))


def drafts(old: Draft, new: Draft) -> list[Change]:
    """The changes field by field: the text always, the other fields where they differ."""
    pairs = {
        "title": (old.title, new.title),
        "text": (old.text, new.text),
        "link": (old.link, new.link),
        "media": (_pictures(old), _pictures(new)),
        "thread": ("1" if old.thread else "", "1" if new.thread else ""),
        "when_late": (_choices(old), _choices(new)),
    }
    rows = {"media": _picture_rows(old, new), "when_late": _rows(old.when_late, new.when_late)}
    return [
        Change(
            name,
            words(before, after),
            before,
            after,
            rows.get(name, ()),
            moved=name == "media" and _moved(old, new),
        )
        for name, (before, after) in pairs.items()
        if name == "text" or before != after
    ]


def fields(old: Mapping[str, str], new: Mapping[str, str]) -> list[Change]:
    """The changes of named texts that both have, where they differ."""
    return [
        Change(name, words(old[name], new[name]), old[name], new[name])
        for name in new
        if old[name] != new[name]
    ]


def _rows(old: Mapping[str, str], new: Mapping[str, str]) -> tuple[Row, ...]:
    return tuple(Row(key, old.get(key), new.get(key)) for key in {**new, **old})


def _picture_rows(old: Draft, new: Draft) -> tuple[Row, ...]:
    alts = ({str(use.id): use.alt for use in each.media} for each in (old, new))
    before, after = ({str(use.id): _cut(use) for use in each.media} for each in (old, new))
    return tuple(
        replace(row, cut_before=before.get(row.key, ""), cut_after=after.get(row.key, ""))
        for row in _rows(*alts)
    )


def _cut(use: MediaUse) -> str:
    return f"{use.crop} {use.x} {use.y}" if use.crop else ""


def _moved(old: Draft, new: Draft) -> bool:
    both = {use.id for use in old.media} & {use.id for use in new.media}
    order = ([use.id for use in each.media if use.id in both] for each in (old, new))
    return next(order) != next(order)


def _pictures(draft: Draft) -> str:
    return "\n".join(" ".join(f"#{use.id} {use.alt} {_cut(use)}".split()) for use in draft.media)


def _choices(draft: Draft) -> str:
    return "\n".join(f"{{{reference}}} {choice}" for reference, choice in draft.when_late.items())


def _lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)


def _blocks(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[bool, str, str]]:
    """(equal?, piece of old, piece of new), in order."""
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    end = 0
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    before, after = old[start : len(old) - end], new[start : len(new) - end]
    head, tail = "".join(old[:start]), "".join(old[len(old) - end :])
    if head:
        yield True, head, head
    if before and after and len(before) * len(after) <= LARGEST:
        for tag, i1, i2, j1, j2 in SequenceMatcher(None, before, after).get_opcodes():
            yield tag == "equal", "".join(before[i1:i2]), "".join(after[j1:j2])
    elif before or after:
        yield False, "".join(before), "".join(after)
    if tail:
        yield True, tail, tail


def _merged(spans: list[Span]) -> Iterator[Span]:
    """Neighbours joined, what was taken out before what was added; a blank between two changes joins both."""
    deleted = added = equal = ""
    for span in [*spans, Span("equal", "")]:
        if span.kind == "equal":
            equal += span.text
            continue
        if not span.text:
            continue
        if equal:
            if equal.strip(" ") or not (deleted or added):
                yield from _change(deleted, added)
                yield Span("equal", equal)
                deleted = added = ""
            else:
                deleted, added = deleted + equal, added + equal
            equal = ""
        if span.kind == "del":
            deleted += span.text
        else:
            added += span.text
    yield from _change(deleted, added)
    if equal:
        yield Span("equal", equal)


def _change(deleted: str, added: str) -> Iterator[Span]:
    if deleted:
        yield Span("del", deleted)
    if added:
        yield Span("ins", added)
