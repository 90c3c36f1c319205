"""A feed's bytes, whatever people write: RFC 5545 to the octet, and the same in every process."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import unicodedata
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from publisher.feeds import render, rules
from publisher.feeds.render import Told
from publisher.feeds.rules import Detail

AT = datetime(2026, 11, 24, 0, 0, 30, 123456, tzinfo=UTC)
BASE, HOST = "https://example.com", "example.com"
NASTY = [
    r"C:\New 폴더\next",
    '쉼표, 세미콜론; 콜론: 따옴표" 역슬래시\\',
    "가" * 300,
    "👩‍👩‍👧‍👦" * 40,
    "ㄱㅏ 나\u0301 NFD: 한글".encode().decode(),
    "줄\r\n바꿈\r또\n하나",
    "제어\x00\x07\x1b\x0b\x7f\x85문자",
    "BEGIN:VEVENT\r\nEND:VCALENDAR",
    "x" * 73 + "é" * 5,
]


def told(title: str = "제목", text: str = "본문", number: int = 1) -> Told:
    return Told(
        post_id=number,
        uid=f"00000000-0000-0000-0000-{number:012d}",
        sequence=3,
        status="scheduled",
        at=AT + timedelta(hours=number),
        created_at=AT,
        changed_at=AT,
        title=title,
        account="회사 블로그",
        author="아나",
        text=text,
        address="https://example.com/blog/글",
        campaign="봄, 캠페인",
        path="/stories/1?post=1",
    )


def calendar(*events: Told, detail: Detail = Detail.FULL, language: str = "ko") -> bytes:
    head = render.head("편집 달력", language, "Asia/Seoul", "회사", BASE)
    rendered = [render.event(event, detail, language, BASE, HOST) for event in events]
    return render.whole(head, rendered)


def complaints(data: bytes) -> list[str]:
    """What a strict reader of RFC 5545 would say."""
    found = []
    if not data.endswith(b"END:VCALENDAR\r\n"):
        found.append("no final line end")
    if data.startswith(b"\xef\xbb\xbf"):
        found.append("byte order mark")
    for line in data.removesuffix(b"\r\n").split(b"\r\n"):
        if len(line) > 75:
            found.append(f"{len(line)} octets: {line[:20]!r}")
        if b"\n" in line or b"\r" in line:
            found.append(f"bare line end: {line!r}")
        try:
            text = line.decode()
        except UnicodeDecodeError:
            found.append(f"split character: {line!r}")
        else:
            if any(unicodedata.category(char) == "Cc" and char != "\t" for char in text):
                found.append(f"control character: {line!r}")
    return found


@pytest.mark.parametrize("detail", list(Detail))
def test_nasty_texts_make_clean_lines(app: Flask, detail: Detail) -> None:
    events = [told(text, text, number) for number, text in enumerate(NASTY, 1)]
    data = calendar(*events, detail=detail)
    assert complaints(data) == []
    assert data.count(b"BEGIN:VEVENT\r\n") == len(NASTY)


@settings(
    deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(title=st.text(max_size=120), text=st.text(max_size=400))
def test_any_text_comes_back_as_it_was_meant(app: Flask, title: str, text: str) -> None:
    data = calendar(told(title, text))
    assert complaints(data) == []
    (event,) = Calendar.from_ical(data).walk("VEVENT")
    assert str(event["SUMMARY"]) == f"[회사 블로그] {rules.one_line(title)}"
    assert render.excerpt(text) in str(event["DESCRIPTION"])


def test_a_typed_backslash_and_capital_n_is_no_line_break(app: Flask) -> None:
    data = calendar(told(r"C:\New"))
    assert rb"C:\\New" in data
    assert str(Calendar.from_ical(data).walk("VEVENT")[0]["SUMMARY"]).endswith(r"C:\New")


def test_lone_surrogates_disappear(app: Flask) -> None:
    assert complaints(calendar(told("앞\ud800뒤"))) == []


@given(st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"]), max_size=400))
def test_folding_keeps_characters_whole_and_unfolds_to_the_same(line: str) -> None:
    folded = render.fold(line)
    pieces = folded.removesuffix(b"\r\n").split(b"\r\n ")
    assert all(len(piece) <= 74 for piece in pieces[1:])
    assert len(pieces[0]) <= 75
    assert "".join(piece.decode() for piece in pieces) == line


def test_times_are_whole_seconds_in_utc(app: Flask) -> None:
    lines = calendar(told()).decode().split("\r\n")
    assert "DTSTART:20261124T010030Z" in lines
    assert "DTEND:20261124T011530Z" in lines
    assert "DTSTAMP:20261124T000030Z" in lines
    assert not [line for line in lines if "TZID" in line]


def test_an_event_names_its_properties_in_one_order(app: Flask) -> None:
    event = render.event(told(), Detail.FULL, "ko", BASE, HOST).decode().replace("\r\n ", "")
    assert [line.partition(":")[0] for line in event.split("\r\n") if line] == [
        "BEGIN",
        "UID",
        "DTSTAMP",
        "LAST-MODIFIED",
        "CREATED",
        "SEQUENCE",
        "DTSTART",
        "DTEND",
        "STATUS",
        "TRANSP",
        "X-MICROSOFT-CDO-BUSYSTATUS",
        "SUMMARY",
        "DESCRIPTION",
        "URL",
        "CATEGORIES",
        "END",
    ]


PROGRAM = """
import hashlib
from flask import Flask
from flask_babel import Babel
from tests.features.test_feeds_bytes import NASTY, calendar, told
app = Flask("one")
Babel(app)
with app.app_context():
    data = calendar(*[told(text, text, number) for number, text in enumerate(NASTY, 1)])
print(hashlib.sha256(data).hexdigest())
"""


def test_every_process_writes_the_same_bytes() -> None:
    root = Path(__file__).parents[2]
    found = {
        subprocess.run(
            [sys.executable, "-c", PROGRAM],
            cwd=root,
            env={**os.environ, "PYTHONHASHSEED": seed, "TZ": zone, "PYTHONPATH": str(root)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed, zone in (("1", "Asia/Seoul"), ("2", "America/New_York"))
    }
    assert len(found) == 1
    assert len(found.pop()) == len(hashlib.sha256().hexdigest())
