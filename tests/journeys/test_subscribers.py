"""Real calendar programs subscribe: vdirsyncer fetches the feed, khal shows it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

import pytest
from flask import Flask
from werkzeug.serving import make_server

from publisher import clock
from publisher.calendar import service as calendar
from publisher.extensions import db
from publisher.feeds import render
from publisher.feeds import service as feeds
from publisher.stories import shelving
from tests.features.planned import blog, planned
from tests.plugins.app import Cast

PROGRAMS = Path(__file__).parents[2] / ".venv-subscriber" / "bin"
NOON = datetime(2026, 11, 23, 3, tzinfo=UTC)
TOMORROW = datetime(2026, 11, 24, 0, tzinfo=UTC)
SEOUL = "Asia/Seoul"


@dataclass
class Subscriber:
    """Somebody's vdirsyncer and khal, with a home of their own."""

    home: Path

    def subscribe(self, url: str) -> None:
        for name in ("status", "calendar"):
            (self.home / name).mkdir(parents=True)
        (self.home / "vdirsyncer.conf").write_text(
            f"""
[general]
status_path = "{self.home}/status/"
[pair feed]
a = "remote"
b = "local"
collections = null
conflict_resolution = "a wins"
[storage remote]
type = "http"
url = "{url}"
[storage local]
type = "filesystem"
path = "{self.home}/calendar/"
fileext = ".ics"
"""
        )
        assert self._run("vdirsyncer", "discover").returncode == 0

    def fetch(self) -> bool:
        """Whether fetching the feed went well."""
        return self._run("vdirsyncer", "sync").returncode == 0

    def sees(self, zone: str) -> list[str]:
        """What khal lists on a wall in `zone`: time, title and state of each event."""
        (self.home / "khal.conf").write_text(
            f"""
[calendars]
[[feed]]
path = {self.home}/calendar/
readonly = True
[sqlite]
path = {self.home}/khal.db
[locale]
local_timezone = {zone}
default_timezone = {zone}
timeformat = %H:%M
dateformat = %Y-%m-%d
longdateformat = %Y-%m-%d
datetimeformat = %Y-%m-%d %H:%M
longdatetimeformat = %Y-%m-%d %H:%M
"""
        )
        shown = self._run(
            "khal",
            "list",
            "--day-format",
            "",
            "--format",
            "{start-long-full} {title} {status}",
            "2026-11-20",
            "2026-12-10",
        )
        assert shown.returncode == 0, shown.stderr
        return [line.strip() for line in shown.stdout.splitlines() if line.strip()]

    def _run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [PROGRAMS / program, "-c", self.home / f"{program}.conf", *arguments],
            env={**os.environ, "HOME": str(self.home), "LC_ALL": "C.UTF-8", "COLUMNS": "200"},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )


@pytest.fixture
def address(app: Flask) -> Iterator[str]:
    """Where the app answers on this machine."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def subscriber(tmp_path: Path) -> Subscriber:
    return Subscriber(tmp_path / "subscriber")


def test_a_subscriber_sees_titles_times_moves_and_cancellations(
    app: Flask, cast: Cast, address: str, subscriber: Subscriber
) -> None:
    now = [NOON]
    clock.set_source(lambda: now[0])
    try:
        account = blog(cast.ada)
        chips = planned(cast.ana, account, "반도체 신제품 소개, 그리고 2세대", TOMORROW)
        planned(cast.ana, account, "채용 설명회", TOMORROW + timedelta(days=3, minutes=30))
        feed, url = feeds.make(cast.ana, "편집 달력", language="ko")
        subscriber.subscribe(address + urlsplit(url).path)

        assert subscriber.fetch()
        recruiting = "2026-11-27 09:30 [회사 블로그] 채용 설명회 TENTATIVE"
        title = "[회사 블로그] 반도체 신제품 소개, 그리고 2세대"
        assert subscriber.sees(SEOUL) == [f"2026-11-24 09:00 {title} TENTATIVE", recruiting]
        assert subscriber.sees("America/New_York")[0] == f"2026-11-23 19:00 {title} TENTATIVE"

        calendar.move(cast.ana, chips, TOMORROW + timedelta(days=1, hours=5), SEOUL)
        assert subscriber.fetch()
        assert subscriber.sees(SEOUL) == [f"2026-11-25 14:00 {title} TENTATIVE", recruiting]

        shelving.archive(cast.ana, chips.story)
        assert subscriber.fetch()
        cancelled = render.wording("ko")["cancelled_summary"]
        assert subscriber.sees(SEOUL) == [
            f"2026-11-25 14:00 {cancelled}{title} CANCELLED",
            recruiting,
        ]

        now[0] += timedelta(days=15)
        assert subscriber.fetch()
        assert subscriber.sees(SEOUL) == [recruiting]

        feeds.revoke(cast.ana, feed)
        assert not subscriber.fetch()
        assert subscriber.sees(SEOUL) == [recruiting]
        db.session.rollback()
        assert feed.agent.startswith("vdirsyncer")
    finally:
        clock.set_source(None)
