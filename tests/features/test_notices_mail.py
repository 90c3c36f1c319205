"""Telling people by mail: at once, in a daily digest, at no hour that they want quiet, in their language."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select

from publisher import clock
from publisher.config import Config
from publisher.effects import service as effects
from publisher.effects.models import Effect
from publisher.extensions import db
from publisher.notices import mail, service, wishes
from publisher.notices.models import Notice
from publisher.people import links
from publisher.people import service as people
from tests.plugins.app import running

NEWS = {"by": "Ana", "title": "봄 소식", "account": "X @acme", "reason": "날짜가 틀립니다."}


class Post(socketserver.ThreadingTCPServer):
    """A mail server with one mailbag: takes every message, or refuses every one."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Session)
        self.bag: list[EmailMessage] = []
        self.said: list[str] = []
        self.refuses = False


class Session(socketserver.StreamRequestHandler):
    """As much of SMTP (RFC 5321) as a client needs to hand one message over."""

    server: Post

    def handle(self) -> None:
        self.say("220 test")
        while line := self.rfile.readline().decode().strip():
            self.server.said.append(line)
            verb = line[:4].upper()
            if verb == "DATA":
                self.say("354 go on")
                lines = iter(self.rfile.readline, b".\r\n")
                raw = b"".join(line.removeprefix(b".") for line in lines)
                self.server.bag.append(message_from_bytes(raw, policy=default))  # type: ignore[arg-type]
            if verb == "EHLO":
                self.say("250-test\r\n250 AUTH PLAIN")
            elif verb == "AUTH":
                self.say("235 welcome")
            elif verb == "MAIL" and self.server.refuses:
                self.say("451 not today")
            else:
                self.say("221 bye" if verb == "QUIT" else "250 fine")

    def say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


@pytest.fixture
def post() -> Iterator[Post]:
    with Post() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def config(config: Config, request: pytest.FixtureRequest) -> Config:
    """Mail is set up for the tests that ask for `post`."""
    if "post" not in request.fixturenames:
        return config
    post: Post = request.getfixturevalue("post")
    return replace(
        config,
        mail_url=f"smtp://user:p%40ss@127.0.0.1:{post.server_address[1]}",
        mail_from="Publisher <publisher@example.com>",
        public_url="https://publisher.example.com",
    )


def work_off_all() -> None:
    while effects.work_off():
        pass


def plain(letter: EmailMessage) -> str:
    part = letter.get_body(("plain",))
    assert part is not None
    return part.get_content().replace("\r\n", "\n")


def html(letter: EmailMessage) -> str:
    part = letter.get_body(("html",))
    assert part is not None
    return part.get_content().replace("\r\n", "\n")


def newest(user) -> int:
    return service.latest(user)[0].id


def test_news_goes_out_by_mail_once(post, cast):
    service.notify(cast.ana, "changes_requested", NEWS, "/stories/1")
    work_off_all()
    work_off_all()
    (letter,) = post.bag
    assert letter["To"] == "ana@example.com"
    assert letter["From"] == "Publisher <publisher@example.com>"
    assert letter["Subject"] == "Ana asks for changes in “봄 소식” for X @acme."
    text = plain(letter)
    assert "> 날짜가 틀립니다." in text
    assert f"https://publisher.example.com/notices/{newest(cast.ana)}" in text
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter["Message-ID"].startswith("<notice-")
    assert letter["Date"]


def test_what_was_read_meanwhile_is_not_mailed(post, cast):
    service.notify(cast.ana, "approved", NEWS, "/stories/1")
    service.read(cast.ana, service.of(cast.ana, 1).items[0].id)
    work_off_all()
    assert post.bag == []


def test_a_title_cannot_add_headers(post, cast):
    service.notify(
        cast.ana, "approved", NEWS | {"title": "x\r\nBcc: eve@example.com"}, "/stories/1"
    )
    work_off_all()
    (letter,) = post.bag
    assert letter["Bcc"] is None
    assert letter["Subject"] == "Ana approved “x Bcc: eve@example.com” for X @acme."
    assert [line for line in post.said if line.startswith("rcpt")] == ["rcpt TO:<ana@example.com>"]


