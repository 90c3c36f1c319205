"""What planners are told before and after they choose a time: clashes, days to avoid, the next free slot."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from flask import current_app
from flask_babel import format_date, format_datetime, ngettext
from flask_babel import gettext as _
from sqlalchemy import and_, func, select

from publisher import clock, zones
from publisher.accounts.models import Account
from publisher.calendar import clashes, holidays, rules, slots
from publisher.calendar.clashes import Clash, Kind, Planned, Sketch
from publisher.calendar.models import Blackout, QueueSlot
from publisher.calendar.service import AnySelect, title
from publisher.config import Config
from publisher.errors import Conflict, Invalid, NotAllowed, NotFound
from publisher.extensions import db
from publisher.people import audit
from publisher.people.models import User
from publisher.people.rules import Role, at_least
from publisher.storage import writing
from publisher.stories.models import Post, Revision, Story
from publisher.stories.rules import ARCHIVED, clean

KNOWN_SKETCHES = 20_000
LONGEST_BLACKOUT = timedelta(days=366)
_sketches: dict[str, Sketch] = {}
"""By the hash of the content: what a hash stands for never changes."""


@dataclass(frozen=True, slots=True)
class Note:
    """One thing to know of a time before it is chosen. `kind` is a clash's, "blackout" or "holiday"."""

    kind: str
    text: str

    @property
    def warns(self) -> bool:
        return self.kind not in {"holiday", Kind.ELSEWHERE}


# Clashes


def planned(start: datetime, end: datetime, account_id: int | None = None) -> list[Planned]:
    """What goes out from `start` on and before `end`, with the sketches of what it says if any can move."""
    query = _query().where(Post.shown_at >= start, Post.shown_at < end, Post.status != ARCHIVED)
    if account_id is not None:
        query = query.where(Post.account_id == account_id)
    return _read(query)


def of_posts(ids: Sequence[int]) -> list[Planned]:
    """The posts of these ids that have a time."""
    return _read(_query().where(Post.id.in_(ids), Post.shown_at.is_not(None)))


def _query() -> AnySelect:
    return (
        select(
            Post.id,
            Post.story_id,
            Post.account_id,
            Post.shown_status,
            Post.shown_at,
            Account.spacing_s,
            Revision.id,
            Revision.hash,
        )
        .join(Account, Account.id == Post.account_id)
        .join(Revision, and_(Revision.post_id == Post.id, Revision.number == Post.revision))
    )


def _read(query: AnySelect) -> list[Planned]:
    rows = db.session.execute(query).all()
    if any(row[3] in clashes.OPEN for row in rows):
        _learn({row[6]: row[7] for row in rows if row[7] not in _sketches})
    return [
        Planned(
            post_id=row[0],
            story_id=row[1],
            account_id=row[2],
            status=row[3],
            at=row[4],
            spacing_s=row[5],
            sketch=_sketches.get(row[7], clashes.NO_SKETCH),
        )
        for row in rows
    ]


def _learn(unknown: Mapping[int, str]) -> None:
    """Sketch the revisions of these ids."""
    if len(_sketches) > KNOWN_SKETCHES:
        _sketches.clear()
    read = func.substr(Revision.text, 1, clashes.READ * 4)
    query = select(Revision.hash, Revision.title, read).where(Revision.id.in_(unknown))
    for content, heading, text in db.session.execute(query) if unknown else ():
        _sketches[content] = clashes.sketch(f"{heading}\n{text}")


def clashes_between(start: datetime, end: datetime) -> dict[int, tuple[Clash, ...]]:
    """What is wrong with the posts from `start` to `end`, whatever a reader's filters hide."""
    return clashes.find(planned(start - clashes.ALIKE_WITHIN, end + clashes.ALIKE_WITHIN))


def notes(post: Post, at: datetime | None, zone: str = "") -> list[Note]:
    """What speaks against that time for that post: advice, never a refusal. Times are told in `zone`."""
    if at is None:
        return []
    near = clashes.ALIKE_WITHIN
    minute = at.replace(second=0, microsecond=0)
    others = {
        each.post_id: each
        for each in (
            *planned(at - near, at + near, post.account_id),
            *planned(minute, minute + timedelta(minutes=1)),
        )
        if each.post_id != post.id
    }
    here = Planned(
        post.id,
        post.story_id,
        post.account_id,
        "scheduled",
        at,
        post.account.spacing_s,
        clashes.sketch(f"{post.head.title}\n{post.head.text}"),
    )
    near_it = [other for other in others.values() if clashes.may_clash(here, other)]
    found = clashes.find([*near_it, here]).get(post.id, ())
    return time_notes(at, found, zone)


