"""Telling people: at the bell and by mail."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest
from flask_babel import force_locale
from sqlalchemy import select

from publisher.config import Config
from publisher.effects import service as effects
from publisher.effects.models import Effect
from publisher.errors import NotFound
from publisher.extensions import db
from publisher.notices import mail, sentences, service
from publisher.notices.models import Notice
from publisher.notices.rules import ICONS, Kind
from publisher.people import links
from publisher.people import service as people
from publisher.storage import writing
from tests.plugins.app import running

NEWS = {"by": "Ana", "title": "봄 소식", "account": "X @acme", "reason": "날짜가 틀립니다."}


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("language", ["ko", "en"])
def test_every_kind_has_a_sentence_and_an_icon(app, kind, language):
    with force_locale(language):
        sentence = sentences.sentence_of(kind, NEWS)
        assert "%" not in sentence
        assert "봄 소식" in sentence or kind in {Kind.ACCOUNT_PAUSED, Kind.CLOCK_MOVED}
        assert sentences.sentence_of(kind, {})  # an old notice that lacks a value can still be read
    assert ICONS[kind]


def test_an_unknown_kind_is_an_error(cast):
    with pytest.raises(ValueError, match="birthday"):
        service.notify(cast.ana, "birthday", {}, "/")
    assert service.unread(cast.ana) == 0


def test_news_is_unread_until_it_is_followed(cast):
    service.notify(cast.ana, "approved", NEWS, "/stories/1")
    (notice,) = service.of(cast.ana, 1).items
    assert service.unread(cast.ana) == 1
    assert service.read(cast.ana, notice.id) == "/stories/1"
    assert service.unread(cast.ana) == 0
    assert service.read(cast.ana, notice.id) == "/stories/1"


def test_nobody_reads_what_somebody_else_was_told(cast):
    service.notify(cast.ana, "approved", NEWS, "/stories/1")
    (notice,) = service.of(cast.ana, 1).items
    with pytest.raises(NotFound):
        service.read(cast.ben, notice.id)
    assert service.of(cast.ben, 1).items == []


def test_what_is_rolled_back_was_never_news(cast):
    with pytest.raises(RuntimeError), writing():
        service.notify(cast.ana, "approved", NEWS, "/stories/1")
        raise RuntimeError
    assert service.unread(cast.ana) == 0


def test_marking_all_as_read_spares_what_came_meanwhile(cast):
    service.notify(cast.ana, "approved", NEWS, "/stories/1")
    seen = service.of(cast.ana, 1).items[0].id
    service.notify(cast.ana, "published", NEWS, "/stories/1")
    service.read_all(cast.ana, seen)
    assert service.unread(cast.ana) == 1
    assert [notice.kind for notice in service.of(cast.ana, 1, only_unread=True).items] == [
        "published"
    ]


def test_whoever_left_is_told_nothing(cast):
    service.notify(cast.eve, "approved", NEWS, "/stories/1")
    assert service.unread(cast.eve) == 0


# The page


def test_the_bell_counts_and_the_page_tells(client, cast, sign_in):
    service.notify(cast.ana, "changes_requested", NEWS | {"title": "<b>봄</b>"}, "/me")
    page = sign_in(client, cast.ana).get("/notices")
    assert "Ana asks for changes in “&lt;b&gt;봄&lt;/b&gt;” for X @acme." in page.text
    assert "날짜가 틀립니다." in page.text
    assert "(1) " in page.text  # the title
    followed = client.get(f"/notices/{service.of(cast.ana, 1).items[0].id}")
    assert followed.location == "/me"
    assert "No notices" not in client.get("/notices").text
    assert "All read" in client.get("/notices?show=unread").text


def test_a_notice_never_leads_to_another_site(client, cast, sign_in):
    service.notify(cast.ana, "approved", NEWS, "//evil.example/")
    number = service.of(cast.ana, 1).items[0].id
    assert sign_in(client, cast.ana).get(f"/notices/{number}").location == "/notices"


def test_all_are_marked_as_read_from_the_page(client, cast, sign_in):
    for _ in range(3):
        service.notify(cast.ana, "approved", NEWS, "/me")
    newest = service.of(cast.ana, 1).items[0].id
    sign_in(client, cast.ana).post("/notices/read", data={"up_to": newest})
    assert service.unread(cast.ana) == 0


def test_an_empty_bell_says_what_will_be_there(client, cast, sign_in):
    assert "No notices yet" in sign_in(client, cast.ana).get("/notices").text


# Mail


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


def test_news_goes_out_by_mail_once(post, cast):
    service.notify(cast.ana, "changes_requested", NEWS, "/stories/1")
    work_off_all()
    work_off_all()
    (letter,) = post.bag
    assert letter["To"] == "ana@example.com"
    assert letter["From"] == "Publisher <publisher@example.com>"
    assert letter["Subject"] == "Ana asks for changes in “봄 소식” for X @acme."
    text = letter.get_content()
    assert "> 날짜가 틀립니다." in text
    assert "https://publisher.example.com/stories/1" in text
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
    address = next(line for line in letter.get_content().splitlines() if "/link/" in line)
    token = address.removeprefix("https://publisher.example.com/link/")
    assert links.look_at_link(token).user == people.get(cast.ana.id)
    assert token not in letter["Message-ID"]
    assert "15 minutes" in letter.get_content()
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
