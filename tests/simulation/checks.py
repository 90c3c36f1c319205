"""What must be true whenever somebody looks: the product's rows against the ledger."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta

from flask import Flask

from publisher.config import Timings
from tests.simulation.ledger import Broken, Ledger
from tests.simulation.platform import Posted
from tests.simulation.processes import Process

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
WAITS = Timings()
"""The product's own waits: simulated time costs nothing."""


def instant(kept: str) -> datetime:
    """What SQLite keeps of an instant."""
    return datetime.fromisoformat(kept).replace(tzinfo=UTC)


class Checks:
    """The part of a world that only looks. `wires` says who was last on the wire of an account."""

    app: Flask
    file: sqlite3.Connection
    ledger: Ledger
    now: datetime
    wrong_by: timedelta
    jumped: bool
    wires: dict[int, tuple[datetime, int]]
    processes: list[Process]

    def frozen(self) -> list[Process]:
        return [process for process in self.processes if process.alive]

    def rows(self) -> list[sqlite3.Row]:
        """Every delivery of each post's newest run, read beside the product."""
        return self.read(
            "SELECT d.*, a.slug FROM deliveries d JOIN accounts a ON a.id = d.account_id"
            " WHERE d.run = (SELECT max(run) FROM deliveries n WHERE n.post_id = d.post_id)"
            " ORDER BY d.post_id, d.part"
        )

    def read(self, query: str, *values: int) -> list[sqlite3.Row]:
        return self.file.execute(query, values).fetchall()

    def check(self) -> None:
        """What is said of each post must fit what is really there, whenever somebody looks."""
        sending: list[int] = []
        for row in self.rows():
            there = self.ledger.of(row["post_id"], row["part"])
            if self.ledger.facts[row["post_id"]].told:
                continue
            if row["slug"] == "blog":
                self._check_blog(row)
            elif row["status"] == "published":
                if [line.remote_id for line in there] != [row["remote_id"]]:
                    raise Broken(f"delivery {row['id']} is called published: {there}")
            elif row["status"] in {"scheduled", "cancelled", "failed", "missed"} and there:
                raise Broken(f"delivery {row['id']} is called {row['status']}, and is there")
            if row["status"] == "sending":
                sending.append(row["account_id"])
        if len(sending) != len(set(sending)):
            raise Broken(f"two in flight on one account: {sending}")

    def _check_blog(self, row: sqlite3.Row) -> None:
        due = self.ledger.facts[row["post_id"]].due
        if row["status"] != "published" or self.jumped:  # it says so by a clock that may be wrong
            return
        if due is None or instant(row["published_at"]) < due:
            raise Broken(f"the article of delivery {row['id']} went out before {due}")

    def check_waiting(self) -> None:
        rows = self.rows()
        status = {(row["post_id"], row["part"]): row["status"] for row in rows}
        for row in rows:
            fact = self.ledger.facts[row["post_id"]]
            if fact.told:
                continue
            if row["status"] in {"sending", "unconfirmed"}:
                raise Broken(f"delivery {row['id']} is {row['status']} and nothing is due")
            if row["status"] != "scheduled":
                continue
            before = status.get((row["post_id"], row["part"] - 1))
            reasons = {
                "approval": fact.approved is None,
                "part": before is not None and before != "published",
                "target": fact.linked is not None and status.get((fact.linked, 1)) != "published",
            }
            if not reasons.get(row["waits_for"], False):
                raise Broken(f"delivery {row['id']} waits for {row['waits_for']!r} and needs not")

    def check_target(self, line: Posted) -> None:
        """Whoever follows the link in it must find the post that it links to."""
        fact = self.ledger.facts[self.ledger.named(line.text)[0]]
        if fact.linked is None or not fact.needs_link:
            return
        target = self.ledger.facts[fact.linked]
        if target.account != "blog":
            if not self.ledger.of(target.post_id):
                raise Broken(f"post {fact.post_id} is out before post {target.post_id}")
            return
        url = next(word for word in f"{line.text} {line.link}".split() if word.startswith("http"))
        if self.app.test_client().get(url.removeprefix("http://localhost")).status_code != 200:
            raise Broken(f"post {fact.post_id} links to nothing: {url}")

    def check_clock(self, process: Process) -> None:
        """Nothing goes out by a clock that somebody moved, before it is right again and confirmed."""
        if self.wrong_by:
            raise Broken(f"delivery {process.delivery_id} goes out {self.wrong_by} beside its time")

    def check_flight(self, process: Process) -> None:
        """Commit 2 says yes: nobody else is in flight on that account, and it keeps its distance."""
        (account,) = self.read("SELECT spacing_s FROM accounts WHERE id = ?", process.account_id)
        for other in self.frozen():
            theirs = other is not process and other.account_id == process.account_id
            if theirs and other.wire_at and other.lease_until and other.lease_until >= self.now:
                both = process.delivery_id, other.delivery_id
                raise Broken(f"deliveries {both} are both in flight")
        (row,) = self.read("SELECT expires_at FROM deliveries WHERE id = ?", process.delivery_id)
        if instant(row["expires_at"]) + timedelta(seconds=WAITS.lease) < self.now:
            raise Broken(f"delivery {process.delivery_id} goes out long after its grace")
        at, post_id = self.wires.get(process.account_id, (START - timedelta(days=1), 0))
        alone = post_id == 0 or self.ledger.facts[post_id].parts == 1
        if alone and self.now - at < timedelta(seconds=account["spacing_s"]):
            raise Broken(f"delivery {process.delivery_id} follows another after {self.now - at}")
        process.wire_at = self.now
        process.approved = self.ledger.facts[process.post_id].approved
