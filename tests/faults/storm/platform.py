"""The sandbox, watched: what is in flight on an account, and whether a link leads to a page when it comes."""

from __future__ import annotations

import re
import select
import socket
import threading
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from typing import Any

from sandbox import faults
from sandbox.server import Sandbox
from sandbox.wire import Request, Response

GONE = select.POLLRDHUP | select.POLLHUP | select.POLLERR | select.POLLNVAL
LINK = re.compile(r"http://127\.0\.0\.1:\d+/blog/[^\s\"\\&?]+")


@dataclass(frozen=True, slots=True)
class Flight:
    """A create that has arrived and is not answered yet."""

    connection: socket.socket
    account: str
    text: str

    def alive(self) -> bool:
        """Whether its sender still waits: not once the kernel has closed a dead process's connections."""
        try:
            watch = select.poll()
            watch.register(self.connection.fileno(), select.POLLRDHUP)
            return not any(event & GONE for _, event in watch.poll(0))
        except (OSError, ValueError):
            return False


@dataclass
class Watch:
    """What was seen that must never be."""

    overlaps: list[str] = field(default_factory=list)
    dead_links: list[str] = field(default_factory=list)
    links: int = 0
    unanswered: int = 0
    """How many links could not be tried, as the web was being restarted."""


class WatchedSandbox(Sandbox):
    """Tries a blog link when a post that has it arrives, and sees two creates in flight on one account."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.seen = Watch()
        self._flights: dict[int, Flight] = {}
        self._watching = threading.Lock()

    def _answer(
        self, connection: socket.socket, request: Request, platform: str, facts: dict[str, str]
    ) -> bool:
        if request.method != "POST" or not facts["path"].endswith(("/tweets", "/feed")):
            return super()._answer(connection, request, platform, facts)
        text = request.body.decode("utf-8", "replace")
        if platform == "facebook":
            text = urllib.parse.unquote_plus(text)
        self._depart(Flight(connection, f"{platform}:{facts['account']}", text))
        try:
            self._try_links(text)
            return super()._answer(connection, request, platform, facts)
        finally:
            self._land()

    def _send(self, connection: socket.socket, answer: Response, rule: faults.Rule | None) -> bool:
        if rule is None or rule.kind not in {"accept_then_hang", "slow"}:
            self._land()  # before the first byte of the answer: its sender may go on from here
        return super()._send(connection, answer, rule)

    def _depart(self, flight: Flight) -> None:
        with self._watching:
            for other in self._flights.values():
                if other.account == flight.account and other.alive():
                    self.seen.overlaps.append(f"{other.text[:60]} | {flight.text[:60]}")
            self._flights[threading.get_ident()] = flight

    def _land(self) -> None:
        with self._watching:
            self._flights.pop(threading.get_ident(), None)

    def _try_links(self, text: str) -> None:
        for url in LINK.findall(text):
            self.seen.links += 1
            try:
                with urllib.request.urlopen(url, timeout=2) as page:
                    status = page.status
            except urllib.error.HTTPError as error:
                status = error.code
                error.close()
            except OSError:
                self.seen.unanswered += 1
                continue
            if status >= 500:
                self.seen.unanswered += 1
            elif status != 200:
                self.seen.dead_links.append(f"{status} {url}")