def time_notes(
    at: datetime,
    found: Sequence[Clash],
    zone: str = "",
    times: Mapping[int, datetime] | None = None,
) -> list[Note]:
    """What the day of `at` and these clashes say, as sentences. `times` are those of posts that move, too."""
    return [*_days(at), *_clash_notes(found, zone, times or {})]


def _days(at: datetime) -> list[Note]:
    day = rules.local_day(at, home())
    said = format_date(day, "long")
    reason, name = closed(day, day).get(day), public_holidays(day, day).get(day)
    found = []
    if reason:
        found.append(Note("blackout", _("Blackout date, %(day)s: %(why)s", day=said, why=reason)))
    if name:
        found.append(Note("holiday", _("Public holiday, %(day)s: %(name)s", day=said, name=name)))
    return found


def _clash_notes(found: Sequence[Clash], zone: str, times: Mapping[int, datetime]) -> list[Note]:
    """Each clash as a sentence that names the other post."""
    if not found:
        return []
    rows = db.session.execute(
        select(Post.id, title(), Post.shown_at)
        .join(Story, Story.id == Post.story_id)
        .join(Revision, and_(Revision.post_id == Post.id, Revision.number == Post.revision))
        .where(Post.id.in_([clash.other_id for clash in found]))
    )
    names, shown = {}, dict(times)
    for post_id, name, at in rows:
        names[post_id] = name
        shown.setdefault(post_id, at or clock.now())
    return [_sentence(clash, names[clash.other_id], shown[clash.other_id], zone) for clash in found]


def _sentence(clash: Clash, name: str, at: datetime, zone: str) -> Note:
    if clash.kind == Kind.SAME_MINUTE:
        return Note(clash.kind, _("At the same minute on this account: “%(title)s”", title=name))
    if clash.kind == Kind.ELSEWHERE:
        return Note(clash.kind, _("At the same minute on another account: “%(title)s”", title=name))
    if clash.kind == Kind.CLOSE:
        return Note(
            clash.kind,
            ngettext(
                "%(num)s minute apart on this account: “%(title)s”",
                "%(num)s minutes apart on this account: “%(title)s”",
                clash.minutes,
                title=name,
            ),
        )
    local = at.astimezone(zones.zone_of(zone) if zone else home())
    when = format_datetime(local, _("EEE, d MMM, HH:mm"), rebase=False)
    return Note(
        clash.kind,
        _("Nearly the same words on this account: “%(title)s”, %(when)s", title=name, when=when),
    )


# Days to avoid


def home() -> ZoneInfo:
    """The installation's zone, in which blackout dates and public holidays are days."""
    settings: Config = current_app.extensions["settings"]
    return ZoneInfo(settings.timezone)


def public_holidays(first: date, last: date) -> dict[date, str]:
    """Day → name in the reader's language."""
    return holidays.between(first, last)


def blackouts(first: date) -> Sequence[Blackout]:
    """Those that end on `first` or later, by time."""
    query = select(Blackout).where(Blackout.last >= first).order_by(Blackout.first, Blackout.id)
    return db.session.scalars(query).all()


def closed(first: date, last: date) -> dict[date, str]:
    """Day → why nothing should go out, for each blackout date from `first` to `last`."""
    found: dict[date, str] = {}
    for each in blackouts(first):
        day = max(first, each.first)
        while day <= min(last, each.last):
            found[day] = f"{found[day]}; {each.reason}" if day in found else each.reason
            day += timedelta(days=1)
    return found


def on_closed_day(at: datetime | None) -> bool:
    """Whether that time lies on a blackout date."""
    return bool(_blackouts(at))


def _blackouts(at: datetime | None) -> list[Note]:
    return [note for note in _days(at) if note.kind == "blackout"] if at else []


def require_confirmed(
    times: Iterable[datetime | None], *, confirmed: bool, here: bool = False
) -> None:
    """Raise Conflict (code `blackout`) if one of `times` lies on a blackout date and nobody confirmed it.
    With `here` the page that says so asks for it, too."""
    if confirmed:
        return
    for at in times:
        if found := _blackouts(at):
            why = found[0].text
            ask = (
                _("%(why)s. Tick the box below if it goes out all the same.", why=why)
                if here
                else _(
                    "%(why)s. Confirm on the page of its review that it goes out all the same.",
                    why=why,
                )
            )
            raise Conflict(ask, code="blackout")