def test_a_mail_that_was_refused_is_tried_again(post, cast, travel):
    post.refuses = True
    service.notify(cast.ana, "approved", NEWS, "/stories/1")
    work_off_all()
    effect = db.session.scalar(select(Effect))
    assert (effect.attempts, effect.done_at, post.bag) == (1, None, [])
    post.refuses = False
    travel(timedelta(minutes=1))
    work_off_all()
    assert len(post.bag) == 1


def test_a_link_is_mailed_only_to_whoever_works_here(post, cast):
    for email in ("ana@example.com", "nobody@example.com", "eve@example.com"):
        people.ask_for_link(email, place="192.0.2.1")
    work_off_all()
    (letter,) = post.bag
    assert letter["To"] == "ana@example.com"
    address = next(line for line in plain(letter).splitlines() if "/link/" in line)
    token = address.removeprefix("https://publisher.example.com/link/")
    assert links.look_at_link(token).user == people.get(cast.ana.id)
    assert token not in letter["Message-ID"]
    assert "15 minutes" in plain(letter)
    assert all(token not in str(effect.desired) for effect in db.session.scalars(select(Effect)))


def test_an_invitation_and_a_new_password_are_mailed_in_their_own_words(post, cast):
    people.invite(cast.ada, "new@example.com", "New", "author")
    people.ask_for_link("ana@example.com", place="192.0.2.1", purpose="reset")
    work_off_all()
    subjects = {letter["To"]: letter["Subject"] for letter in post.bag}
    assert subjects == {
        "new@example.com": "Your invitation to Publisher",
        "ana@example.com": "A new password for Publisher",
    }


def test_the_password_of_the_mail_server_is_decoded_and_used(post, cast):
    service.notify(cast.ana, "approved", NEWS, "/stories/1")
    work_off_all()
    assert "AUTH PLAIN AHVzZXIAcEBzcw==" in post.said  # \0user\0p@ss


def test_a_password_never_crosses_a_network_in_clear(post, config, monkeypatch):
    """As if the server were not on loopback: it offers no encryption, so no password is said."""
    monkeypatch.setattr(mail, "LOOPBACK", frozenset())
    with running(config):
        ana = people.add(None, "ana@example.com", "Ana", "author")
        service.notify(ana, "approved", NEWS, "/stories/1")
        with pytest.raises(mail.MailError, match="smtps"):
            mail.send({"notice": db.session.scalar(select(Notice.id))})
    assert not [line for line in post.said if line.startswith("AUTH")]


def test_without_a_mail_server_nothing_waits_to_be_mailed(cast):
    service.notify(cast.ana, "approved", NEWS, "/stories/1")
    assert db.session.scalars(select(Effect)).all() == []


def test_both_parts_say_the_same_and_fetch_nothing(post, cast):
    news = {"by": "Ana", "title": "봄 소식", "text": "<img src=//evil>\n둘째 줄"}
    service.notify(cast.ana, "comment", news, "/stories/1#comments")
    work_off_all()
    (letter,) = post.bag
    assert "> <img src=//evil>\n> 둘째 줄" in plain(letter)
    page = html(letter)
    assert "&lt;img src=//evil&gt;<br>둘째 줄" in page
    assert f'href="https://publisher.example.com/notices/{newest(cast.ana)}"' in page
    assert not any(word in page for word in ("<img", "<link", "<script", "style=", "url("))
    assert "https://publisher.example.com/me/notices" in plain(letter)


