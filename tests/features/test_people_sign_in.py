"""Passwords, sessions, one-time links and API tokens."""

from __future__ import annotations

import threading
import unicodedata
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from publisher.effects.models import Effect
from publisher.errors import Gone, Invalid, Throttled
from publisher.extensions import db
from publisher.people import links, secrets, service, sessions, throttle
from publisher.people.models import SignInLink, Throttle, UserSession
from publisher.people.rules import SIGN_IN_PLACE
from publisher.storage import writing

PASSWORD = "구름 위에 뜬 달 하나"

pytestmark = pytest.mark.usefixtures("quick_hashes")


@pytest.fixture
def kim(app):
    return service.add(None, "kim@example.com", "Kim", "author", password=PASSWORD)


def enter(email="kim@example.com", password=PASSWORD, place="192.0.2.1"):
    return service.sign_in(email, password, place=place, agent="a browser")


def token_of(link: str) -> str:
    return link.rpartition("/")[2]


# Passwords


@pytest.mark.usefixtures("database_url")
def test_the_right_password_begins_a_session(kim):
    assert service.person_of_session(enter(" KIM@example.com ")) == kim


def test_hangul_is_the_same_password_however_it_was_typed(kim):
    assert enter(password=unicodedata.normalize("NFD", PASSWORD))


def test_every_refusal_reads_the_same(kim):
    service.add(None, "nopass@example.com", "No Password", "author")
    gone = service.add(None, "gone@example.com", "Gone", "author", password=PASSWORD)
    service.deactivate(None, gone)
    said = set()
    for email, password in (
        ("kim@example.com", "wrong password"),
        ("nobody@example.com", PASSWORD),
        ("nopass@example.com", PASSWORD),
        ("gone@example.com", PASSWORD),
        ("no address", ""),
    ):
        with pytest.raises(Invalid) as refused:
            enter(email, password)
        said.add((refused.value.message, refused.value.code))
    assert len(said) == 1


def test_a_changed_password_ends_other_sessions_and_links(kim):
    here, elsewhere = enter(), enter()
    link = service.make_link(None, kim)
    service.change_password(kim, PASSWORD, "four plain words here", place="", keep_token=here)
    assert service.person_of_session(here) == kim
    assert service.person_of_session(elsewhere) is None
    with pytest.raises(Gone):
        links.look_at_link(token_of(link))
    with pytest.raises(Invalid):
        enter()
    assert enter(password="four plain words here")


def test_a_password_changes_only_with_the_present_one(kim):
    with pytest.raises(Invalid) as refused:
        service.change_password(kim, "a guess", "four plain words here", place="")
    assert set(refused.value.fields) == {"old"}
    with pytest.raises(Invalid) as refused:
        service.change_password(kim, PASSWORD, "short", place="")
    assert set(refused.value.fields) == {"password"}
    assert enter()


def test_guessing_the_present_password_is_throttled(kim):
    for _ in range(5):
        with pytest.raises(Invalid):
            service.change_password(kim, "a guess", "four plain words here", place="")
    with pytest.raises(Throttled):
        service.change_password(kim, PASSWORD, "four plain words here", place="")


# Throttling


@pytest.mark.usefixtures("database_url")
def test_five_wrong_tries_close_the_door_for_ten_minutes(kim, travel):
    for _ in range(5):
        with pytest.raises(Invalid):
            enter(password="wrong password")
    with pytest.raises(Throttled) as refused:
        enter()
    assert "10 minutes" in refused.value.message
    assert 590 <= refused.value.values["retry_after_s"] <= 600
    travel(timedelta(minutes=10, seconds=1))
    assert enter()


def test_another_place_is_not_locked_out(kim):
    for _ in range(6):
        with pytest.raises((Invalid, Throttled)):
            enter(password="wrong password", place="198.51.100.7")
    assert enter(place="192.0.2.1")


