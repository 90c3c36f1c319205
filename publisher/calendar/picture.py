"""A month as a PNG, for slides and mails: every post of every day, from the days that the page shows."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from PIL import Image, ImageDraw

from publisher.calendar.board import Day
from publisher.calendar.lettering import Font, Letters, korean
from publisher.calendar.service import CalendarEntry
from publisher.errors import Conflict

WIDTH, MARGIN, PAD, GAP = 2240, 40, 12, 8
COLUMN = (WIDTH - 2 * MARGIN) // 7
BAR = 6
LOWEST_ROW = 150
TALLEST = 16_000
"""Pixels: what is higher takes too much memory, and no slide shows it."""
TITLE_LINES = 3

INK, MUTED, LINE, PAPER, SUNKEN, OTHER = (
    *("#1b1c20", "#5b5e68", "#d8d8d2", "#ffffff", "#f4f4f0", "#fafaf8"),
)
RED, AMBER, ACCENT = "#a11f28", "#774800", "#3239a8"
TONES: Mapping[str, tuple[str, str]] = {
    **dict.fromkeys(("in_review", "sending", "waiting"), ("#0b528f", "#e1effb")),
    **dict.fromkeys(("approved", "scheduled"), ("#3239a8", "#e8e9fb")),
    "published": ("#14613a", "#dff3e7"),
    **dict.fromkeys(
        ("changes_requested", "partly_published", "unconfirmed", "needs_attention"),
        ("#774800", "#fdefd0"),
    ),
    **dict.fromkeys(("failed", "missed"), ("#a11f28", "#fce5e5")),
}
"""Status → ink and paper, as on the page in its light colours; the rest is neutral."""
NEUTRAL = ("#4a4c55", "#ebebe7")

_one_at_a_time = threading.Lock()
"""A tall picture takes a hundred megabytes while it is drawn: a process does so once at a time."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """What is drawn: the page's words and days. `below` stands under the title, `statuses` names them."""

    title: str
    below: str
    weekdays: Sequence[str]
    weeks: Sequence[Sequence[Day]]
    zone: ZoneInfo
    statuses: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of writing: its words, how it is written, and how much room it takes."""

    text: str
    font: Font
    ink: str
    height: int


@dataclass(frozen=True, slots=True)
class Block:
    """Lines that stand together, one below the other; a post's on a ground with a bar in its tone."""

    lines: Sequence[Line]
    tone: tuple[str, str] | None = None

    @property
    def height(self) -> int:
        return sum(line.height for line in self.lines) + (GAP * 2 if self.tone else 0)


def draw(sheet: Sheet) -> bytes:
    """The sheet as a PNG. Raises Conflict when there is no Korean font or the picture gets too tall."""
    pen = Pen(*korean())
    head = pen.head(sheet)
    rows = [
        [list(pen.day(cell, sheet.zone, sheet.statuses)) for cell in week] for week in sheet.weeks
    ]
    heights = [max(LOWEST_ROW, *map(_stacked, row)) for row in rows]
    top = MARGIN + sum(line.height for line in head)
    if (tall := top + 48 + sum(heights) + MARGIN) > TALLEST:
        raise Conflict(_("These are too many posts for one picture. Choose filters, or print."))
    with _one_at_a_time:
        image = Image.new("RGB", (WIDTH, tall), PAPER)
        canvas = ImageDraw.Draw(image)
        _write(canvas, head, MARGIN, MARGIN)
        for column, name in enumerate(pen.weekdays(sheet.weekdays)):
            _write(canvas, [name], MARGIN + column * COLUMN + PAD, top)
        top += 48
        for week, row, height in zip(sheet.weeks, rows, heights, strict=True):
            for column, (cell, blocks) in enumerate(zip(week, row, strict=True)):
                _cell(canvas, cell, blocks, MARGIN + column * COLUMN, top, height)
            top += height
        out = BytesIO()
        image.save(out, "PNG")
    return out.getvalue()


