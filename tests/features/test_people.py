"""People: who they are, and what administrators do for them."""

from __future__ import annotations

import threading

import pytest

from publisher.errors import Conflict, Invalid, NotAllowed, NotFound
from publisher.people import audit, links, service, sessions, tokens
from publisher.people.audit import Filters
from publisher.people.models import User
from publisher.people.rules import Role


def test_everyone_is_listed_by_name(cast):
    assert [user.name for user in service.everyone()] == ["Ada", "Ana", "Ben", "Eve", "Rui", "Vic"]


def test_an_address_belongs_to_one_person_however_it_is_written(cast):
    assert service.by_email(" ANA@Example.com ") == cast.ana
    with pytest.raises(Conflict) as refused:
        service.add(cast.ada, "ANA@example.COM", "Another Ana", "author")
    assert refused.value.code == "email_taken"


@pytest.mark.parametrize(
    ("email", "name", "role", "field"),
    [
        ("not an address", "New", "author", "email"),
        ("new@example.com", "  ", "author", "name"),
        ("new@example.com", "New", "king", "role"),
    ],
)
def test_a_person_needs_an_address_a_name_and_a_role(app, email, name, role, field):
    with pytest.raises(Invalid) as refused:
        service.add(None, email, name, role)
    assert set(refused.value.fields) == {field}
    assert service.everyone() == []


def test_namesakes_get_addresses_of_their_own(cast):
    again = service.add(None, "ana2@example.com", "Ana", "author")
    assert (cast.ana.slug, again.slug) == ("ana", "ana-2")


def test_new_people_begin_with_the_language_and_zone_of_the_installation(app, config):
    new = service.add(None, "new@example.com", "New", "author")
    assert (new.language, new.timezone) == (config.language, config.timezone)
    other = service.add(
        None, "en@example.com", "En", "author", language="ko", timezone="Europe/Paris"
    )
    assert (other.language, other.timezone) == ("ko", "Europe/Paris")


def test_only_administrators_look_after_people(cast):
    for verb in (
        lambda: service.add(cast.rui, "new@example.com", "New", "author"),
        lambda: service.invite(cast.rui, "new@example.com", "New", "author"),
        lambda: service.set_role(cast.rui, cast.rui, "admin"),
        lambda: service.deactivate(cast.rui, cast.ana),
        lambda: service.activate(cast.rui, cast.eve),
        lambda: service.sign_out_everywhere(cast.rui, cast.ana),
        lambda: service.make_link(cast.rui, cast.ana),
        lambda: service.make_link(cast.rui, cast.rui),
    ):
        with pytest.raises(NotAllowed):
            verb()


def test_the_last_administrator_can_be_neither_demoted_nor_deactivated(cast):
    with pytest.raises(Conflict):
        service.set_role(cast.ada, cast.ada, "editor")
    with pytest.raises(Conflict):
        service.deactivate(cast.ada, cast.ada)
    service.set_role(cast.ada, cast.rui, "admin")
    service.set_role(cast.rui, cast.ada, "editor")
    assert (cast.ada.role, cast.rui.role) == ("editor", "admin")


def test_a_deactivated_administrator_does_not_count_as_one_who_stays(cast):
    service.set_role(cast.ada, cast.eve, "admin")
    with pytest.raises(Conflict):
        service.deactivate(cast.ada, cast.ada)


@pytest.mark.usefixtures("database_url")
def test_two_administrators_who_demote_each_other_at_once_leave_one(app, cast):
    service.set_role(None, cast.rui, "admin")
    names, start, refused = (cast.ada.id, cast.rui.id), threading.Barrier(2), []

    def demote(actor_id: int, other_id: int) -> None:
        with app.app_context():
            actor, other = service.get(actor_id), service.get(other_id)
            start.wait()
            try:
                service.set_role(actor, other, "editor")
            except (Conflict, NotAllowed) as error:
                refused.append(error)

    threads = [threading.Thread(target=demote, args=pair) for pair in (names, names[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with app.app_context():
        admins = [user.name for user in service.everyone() if user.role == Role.ADMIN]
    assert len(admins) == 1
    assert len(refused) == 1


@pytest.mark.usefixtures("database_url")
def test_whoever_is_deactivated_loses_sessions_links_and_tokens_for_good(app, cast):
    session_token = sessions.begin_session(cast.ana)
    link = service.make_link(cast.ada, cast.ana)
    _, api_token = tokens.create_token(cast.ana, cast.ana, "script", ["read"])
    service.deactivate(cast.ada, cast.ana)
    service.activate(cast.ada, cast.ana)
    assert service.person_of_session(session_token) is None
    assert service.person_of_token(api_token) is None
    with pytest.raises(Exception, match="expired"):
        links.look_at_link(link.rpartition("/")[2])


def test_no_link_is_made_for_whoever_was_deactivated(cast):
    with pytest.raises(Conflict):
        service.make_link(cast.ada, cast.eve)


def test_an_unknown_person_is_not_found(app):
    with pytest.raises(NotFound):
        service.get(404)


@pytest.mark.usefixtures("database_url")
def test_the_trail_says_who_did_what(cast):
    service.set_role(cast.ada, cast.ben, "editor")
    first = audit.events(Filters(person_id=cast.ada.id))[0]
    assert (first.actor_name, first.verb, first.subject_id) == ("Ada", "set_role", cast.ben.id)
    assert first.detail == {"before": "author", "after": "editor"}
    assert audit.events(Filters(person_id=cast.ana.id)) == []
    assert {event.verb for event in audit.events(Filters(verb="add"))} == {"add"}


def test_a_role_that_does_not_change_leaves_no_line(cast):
    before = len(audit.events())
    service.set_role(cast.ada, cast.ben, "author")
    assert len(audit.events()) == before


def test_a_profile_refuses_what_makes_no_sense_and_keeps_the_rest(cast):
    with pytest.raises(Invalid):
        service.save_profile(cast.ana, name=" ", timezone="Asia/Seoul")
    with pytest.raises(Invalid):
        service.save_profile(cast.ana, name="Ana", timezone="Moon/Base")
    service.save_profile(cast.ana, name=" 안나  김 ", timezone="Europe/Berlin", shortcuts=False)
    assert (cast.ana.name, cast.ana.timezone, cast.ana.shortcuts) == (
        "안나 김",
        "Europe/Berlin",
        False,
    )
    assert isinstance(cast.ana, User)


def test_an_unknown_language_or_theme_changes_nothing(cast):
    service.save_look(cast.ana, language="xx", theme="pink")
    assert (cast.ana.language, cast.ana.theme) == ("en", "auto")
    service.save_look(cast.ana, language="ko", theme="dark")
    assert (cast.ana.language, cast.ana.theme) == ("ko", "dark")