def test_a_korean_reader_gets_a_korean_mail_in_their_own_time(post, cast):
    people.save_look(cast.ben, language="ko")
    people.save_profile(cast.ben, timezone="Asia/Seoul")
    clock.set_source(lambda: datetime(2026, 11, 24, 0, 30, tzinfo=UTC))
    try:
        service.notify(cast.ben, "approved", NEWS, "/stories/1")
        work_off_all()
    finally:
        clock.set_source(None)
    (letter,) = post.bag
    assert "승인" in letter["Subject"]
    assert letter["Content-Language"] == "ko"
    assert '<html lang="ko">' in html(letter)
    assert "2026. 11. 24. 09:30 (Asia/Seoul)" in plain(letter)
    assert "메일로 받을 알림과 시간 고르기: https://publisher.example.com/me/" in plain(letter)


def test_the_link_of_a_mail_leads_there_after_signing_in(post, client, cast, quick_hashes):
    people.change_password(cast.ana, "", "correct horse battery", place="192.0.2.1")
    service.notify(cast.ana, "comment", NEWS, "/me/security#browsers")
    work_off_all()
    (letter,) = post.bag
    path = urlsplit(next(x for x in plain(letter).splitlines() if x.startswith("https://"))).path
    asked = client.get(path)
    assert asked.location == f"/sign-in?next={path}"
    typed = {"email": "ana@example.com", "password": "correct horse battery", "next": path}
    assert client.post("/sign-in", data=typed).location == path
    assert client.get(path).location == "/me/security#browsers"
    assert service.unread(cast.ana) == 0


# As each person wants it


class Day:
    """The clock of a test, as it hangs in Seoul."""

    def at(self, wall: str) -> None:
        when = datetime.fromisoformat(f"2026-11-{wall}:00+09:00").astimezone(UTC)
        clock.set_source(lambda: when)
        work_off_all()


@pytest.fixture
def day() -> Iterator[Day]:
    day = Day()
    day.at("24T21:00")
    yield day
    clock.set_source(None)


def test_nothing_is_mailed_of_what_one_does_not_want_mailed(post, cast):
    wishes.choose(cast.ana, {"approved": "off"})
    service.notify(cast.ana, "approved", NEWS, "/stories/1")
    work_off_all()
    assert post.bag == []
    assert service.unread(cast.ana) == 1


def test_a_digest_tells_once_a_day_what_is_still_unread(post, cast, day):
    wishes.choose(cast.ana, {"approved": "digest", "comment": "digest"}, digest_at=time(8, 30))
    service.notify(cast.ana, "approved", NEWS | {"title": "하나"}, "/stories/1")
    service.notify(cast.ana, "comment", NEWS | {"title": "둘"}, "/stories/2")
    service.notify(cast.ana, "approved", NEWS | {"title": "읽음"}, "/stories/3")
    service.read(cast.ana, newest(cast.ana))
    service.notify(cast.ben, "approved", NEWS | {"title": "남의 것"}, "/stories/4")
    day.at("25T08:29")
    assert [letter["To"] for letter in post.bag] == ["ben@example.com"]
    day.at("25T08:30")
    letter = post.bag[-1]
    assert len(post.bag) == 2
    assert letter["Subject"] == "2 notices from Publisher"
    assert "하나" in plain(letter)
    assert "둘" in plain(letter)
    assert "읽음" not in plain(letter)
    assert "남의 것" not in plain(letter)
    day.at("26T08:30")
    assert len(post.bag) == 2
    service.notify(cast.ana, "approved", NEWS | {"title": "셋"}, "/stories/5")
    day.at("27T09:00")
    assert len(post.bag) == 3
    assert post.bag[-1]["Subject"] == "1 notice from Publisher"


def test_a_digest_that_was_refused_is_sent_whole_later(post, cast, day):
    wishes.choose(cast.ana, {"approved": "digest"})
    for title in ("하나", "둘"):
        service.notify(cast.ana, "approved", NEWS | {"title": title}, "/stories/1")
    post.refuses = True
    day.at("25T08:30")
    post.refuses = False
    day.at("25T08:45")
    (letter,) = post.bag
    assert letter["Subject"] == "2 notices from Publisher"