class Pen:
    """Turns words into lines that fit a day's column."""

    def __init__(self, regular: Letters, bold: Letters) -> None:
        self.regular, self.bold = regular, bold

    def head(self, sheet: Sheet) -> list[Line]:
        room = WIDTH - 2 * MARGIN
        return [
            self._line(self.bold, sheet.title, 44, INK, room),
            self._line(self.regular, sheet.below, 22, MUTED, room),
            Line("", self.regular.size(22), INK, 24),
        ]

    def weekdays(self, names: Sequence[str]) -> list[Line]:
        return [self._line(self.bold, name, 22, MUTED, COLUMN - 2 * PAD) for name in names]

    def day(self, cell: Day, zone: ZoneInfo, statuses: Mapping[str, str]) -> Iterator[Block]:
        """The day's number and marks, then its posts, all of them."""
        ink = ACCENT if cell.today else MUTED if cell.other else INK
        room = COLUMN - 2 * PAD
        lines = [self._line(self.bold, str(cell.day.day), 26, ink, room)]
        for mark, tone in ((cell.holiday, RED), (cell.closed, AMBER)):
            lines += self._wrapped(self.regular, mark, 18, tone, room, 2)
        yield Block(lines)
        for entry in cell.entries:
            yield self._post(entry, zone, statuses)

    def _post(self, entry: CalendarEntry, zone: ZoneInfo, statuses: Mapping[str, str]) -> Block:
        room = COLUMN - 2 * PAD - BAR - 2 * GAP
        tone = TONES.get(entry.status, NEUTRAL)
        at = f"{entry.at.astimezone(zone):%H:%M}" if entry.at else ""
        status = statuses.get(entry.status, entry.status)
        return Block(
            [
                self._line(self.bold, f"{at} {entry.label}", 18, tone[0], room),
                *self._wrapped(self.regular, entry.title, 21, INK, room, TITLE_LINES),
                self._line(self.regular, f"{status} · {entry.author}", 17, MUTED, room),
            ],
            tone,
        )

    def _line(self, letters: Letters, text: str, size: int, ink: str, room: int) -> Line:
        font = letters.size(size)
        return Line(_cut(letters.shown(text), font, room), font, ink, round(size * 1.4))

    def _wrapped(
        self, letters: Letters, text: str, size: int, ink: str, room: int, most: int
    ) -> list[Line]:
        font, rest = letters.size(size), letters.shown(text)
        found: list[Line] = []
        while rest and len(found) < most - 1:
            head = _fitting(rest, font, room)
            found.append(Line(head.rstrip(), font, ink, round(size * 1.35)))
            rest = rest[len(head) :].lstrip()
        if rest:
            found.append(Line(_cut(rest, font, room), font, ink, round(size * 1.35)))
        return found


def _fitting(text: str, font: Font, room: int) -> str:
    """The beginning of the text that fits, up to a space if there is one in its second half."""
    count = _count(text, font, room)
    if count == len(text):
        return text
    space = text.rfind(" ", count // 2, count + 1)
    return text[: space if space > 0 else max(count, 1)]


def _cut(text: str, font: Font, room: int) -> str:
    """The text, or as much of it as fits with an ellipsis."""
    if _count(text, font, room) == len(text):
        return text
    return text[: _count(text, font, room - int(font.getlength("…")))].rstrip() + "…"


def _count(text: str, font: Font, room: int) -> int:
    """How many letters of the text fit."""
    taken = 0.0
    for count, char in enumerate(text):
        taken += font.getlength(char)
        if taken > room:
            return count
    return len(text)


def _stacked(blocks: Sequence[Block]) -> int:
    return sum(block.height + GAP for block in blocks) + PAD


def _cell(
    canvas: ImageDraw.ImageDraw, cell: Day, blocks: Sequence[Block], x: int, y: int, height: int
) -> None:
    ground = OTHER if cell.other else SUNKEN if cell.weekend else PAPER
    canvas.rectangle((x, y, x + COLUMN, y + height), fill=ground, outline=LINE)
    if cell.today:
        canvas.rectangle((x, y, x + COLUMN, y + 4), fill=ACCENT)
    y += GAP
    for block in blocks:
        if block.tone:
            ink, paper = block.tone
            box = (x + PAD, y, x + COLUMN - PAD, y + block.height)
            canvas.rounded_rectangle(box, 6, fill=paper)
            canvas.rectangle((x + PAD, y, x + PAD + BAR, y + block.height), fill=ink)
            _write(canvas, block.lines, x + PAD + BAR + GAP, y + GAP)
        else:
            _write(canvas, block.lines, x + PAD, y)
        y += block.height + GAP


def _write(canvas: ImageDraw.ImageDraw, lines: Sequence[Line], x: int, y: int) -> None:
    for line in lines:
        canvas.text(
            (x, y + line.height // 2), line.text, font=line.font, fill=line.ink, anchor="lm"
        )
        y += line.height
