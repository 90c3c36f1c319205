"""Time, platforms and processes are simulated; everything between them is the product itself."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from flask import Flask

from channels.base import Content
from channels.errors import Unconfirmed
from publisher.accounts import service as accounts
from publisher.accounts import timekeeping
from publisher.accounts.rules import Reading
from publisher.deliveries import dispatch, quarantine, sweep
from publisher.errors import DomainError
from publisher.extensions import db
from publisher.people import service as people
from publisher.people.models import User
from publisher.stories import service as stories
from publisher.stories.models import Post
from tests.simulation.checks import START, WAITS, Checks, instant
from tests.simulation.ledger import Broken, Fact, Ledger
from tests.simulation.platform import Answer, Posted, said
from tests.simulation.processes import Process

BELLS = 2
SENT = frozenset({Answer.LOST, Answer.UNREADABLE})
"""Answers other than a receipt that come after the platform took the post."""


class World(Checks):
    """One run at a time: `begin` gives it a fresh copy of the newsroom, `finish` lets everything settle."""

    def __init__(self, app: Flask, file: sqlite3.Connection) -> None:
        self.app, self.file = app, file
        file.row_factory = sqlite3.Row
        self.image, self.backup = sqlite3.connect(":memory:"), sqlite3.connect(":memory:")
        self.prepared: dict[int, Fact] = {}
        self.processes: list[Process] = []
        self.count = self.runs = 0
        self.begin()

    def keep(self) -> None:
        """What is in the database now is what every run begins with."""
        db.session.remove()
        self.file.backup(self.image)
        self.prepared = self.ledger.copy()

    def begin(self) -> None:
        for process in self.processes:
            process.kill()
        self.processes: list[Process] = []
        self.now, self.bells = START, 0
        self.wrong_by, self.jumped = timedelta(0), False
        timekeeping.set_source(self.reading)
        self.reused: dict[int, str] = {}
        self.wires: dict[int, tuple[datetime, int]] = {}
        self.ledger = Ledger()
        self.copied: dict[int, Fact] = {}
        for journal in Path(self.app.extensions["settings"].home).glob("wire.log*"):
            journal.unlink()
        if self.prepared:
            db.session.remove()
            self.image.backup(self.file)
            self.ledger.facts = {fact.post_id: fact for fact in self.prepared.values()}
            self.ledger.facts = self.ledger.copy()

    # ---- Time, bells and processes: what the product is given instead of the machine's ----

    def sleep(self, seconds: float) -> None:
        """Somebody waits for an instant: time passes, unless the process is to be stopped right there."""
        process = Process.current()
        if process is not None and process.stop == "instant":
            process.passes("instant")
        else:
            self.now += timedelta(seconds=seconds, microseconds=1)

    def clock(self) -> datetime:
        """What the machine believes the time to be; `now` is what it is."""
        return self.now + self.wrong_by

    def reading(self) -> Reading:
        """The wall clock that somebody may have moved, and the kernel's count."""
        wall, boot = self.clock().timestamp(), self.now.timestamp()
        return Reading(wall=wall, boot=boot, boot_id="simulated")

    def jump(self, seconds: float) -> None:
        """Somebody moves the machine's clock. Until it is mended nothing may reach a platform."""
        self.wrong_by += timedelta(seconds=seconds)
        self.jumped = True

    def mend_clock(self, actor: User | None = None) -> None:
        """The clock is set right again, the dispatcher sees that, and a person confirms it."""
        self.wrong_by = timedelta(0)
        timekeeping.watch()
        self.attempt(lambda: timekeeping.confirm(actor))

    def ring(self, wanted: int = 1) -> bool:
        self.bells = min(BELLS, self.bells + wanted)
        return True

    def started(self, number: int) -> str:
        """When that process began; empty when there is none."""
        if number in self.reused:
            return self.reused[number]
        here = [each for each in self.processes if not each.far]
        alive = any(each.number == number and each.alive for each in here)
        return str(number) if alive else ""

    def owner(self) -> str:
        process = Process.current()
        return process.owner if process else "nobody:0:0"

    def strike(self, point: str, subject: int) -> None:
        """A process has come to a named point of its way."""
        process = Process.current()
        if process is None:
            return
        if point == "after-intent":
            self._know(process, subject)
        elif point == "before-wire":
            self.check_clock(process)
            self.check_flight(process)
        elif point == "after-wire":
            self.wires[process.account_id] = (self.now, process.post_id)
        elif point == "after-outcome":
            process.lease_until = None  # it has let go
        process.passes(point)

    # ---- The platform ----

    def create(self, account: str, content: Content, on_wire: Callable[[], None]) -> Posted:
        process = Process.current()
        assert process is not None
        process.passes("dialled")
        answer, lag_s, slow = process.plan
        if answer is Answer.CONNECTION_REFUSED:
            raise said(answer)
        on_wire()
        assert process.wire_at is not None
        self.ledger.check_wire(content.text, content.link, process.approved)
        self.now += timedelta(seconds=40 if slow else 0.1)
        open_until = process.wire_at + timedelta(seconds=WAITS.settle)
        error = said(answer)
        if self.now > open_until or (
            error is not None and answer not in {Answer.LOST, Answer.UNREADABLE}
        ):
            raise error or Unconfirmed("The connection was closed long ago.")
        number = len(self.ledger.posted) + 1
        line = Posted(
            account=account,
            remote_id=f"2002_{number}" if account == "page" else str(number),
            text=content.text,
            link=content.link,
            reply_to=content.reply_to,
            at=self.now,
            visible_at=min(self.now + timedelta(seconds=lag_s), open_until),
        )
        self.check_target(line)
        self.ledger.accept(line)
        if answer is Answer.LOST:
            raise said(answer)
        return line if answer is not Answer.BUG else 1 / 0

    def reads(self, account: str) -> Sequence[Posted]:
        process = Process.current()
        assert process is not None
        process.passes("dialled")
        if process.plan[0] is Answer.UNREADABLE:
            raise said(Answer.UNREADABLE)
        return [line for line in self.ledger.posted if line.account == account]

    # ---- What happens ----

    def tick(self) -> None:
        """The dispatcher's round: the sweep, and bells for what is due within a second."""
        timekeeping.watch()
        ahead = self.clock() + timedelta(seconds=WAITS.ahead)
        if due := dispatch.due_count(dispatch.heads(), None, ahead):
            self.ring(due)
        sweep.sweep()
        db.session.rollback()
        self.check()

    def hear(
        self,
        answer: Answer = Answer.ACCEPTED,
        *,
        stop: str = "",
        dies: bool = False,
        lag_s: float = 0.0,
        slow: bool = False,
        far: bool = False,
    ) -> bool:
        """A worker hears a bell, rung or not, and takes up one thing. Whether there was one."""
        self.bells = max(0, self.bells - 1)
        self.count += 1
        done: list[bool] = []
        process = Process(self.count, self.app, lambda: done.append(self._take_up()), far=far)
        process.plan = (answer, lag_s, slow)
        self.processes.append(process)
        db.session.rollback()
        process.run(stop, dies=dies)
        self._bury()
        self.check()
        return done != [False]

    def next_due(self, *, within_s: float) -> None:
        """Time passes until something is due, if that is soon enough."""
        at = dispatch.next_instant()
        db.session.rollback()
        if at is not None and self.clock() < at <= self.clock() + timedelta(seconds=within_s):
            self.now = at - self.wrong_by

    def thaw(self, process: Process, *, stop: str = "", dies: bool = False) -> None:
        """It goes on, however late. With a stale fence it must not write anything."""
        before = self._rows(process)
        stale = bool(before) and before[0]["fence"] != process.fence
        process.run(stop, dies=dies)
        if stale and self._rows(process) != before:
            raise Broken(f"a stale fence wrote: delivery {process.delivery_id}")
        self._bury()
        self.check()

    def hide(self, post_id: int, *, until: datetime) -> None:
        """The platform breaks its word: what it took cannot be seen before that instant."""
        self.ledger.posted = [
            replace(line, visible_at=until) if line in self.ledger.of(post_id) else line
            for line in self.ledger.posted
        ]

    def status(self, post_id: int) -> str:
        """Of the first part of its newest run."""
        return next(row["status"] for row in self.rows() if row["post_id"] == post_id)

    def later(self, seconds: float) -> None:
        """So much time passes, and the dispatcher has looked."""
        self.now += timedelta(seconds=seconds)
        self.tick()

    def attempt(self, verb: Callable[[], Any]) -> bool:
        """A person asks for something; False when the product says no."""
        try:
            verb()
        except DomainError:
            db.session.rollback()
            return False
        db.session.rollback()
        self.check()
        return True

    def person(self, name: str) -> User:
        return next(user for user in people.everyone() if user.name == name)

    def post(self, post_id: int) -> Post:
        return stories.get_post(None, post_id)

    # ---- Faults stop ----

    def finish(self) -> None:
        """Faults stop, people let go of what they held, and time passes: everything settles, or waits for a
        person, where it can be seen."""
        self.bells = 0
        self.mend_clock()
        for process in self.frozen():
            process.plan = (Answer.ACCEPTED, 0.0, False)
            self.thaw(process)
        for account in accounts.all_accounts():
            self.attempt(lambda account=account: accounts.release(None, account))
            if account.status != "active":
                self.attempt(lambda account=account: accounts.resume(None, account))
        self.attempt(lambda: accounts.release(None))
        self.runs += 1
        self._settle()
        self.check_waiting()
        self.now += timedelta(days=2)
        self._settle()
        open_ = {"scheduled", "sending", "unconfirmed"}
        if left := [row for row in self.rows() if row["status"] in open_]:
            raise Broken(f"after two days still open: {[dict(row) for row in left]}")

    def _settle(self) -> None:
        for patience in range(300):
            self.tick()
            while self.bells:
                if not self.hear():
                    self.bells = 0
            ((lease,),) = self.read("SELECT min(lease_until) FROM deliveries")
            leases = [instant(lease)] if lease else []
            instants = [each for each in (dispatch.next_instant(), *leases) if each is not None]
            db.session.rollback()
            if not instants:
                return
            least = (
                0.1 if patience < 60 else 1200
            )  # who reads a timeline for hours does so quickly here
            self.now = max(self.now + timedelta(seconds=least), min(instants))
        raise Broken("it never comes to rest")

    # ---- An older copy of the database ----

    def copy(self) -> None:
        """A backup, while everything runs."""
        self.file.backup(self.backup)
        self.copied = self.ledger.copy()

    def restore(self) -> None:
        """Everything stops, and the backup takes the database's place. What people said since is lost, and so
        are posts that were written since; what went out is out."""
        for process in self.frozen():
            process.kill()
        self.processes, self.wires = [], {}
        db.session.remove()
        self.backup.backup(self.file)
        self.ledger.forget(self.copied)
        timekeeping.set_source(self.reading)
        timekeeping.begin()
        found = quarantine.quarantine()
        db.session.rollback()
        known = {"published", "unconfirmed", "needs_attention"}
        status = {(row["post_id"], row["part"]): row["status"] for row in self.rows()}
        for line in self.ledger.posted:
            post_id, _version, part = self.ledger.named(line.text)
            if (
                self.ledger.facts[post_id].account != "blog"
                and status.get((post_id, part)) not in known
            ):
                if post_id not in found.unplanned:
                    raise Broken(
                        f"part {part} of post {post_id} is out, and the copy does not know"
                    )
                self.ledger.facts[post_id].told = True
        self.check()

    # ---- Within ----

    def _take_up(self) -> bool:
        process = Process.current()
        assert process is not None
        waiting = [head for head in dispatch.heads() if head.at <= self.clock()]
        db.session.rollback()
        process.passes("bell-heard")
        return any(dispatch.work_on(head) for head in waiting)

    def _know(self, process: Process, delivery_id: int) -> None:
        (row,) = self.read("SELECT * FROM deliveries WHERE id = ?", delivery_id)
        process.delivery_id, process.fence = delivery_id, row["fence"]
        process.account_id, process.post_id = row["account_id"], row["post_id"]
        process.lease_until = instant(row["lease_until"])

    def _rows(self, process: Process) -> list[sqlite3.Row]:
        wanted = process.delivery_id
        row = self.read("SELECT * FROM deliveries WHERE id = ?", wanted)
        return row + self.read("SELECT * FROM attempts WHERE delivery_id = ? ORDER BY id", wanted)

    def _bury(self) -> None:
        self.processes = self.frozen()
