"""What the matrix showed: the table, the figures, and the whole story of a case that broke the promise."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from publisher.deliveries.models import Attempt, Delivery
from publisher.extensions import db
from publisher.people.models import Event
from sandbox.ledger import Post as Remote
from tests.faults.installation import Installation
from tests.faults.matrix import OUTCOMES
from tests.faults.matrix_run import Play, by_point
from tests.faults.oracle import Fate

MARKS = {Fate.SETTLED: "·", Fate.WAITS: "P", Fate.OPEN: "open", Fate.DUPLICATED: "DUP"}


def table(plays: Sequence[Play]) -> str:
    """Crash point × outcome: `·` settled by itself, `P` waits for a person, `P·` settled once a person had
    connected the account anew; anything else is broken."""
    names = [outcome.name for outcome in OUTCOMES]
    width = max(len(name) for name, _ in by_point(plays))
    lines = [f"{number:>3} {name}" for number, name in enumerate(names, 1)]
    heads = "".join(f"{number:>5}" for number in range(1, len(names) + 1))
    lines += ["", f"{'':{width}}{heads}   slowest"]
    for name, row in by_point(plays):
        cells = {play.case.outcome.name: _mark(play) for play in row}
        marks = "".join(f"{cells.get(outcome, ''):>5}" for outcome in names)
        lines.append(f"{name:{width}}{marks}{max(play.seconds for play in row):>8.1f} s")
    return "\n".join(lines)


def _mark(play: Play) -> str:
    if play.case.dies and not play.struck:
        return "none"
    return ("P" if play.reconnected else "") + MARKS.get(play.fate, "LOST")


def figures(plays: Sequence[Play]) -> dict[str, object]:
    """The numbers of the promise. A share counts what a machine may settle: neither what the platform itself
    gave to a person nor what is broken."""
    mine = [play for play in plays if not play.case.outcome.asks]
    settled = [play for play in mine if play.fate is Fate.SETTLED]
    fates = [play.fate for play in plays]
    reconnected = [play.fate for play in plays if play.reconnected]
    return {
        "cases": len(plays),
        "settled_by_itself": fates.count(Fate.SETTLED) - reconnected.count(Fate.SETTLED),
        "waits_for_a_person": fates.count(Fate.WAITS) + len(reconnected),
        "out_once_reconnected": reconnected.count(Fate.SETTLED),
        "duplicated": fates.count(Fate.DUPLICATED),
        "silently_lost": fates.count(Fate.LOST) + fates.count(Fate.HIDDEN),
        "never_settled": fates.count(Fate.OPEN),
        "crash_did_not_come": sum(play.case.dies and not play.struck for play in plays),
        "settled_share": round(len(settled) / max(1, len(mine)), 4),
        "longest_s": round(max((play.seconds for play in settled), default=0.0), 1),
    }


def story(installation: Installation, play: Play) -> str:
    """Everything that is known of one case: crash, attempts, events, and what the platform did and holds."""
    db.session.rollback()
    query = select(Delivery).where(Delivery.post_id == play.post_id)
    lines = [f"## {play.case}: {play.fate} after {play.seconds:.1f} s, crash struck {play.struck}×"]
    for delivery in db.session.scalars(query):
        lines.append(
            f"delivery {delivery.id} {delivery.status} {delivery.problem_code} {delivery.problem}"
        )
        lines.append(f"  account {delivery.account.status} {delivery.account.problem}")
        told = [(_at(event.at), f"{event.verb} {event.note}") for event in _events(delivery)]
        for attempt in delivery.tries:
            told += _attempt(attempt)
    account = (play.platform, play.remote)
    told += [
        (
            each["at"],
            f"platform: {each['method']} {each['path'].partition('?')[0]} {each['decision']}",
        )
        for each in installation.sandbox.requests()
        if (each["platform"], each["account"]) == account
    ]
    lines += [f"  {at[11:23]} {what}" for at, what in sorted(told)]
    lines += [f"ledger {post.id} {post.current!r}" for post in _held(installation, account)]
    return "\n".join(lines)


def _attempt(attempt: Attempt) -> list[tuple[str, str]]:
    name = f"attempt {attempt.fence} ({attempt.kind}, {attempt.owner.split(':')[1]})"
    moments = {
        "begun": attempt.started_at,
        "on the wire": attempt.wire_at,
        "ended": attempt.ended_at,
    }
    told = [(_at(at), f"{name} {word}") for word, at in moments.items() if at is not None]
    return [*told, (_at(attempt.ended_at), f"{name} {attempt.outcome} {attempt.detail[:100]}")]


def _events(delivery: Delivery) -> Sequence[Event]:
    query = select(Event).where(Event.subject == "delivery", Event.subject_id == delivery.id)
    return db.session.scalars(query.order_by(Event.id)).all()


def _held(installation: Installation, account: tuple[str, str]) -> Sequence[Remote]:
    return installation.sandbox.world.ledger.of(*account)


def _at(instant: object) -> str:
    return instant.isoformat() if hasattr(instant, "isoformat") else ""