def test_a_long_digest_says_how_many_it_leaves_out(post, cast, day):
    wishes.choose(cast.ana, {"approved": "digest", "failed": "digest"})
    for number in range(44):
        service.notify(cast.ana, "approved", NEWS | {"title": f"글{number}"}, "/stories/1")
    service.notify(cast.ana, "failed", NEWS | {"title": "급한 글"}, "/stories/1")
    day.at("25T08:30")
    (letter,) = post.bag
    assert letter["Subject"] == "45 notices from Publisher"
    assert plain(letter).index("급한 글") < plain(letter).index("글0")
    assert "5 more: https://publisher.example.com/notices?show=unread" in plain(letter)


def test_a_digest_in_quiet_hours_comes_when_they_end_with_what_came_meanwhile(post, cast, day):
    night = {"quiet_from": time(22), "quiet_until": time(7)}
    wishes.choose(cast.ana, {"approved": "digest"}, digest_at=time(6), **night)
    service.notify(cast.ana, "approved", NEWS, "/stories/1")
    day.at("25T06:30")
    service.notify(cast.ana, "approved", NEWS, "/stories/1")
    day.at("25T06:59")
    assert post.bag == []
    day.at("25T07:00")
    assert [letter["Subject"] for letter in post.bag] == ["2 notices from Publisher"]
    day.at("26T07:00")
    assert len(post.bag) == 1


def test_quiet_hours_hold_a_mail_until_they_end(post, cast, day):
    wishes.choose(cast.ana, {}, quiet_from=time(22), quiet_until=time(7), urgent_anyway=True)
    day.at("24T23:00")
    service.notify(cast.ana, "approved", NEWS, "/stories/1")
    service.notify(cast.ana, "failed", NEWS, "/stories/1")
    day.at("25T06:59")
    assert [letter["Subject"] for letter in post.bag] == ["“봄 소식” could not go out on X @acme."]
    day.at("25T07:00")
    assert [letter["Subject"] for letter in post.bag[1:]] == ["Ana approved “봄 소식” for X @acme."]


def test_without_exceptions_what_cannot_wait_waits_too(post, cast, day):
    wishes.choose(cast.ana, {}, quiet_from=time(20), quiet_until=time(7), urgent_anyway=False)
    service.notify(cast.ana, "failed", NEWS, "/stories/1")
    day.at("25T06:59")
    assert post.bag == []
    day.at("25T07:00")
    assert len(post.bag) == 1


def test_a_mind_changed_meanwhile_counts_for_what_waits(post, cast, day):
    wishes.choose(cast.ana, {"approved": "digest"}, digest_at=time(8, 30))
    service.notify(cast.ana, "approved", NEWS, "/stories/1")
    wishes.choose(cast.ana, {"approved": "digest"}, digest_at=time(18))
    day.at("25T08:30")
    assert post.bag == []
    wishes.choose(cast.ana, {"approved": "off"})
    day.at("25T18:00")
    assert post.bag == []


def test_a_later_notice_that_nobody_mails_keeps_no_digest_back(post, cast, day):
    wishes.choose(cast.ana, {"approved": "digest", "comment": "off"})
    for kind in ("approved", "comment"):
        service.notify(cast.ana, kind, NEWS, "/stories/1")
    wishes.choose(cast.ana, {"approved": "digest", "comment": "digest"})
    day.at("25T08:30")
    assert [letter["Subject"] for letter in post.bag] == ["2 notices from Publisher"]


def test_a_tie_between_two_workers_makes_one_digest(post, cast, day):
    """Each notice has an effect of its own; all but the newest leave the digest to it."""
    wishes.choose(cast.ana, {"approved": "digest"})
    for _ in range(3):
        service.notify(cast.ana, "approved", NEWS, "/stories/1")
    numbers = [notice.id for notice in service.latest(cast.ana)]
    clock.set_source(lambda: datetime(2026, 11, 25, 0, 0, tzinfo=UTC))
    for number in reversed(numbers[1:]):
        mail.send({"notice": number})
    assert post.bag == []
    for number in (numbers[0], *numbers):
        mail.send({"notice": number})
    assert len(post.bag) == 1
    assert db.session.scalars(select(Notice.mailed_at)).all().count(None) == 0
