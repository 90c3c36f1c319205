"""Is this machine's clock still to be believed? Nothing goes out by a clock that somebody has moved.

The wall clock is compared with the kernel's count since the machine started, which nobody can set and which
passes through a laptop's sleep. Each process compares for itself; what was believed last is in the database.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, select
from sqlalchemy.exc import IntegrityError

from publisher import clock, queue
from publisher.accounts.models import Hold, HostClock
from publisher.accounts.rules import Reading, clock_shift, moved
from publisher.effects import service as effects
from publisher.errors import Conflict
from publisher.extensions import db
from publisher.notices import service as notices
from publisher.people import audit
from publisher.people import service as people
from publisher.people.models import User
from publisher.people.rules import Role, at_least
from publisher.storage import upsert, writing

CODE, SCOPE = "clock", -1
LATER_S = 60.0
_OPEN = (Hold.scope == SCOPE, Hold.released_at.is_(None))


def read() -> Reading | None:
    """Both clocks at one moment; None where the kernel has no such count."""
    boottime = getattr(time, "CLOCK_BOOTTIME", None)
    if boottime is None:
        return None
    while True:
        before, wall, after = (
            time.clock_gettime(boottime),
            time.time(),
            time.clock_gettime(boottime),
        )
        if after - before < 1.0:  # else this process was stopped between the two: look again
            return Reading(wall, before, _boot_id())


@cache
def _boot_id() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


class _Process:
    """This process's own clocks and what it believed last."""

    source: Callable[[], Reading | None] = staticmethod(read)
    believed: Reading | None = read()


def set_source(source: Callable[[], Reading | None] | None) -> None:
    """Read other clocks from now on (tests and simulations); None brings the machine's own back."""
    _Process.source = staticmethod(source or read)
    _Process.believed = _Process.source()


def begin() -> None:
    """Compare with what this machine's clocks said before this process: for one that has just started."""
    now = _Process.source()
    if now is None:
        return
    before = _kept()
    if before and before.boot_id == now.boot_id and moved(clock_shift(before, now)):
        _suspect(now)
        return
    with writing():
        _keep(now)  # says also that this machine is still there


def watch() -> None:
    """Hold all sending when this machine's clock was moved since the last look. Two readings when it was not.

    Call it outside of a transaction, before anything is claimed or sent by the clock.
    """
    now, believed = _Process.source(), _Process.believed
    if now is not None and believed is not None and moved(clock_shift(believed, now)):
        _suspect(now)


def held() -> Hold | None:
    """The hold that waits for somebody to confirm the time."""
    return db.session.scalar(select(Hold).where(*_OPEN).limit(1))


def unconfirmed() -> ColumnElement[bool]:
    """The same as a condition of other queries: who judges by the clock does not, while it is true."""
    return select(Hold.id).where(*_OPEN).exists()


def require_believed() -> None:
    """For effects that void or delete what is old: raises Later while nobody has confirmed a moved clock.
    Call it outside of a transaction."""
    watch()
    if held() is not None:
        raise effects.Later(LATER_S)


def confirm(actor: User | None) -> None:
    """A person says that the time is right: sending goes on by it. Raises Conflict when nothing waits."""
    with writing():
        hold = held()
        if hold is None:
            raise Conflict(_("Nothing is held here."))
        hold.released_at = clock.now()
        hold.released_by = actor.name if actor else audit.SYSTEM
        audit.record(actor, "clock.confirmed", "clock", None, note=hold.reason)
        queue.ring_after_commit(clock.now())


def _suspect(now: Reading) -> None:
    """Hold, unless another process of this machine did for the same move; believe the new time either way,
    as from here on it is a person's to confirm."""
    try:
        with writing():
            kept = _kept()  # perhaps of an earlier start of the machine, which says nothing here
            before = kept if kept and kept.boot_id == now.boot_id else _Process.believed
            shift = clock_shift(before, now) if before else 0.0
            if moved(shift):
                _hold(shift)
            _keep(now)
    except IntegrityError:
        return  # somebody holds at this very moment; the next look finds it done
    _Process.believed = now


def _hold(shift: float) -> None:
    host, hold = socket.gethostname(), held()
    if hold is not None:
        shifts = hold.values["shifts"]
        hold.values = {"shifts": {**shifts, host: round(shifts.get(host, 0) + shift)}}
        return
    values = {"shifts": {host: round(shift)}}
    reason = f"The clock of {host} was moved by {round(shift)} seconds."
    db.session.add(
        Hold(
            scope=SCOPE,
            code=CODE,
            values=values,
            reason=reason,
            actor_name=audit.SYSTEM,
            at=clock.now(),
        )
    )
    db.session.flush()
    audit.record(None, "held", "clock", None, note=reason)
    for user in people.everyone():
        if user.active and at_least(user.role, Role.EDITOR):
            notices.notify(user, "clock_moved", {"host": host}, "/accounts")


def _kept() -> Reading | None:
    row = db.session.get(HostClock, socket.gethostname(), populate_existing=True)
    return Reading(row.wall, row.boot, row.boot_id) if row else None


def _keep(now: Reading) -> None:
    """Several roles of a machine may begin at once."""
    said = {"wall": now.wall, "boot": now.boot, "boot_id": now.boot_id}
    row = upsert(HostClock).values(host=socket.gethostname(), **said)
    db.session.execute(row.on_conflict_do_update(index_elements=["host"], set_=said))