def add_blackout(actor: User | None, first: date, last: date | None, reason: str) -> Blackout:
    """Close the days `first` to `last`, or one. Raises Invalid naming the wrong field."""
    last, reason = last or first, " ".join(clean(reason).split())
    with writing() as session:
        _require_editor(actor)
        if last < first or last - first > LONGEST_BLACKOUT or first.year not in zones.YEARS:
            wrong = _("The last day lies after the first, at most a year.")
            raise Invalid(wrong, fields={"last": wrong})
        if not 0 < len(reason) <= 200:
            wrong = _("Say why, in at most 200 characters.")
            raise Invalid(wrong, fields={"reason": wrong})
        name = actor.name if actor else audit.SYSTEM
        made = Blackout(first=first, last=last, reason=reason, actor_name=name, at=clock.now())
        session.add(made)
        session.flush()
        audit.record(
            actor,
            "blackout.added",
            "blackout",
            made.id,
            note=reason,
            first=str(first),
            last=str(last),
        )
    return made


def remove_blackout(actor: User | None, blackout_id: int) -> None:
    """Open those days again; NotFound when somebody did already."""
    with writing() as session:
        _require_editor(actor)
        found = session.get(Blackout, blackout_id)
        if found is None:
            raise NotFound(_("These days are open already."))
        audit.record(actor, "blackout.removed", "blackout", found.id, note=found.reason)
        session.delete(found)


# Queue slots


def queue_slots() -> Sequence[QueueSlot]:
    """Every account's slots, by weekday and time."""
    query = select(QueueSlot).order_by(QueueSlot.weekday, QueueSlot.at, QueueSlot.id)
    return db.session.scalars(query).all()


def add_slots(
    actor: User | None, account: Account, weekdays: Iterable[int], at: time, zone: str
) -> int:
    """Give the account a slot at that wall time on each of `weekdays`; how many were new."""
    chosen = sorted(set(weekdays) & set(range(7)))
    with writing() as session:
        _require_editor(actor)
        if not chosen:
            wrong = _("Choose at least one weekday.")
            raise Invalid(wrong, fields={"weekdays": wrong})
        zones.zone_of(zone)
        wall = f"{at:%H:%M}"
        session.refresh(account, with_for_update=True)
        known = set(
            session.scalars(
                select(QueueSlot.weekday).where(
                    QueueSlot.account_id == account.id,
                    QueueSlot.at == wall,
                    QueueSlot.zone == zone,
                )
            )
        )
        new = [day for day in chosen if day not in known]
        session.add_all(
            QueueSlot(account_id=account.id, weekday=day, at=wall, zone=zone) for day in new
        )
        if new:
            audit.record(
                actor, "slot.added", "slot", None, account_id=account.id, at=wall, weekdays=new
            )
    return len(new)


def remove_slot(actor: User | None, slot_id: int) -> None:
    """Take a slot away; NotFound when somebody did already."""
    with writing() as session:
        _require_editor(actor)
        found = session.get(QueueSlot, slot_id)
        if found is None:
            raise NotFound(_("This slot is gone already."))
        audit.record(
            actor, "slot.removed", "slot", found.id, account_id=found.account_id, at=found.at
        )
        session.delete(found)


def free_slot(account: Account) -> slots.Moment | None:
    """The account's next slot that no post takes, on no holiday or blackout date; None without slots."""
    of_account = [slot for slot in queue_slots() if slot.account_id == account.id]
    if not of_account:
        return None
    now, apart = clock.now(), clashes.distance(account.spacing_s)
    taken = select(Post.shown_at).where(
        Post.shown_at > now - apart,
        Post.shown_at < now + slots.AHEAD + apart,
        Post.account_id == account.id,
        Post.shown_status.in_(clashes.OPEN | clashes.OBSTACLES),
    )
    today = rules.local_day(now, home())
    last = today + slots.AHEAD + timedelta(days=1)
    avoid = {*closed(today, last), *public_holidays(today, last)}
    times = [at for at in db.session.scalars(taken) if at]
    return slots.next_free(of_account, times, avoid, now, apart)


def _require_editor(actor: User | None) -> None:
    if actor is not None and not at_least(actor.role, Role.EDITOR):
        raise NotAllowed(_("Only editors set when accounts post."))