def test_success_forgets_the_tries_before(kim):
    for _ in range(2):
        for _ in range(3):
            with pytest.raises(Invalid):
                enter(password="wrong password")
        assert enter()


def test_one_place_cannot_try_many_addresses(app):
    for number in range(12):
        service.ask_for_link(f"nobody{number}@example.com", place="192.0.2.1")
    with pytest.raises(Throttled):
        service.ask_for_link("one.more@example.com", place="192.0.2.1")
    for _ in range(30):
        throttle.count_try((f"sign_in:{secrets.keyed_digest('192.0.2.1')}", SIGN_IN_PLACE))
    with pytest.raises(Throttled):
        enter("one.more@example.com")


def test_the_count_names_nobody_and_is_tidied_up(kim, travel):
    with pytest.raises(Invalid):
        enter(password="wrong password")
    keys = db.session.scalars(select(Throttle.key)).all()
    assert len(keys) == 2
    assert not any("kim" in key or "192.0.2.1" in key for key in keys)
    travel(timedelta(days=2))
    enter()
    assert len(db.session.scalars(select(Throttle.key)).all()) == 1


@pytest.mark.usefixtures("database_url")
def test_tries_at_the_same_moment_are_all_counted(app):
    start = threading.Barrier(8)
    outcomes: list[str] = []

    def guess() -> None:
        with app.app_context():
            start.wait()
            try:
                enter("nobody@example.com")
            except (Invalid, Throttled) as refused:
                outcomes.append(type(refused).__name__)

    threads = [threading.Thread(target=guess) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["Invalid"] * 5 + ["Throttled"] * 3


# Sessions


@pytest.mark.usefixtures("database_url")
def test_a_session_lasts_thirty_days_from_when_it_was_last_seen(kim, travel):
    token = enter()
    for _ in range(3):
        travel(timedelta(days=29))
        assert service.person_of_session(token) == kim
    travel(timedelta(days=30, seconds=1))
    assert service.person_of_session(token) is None


def test_being_seen_is_written_only_every_five_minutes(kim, travel):
    token = enter()
    first = sessions.session_of(token).seen_at
    travel(timedelta(minutes=4))
    service.person_of_session(token)
    assert sessions.session_of(token).seen_at == first
    travel(timedelta(minutes=2))
    service.person_of_session(token)
    assert sessions.session_of(token).seen_at > first


def test_neither_the_database_nor_the_list_holds_a_token(kim):
    token = enter()
    (row,) = sessions.sessions_of(kim)
    assert token not in str(vars(row))
    assert row.token_hash == secrets.digest(token)
    assert row.agent == "a browser"


def test_all_other_sessions_end_and_this_one_stays(kim):
    here, there = enter(), enter()
    assert sessions.end_sessions(kim, kim, keep_token=here) == 1
    assert service.person_of_session(here) == kim
    assert service.person_of_session(there) is None


def test_one_session_of_somebody_else_cannot_be_ended_by_its_number(kim, cast):
    theirs = enter()
    number = sessions.session_of(theirs).id
    assert sessions.end_sessions(cast.ana, cast.ana, only=number) == 0
    assert service.person_of_session(theirs) == kim
    assert sessions.end_sessions(kim, kim, only=number) == 1
    assert service.person_of_session(theirs) is None


def test_old_sessions_are_forgotten(kim, travel):
    enter()
    travel(timedelta(days=130))
    enter()
    assert db.session.scalar(select(func.count()).select_from(UserSession)) == 1


# One-time links


def test_a_link_signs_in_once(kim):
    link = service.make_link(None, kim)
    assert link.startswith("http://localhost/link/")
    token = service.sign_in_by_link(token_of(link))
    assert service.person_of_session(token) == kim
    with pytest.raises(Gone):
        service.sign_in_by_link(token_of(link))


def test_looking_at_a_link_does_not_use_it(kim):
    link = token_of(service.make_link(None, kim))
    for _ in range(3):
        assert links.look_at_link(link).user == kim
    assert service.sign_in_by_link(link)


@pytest.mark.parametrize(
    ("purpose", "lives"),
    [
        ("sign_in", timedelta(minutes=15)),
        ("reset", timedelta(hours=2)),
        ("invitation", timedelta(days=7)),
    ],
)
def test_links_expire(kim, travel, purpose, lives):
    link = token_of(service.make_link(None, kim, purpose))
    travel(lives - timedelta(seconds=5))
    links.look_at_link(link)
    travel(timedelta(seconds=6))
    with pytest.raises(Gone):
        links.look_at_link(link)


def test_the_database_holds_only_the_hash_of_a_link(kim):
    token = token_of(service.make_link(None, kim))
    row = db.session.scalar(select(SignInLink))
    assert row.token_hash == secrets.digest(token)
    assert token not in str(vars(row))


@pytest.mark.usefixtures("database_url")
def test_of_two_who_use_a_link_at_once_one_is_let_in(app, kim):
    link, outcomes = token_of(service.make_link(None, kim)), []

    def use() -> None:
        with app.app_context():
            try:
                links.use_link(link)
                outcomes.append("in")
            except Gone:
                outcomes.append("gone")

    second = threading.Thread(target=use)
    with writing():
        links.use_link(link)
        second.start()
        second.join(timeout=0.4)
        assert second.is_alive(), "it waits for the first to commit or to fail"
    second.join()
    assert outcomes == ["gone"]


def test_using_one_link_ends_the_others(kim):
    first, second = (token_of(service.make_link(None, kim)) for _ in range(2))
    service.sign_in_by_link(first)
    with pytest.raises(Gone):
        service.sign_in_by_link(second)


def test_an_invitation_sets_name_and_password_once(cast):
    user, link = service.invite(cast.ada, "new@example.com", "Nw", "author")
    service.sign_in_by_link(token_of(link), name="새 사람", password=PASSWORD)
    assert user.name == "새 사람"
    assert enter("new@example.com")


def test_an_invitation_works_without_a_password(cast):
    user, link = service.invite(cast.ada, "new@example.com", "New", "viewer")
    assert service.person_of_session(service.sign_in_by_link(token_of(link))) == user
    assert user.password_hash is None


def test_a_bad_password_leaves_the_link_usable(kim):
    link = token_of(service.make_link(None, kim, "reset"))
    for password in ("", "short", "kim@example.com"):
        with pytest.raises(Invalid):
            service.sign_in_by_link(link, password=password)
    service.sign_in_by_link(link, password="four plain words here")
    assert enter(password="four plain words here")


def test_a_new_password_by_link_ends_every_session(kim):
    before = enter()
    link = token_of(service.make_link(None, kim, "reset"))
    now = service.sign_in_by_link(link, password="four plain words here")
    assert service.person_of_session(before) is None
    assert service.person_of_session(now) == kim


def test_a_sign_in_link_changes_neither_name_nor_password(kim):
    link = token_of(service.make_link(None, kim))
    service.sign_in_by_link(link, name="Mallory", password="")
    assert kim.name == "Kim"


def test_asking_for_a_link_does_the_same_for_known_and_unknown(kim):
    for email in ("kim@example.com", "nobody@example.com"):
        service.ask_for_link(email, place="192.0.2.1")
    wishes = db.session.scalars(select(Effect).order_by(Effect.id)).all()
    assert [wish.kind for wish in wishes] == ["mail", "mail"]
    assert db.session.scalar(select(func.count()).select_from(SignInLink)) == 0
    assert "token" not in str([wish.desired for wish in wishes])


def test_asking_for_links_is_throttled(kim):
    for _ in range(3):
        service.ask_for_link("kim@example.com", place="192.0.2.1")
    with pytest.raises(Throttled):
        service.ask_for_link("kim@example.com", place="192.0.2.1")
