"""What came of a quarrel about posts, counted at the platform, on the blog and in the database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Select, func, or_, select

from publisher.blog.models import Article
from publisher.deliveries.models import Attempt, Delivery
from publisher.deliveries.rules import PUBLISHED
from publisher.extensions import db
from publisher.people.models import Event
from tests.faults import counting


@dataclass(frozen=True)
class Host:
    """What one process, on what it takes for a machine of its own, did: bells that it rang, claims that it
    won, and those for which somebody was faster."""

    name: str
    bells: int
    claims: int
    beaten: int


@dataclass(frozen=True)
class Counted:
    """So many times, of so many posts, and how many posts more than once."""

    times: int
    posts: int
    again: int

    def __str__(self) -> str:
        return f"{self.times:>12,}{self.posts:>12,}{self.again:>12,}"


@dataclass(frozen=True)
class Tally:
    """A claim is an attempt; `told` is the audit trail's line that a post is out. Articles are counted by
    their keys and, as no two posts have the same, by their titles; `lines` are the platform's own."""

    blog: int
    wire: int
    claims: Counted
    told: Counted
    articles: Counted
    lines: Counted
    published: int
    hosts: Sequence[Host]
    seconds: float

    @property
    def posts(self) -> int:
        return self.blog + self.wire

    @property
    def pace(self) -> float:
        """Claims per second, from the instant at which they are due."""
        return self.claims.times / self.seconds

    @property
    def doubles(self) -> int:
        """What was claimed, told or out more than once though nobody had died."""
        return sum(each.again for each in (self.claims, self.told, self.articles, self.lines))

    @property
    def kept(self) -> bool:
        """Each post was claimed once and went out once, and is shown so."""
        all_once, blog_once, wire_once = (
            Counted(posts, posts, 0) for posts in (self.posts, self.blog, self.wire)
        )
        return (
            self.claims == self.told == all_once
            and self.articles == blog_once
            and self.lines == wire_once
            and self.published == self.posts
        )

    def __str__(self) -> str:
        rows = [
            f"  {'':<22}{'bells rung':>12}{'claims':>12}{'too late':>12}",
            *(f"  {h.name:<22}{h.bells:>12,}{h.claims:>12,}{h.beaten:>12,}" for h in self.hosts),
            "",
            f"  {'':<22}{'times':>12}{'posts':>12}{'again':>12}",
            f"  claimed               {self.claims}",
            f"  told to be out        {self.told}",
            f"  articles on the blog  {self.articles}",
            f"  lines at the platform {self.lines}",
            "",
            f"  posts                 {self.posts:>12,}: {self.blog:,} for blogs, {self.wire:,} to send away",
            f"  shown as published    {self.published:>12,}",
            f"  double claims         {self.doubles:>12,}",
            f"  seconds               {self.seconds:>12,.0f}: {self.pace:.0f} claims/s",
        ]
        return "\n".join(rows)


def tally(folder: Path, ledger: Path, blog: int, wire: int, seconds: float) -> Tally:
    """Count, once every process has ended. `folder` has the homes of the hosts; `blog` posts were for the
    hosted blog, `wire` for the platform."""
    received = Counter(line.partition(" ")[0] for line in ledger.read_text().splitlines())
    db.session.rollback()
    told = select(Event.subject_id).where(
        Event.subject == "delivery", Event.verb == f"delivery.{PUBLISHED}"
    )
    return Tally(
        blog=blog,
        wire=wire,
        claims=_claims(),
        told=_counted(told),
        articles=_articles(),
        lines=Counted(
            received.total(), len(received), sum(times > 1 for times in received.values())
        ),
        published=_count(select(Delivery.id).where(Delivery.status == PUBLISHED)),
        hosts=_hosts(folder),
        seconds=seconds,
    )


def _claims() -> Counted:
    """Attempts. Claimed again is also what only its fence tells."""
    counted = _counted(select(Attempt.delivery_id))
    tried = select(Attempt.delivery_id).group_by(Attempt.delivery_id).having(func.count() > 1)
    again = select(Delivery.id).where(or_(Delivery.fence > 1, Delivery.id.in_(tried)))
    return Counted(counted.times, counted.posts, _count(again))


def _articles() -> Counted:
    """Articles that a delivery's key has put there. One that stands there twice has its title twice."""
    all_keys = _counted(select(Article.key))
    ours = _count(select(Article.id).join(Delivery, Delivery.marker == Article.key))
    titles = _counted(select(Article.title))
    return Counted(all_keys.times, ours, all_keys.again + titles.again)


def _counted(column: Select[Any]) -> Counted:
    """The values of one column: rows, different ones, and how many of them occur more than once."""
    value = column.selected_columns[0]
    again = column.group_by(value).having(func.count() > 1)
    return Counted(_count(column), _count(column.distinct()), _count(again))


def _count(query: Select[Any]) -> int:
    return db.session.scalar(select(func.count()).select_from(query.subquery())) or 0


def _hosts(folder: Path) -> list[Host]:
    host = func.split_part(Attempt.owner, ":", 1)
    rows = db.session.execute(select(host, func.count()).group_by(host)).all()
    claims: dict[str, int] = {row[0]: row[1] for row in rows}
    homes = {home.name: home for home in folder.iterdir() if home.is_dir()}
    return [
        Host(
            name,
            counting.marks(folder / name, counting.BELLS),
            claims.get(name, 0),
            counting.marks(folder / name, counting.BEATEN),
        )
        for name in sorted(homes | claims)
    ]
