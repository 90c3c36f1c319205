"""Signing in and one's account as a browser sees them; and what every page owes its reader's safety."""

from __future__ import annotations

import re

import pytest

from publisher.people import links, service, sessions, tokens
from publisher.stories import service as stories

PASSWORD = "four plain words here"

pytestmark = pytest.mark.usefixtures("quick_hashes")


@pytest.fixture
def kim(app):
    return service.add(None, "kim@example.com", "Kim", "author", password=PASSWORD)


def enter(client, email="kim@example.com", password=PASSWORD, **more):
    return client.post("/sign-in", data={"email": email, "password": password, **more})


def token_in(client) -> str:
    with client.session_transaction() as cookie:
        return cookie.get("token", "")


# Signing in and out


def test_signing_in_leads_to_where_one_wanted_to_go(client, kim):
    gone = client.get("/me/tokens?x=1")
    assert gone.location == "/sign-in?next=/me/tokens?x%3D1"
    page = client.get(gone.location)
    assert 'name="next" value="/me/tokens?x=1"' in page.text
    assert enter(client, next="/me/tokens?x=1").location == "/me/tokens?x=1"
    assert client.get("/me").status_code == 200


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "javascript:alert(1)",
        " //evil.example",
        "http:evil.example",
        "evil.example",
    ],
)
def test_nobody_is_sent_to_another_site(client, kim, elsewhere):
    assert enter(client, next=elsewhere).location == "/"
    assert client.get("/sign-in", query_string={"next": elsewhere}).location == "/"
    assert client.post("/preferences", data={"next": elsewhere}).location == "/"


def test_a_wrong_password_says_so_and_keeps_the_address(client, kim):
    page = enter(client, password="wrong password")
    assert page.status_code == 401
    assert "The address or the password is not right." in page.text
    assert 'value="kim@example.com"' in page.text
    assert "wrong password" not in page.text


def test_nothing_tells_whether_an_address_is_known(app, kim):
    def without_what_was_typed(email: str) -> tuple[int, str, list[str]]:
        page = enter(app.test_client(), email=email, password="wrong password")
        text = re.sub(r'content="[^"]+"|value="[^"]+"', "", page.text)  # the CSRF tokens
        return page.status_code, text.replace(email, ""), sorted(page.headers.keys())

    assert without_what_was_typed("kim@example.com") == without_what_was_typed("nobody@example.com")


def test_too_many_tries_say_how_long_to_wait(client, kim):
    for _ in range(5):
        enter(client, password="wrong password")
    page = enter(client)
    assert page.status_code == 429
    assert "Please wait 10 minutes" in page.text


def test_empty_fields_are_named(client, app):
    page = client.post("/sign-in", data={})
    assert page.status_code == 422
    assert page.text.count("Please fill this in.") == 2


def test_the_session_changes_at_sign_in(client, kim, sign_in, cast):
    """A session that somebody planted before does not become the person's, and is ended."""
    planted = token_in(sign_in(client, cast.vic))
    with client.session_transaction() as cookie:
        cookie["planted"] = "by somebody else"
    enter(client)
    with client.session_transaction() as cookie:
        assert cookie["token"] != planted
        assert "planted" not in cookie
    assert service.person_of_session(planted) is None


def test_signing_out_ends_the_session_on_the_server(client, kim):
    enter(client)
    token = token_in(client)
    assert client.post("/sign-out").location == "/sign-in"
    assert token_in(client) == ""
    assert service.person_of_session(token) is None
    assert client.post("/sign-out").status_code == 302  # once more does no harm


def test_signing_out_needs_a_post(client, kim):
    enter(client)
    assert client.get("/sign-out").status_code == 405
    assert client.get("/me").status_code == 200


def test_a_session_that_was_ended_elsewhere_is_dead_at_the_next_click(client, kim):
    enter(client)
    assert client.get("/me").status_code == 200
    sessions.end_sessions(None, kim)
    assert client.get("/me").status_code == 302
    assert client.post("/me", data={"name": "Mallory"}).status_code == 401
    assert service.get(kim.id).name == "Kim"


def test_whoever_is_deactivated_is_out_at_the_next_click(client, cast, sign_in):
    sign_in(client, cast.ana)
    service.deactivate(cast.ada, cast.ana)
    assert client.get("/me").status_code == 302


def test_a_lower_role_holds_at_the_next_click(client, cast, sign_in):
    service.set_role(None, cast.rui, "admin")
    sign_in(client, cast.rui)
    assert client.get("/people").status_code == 200
    service.set_role(cast.ada, cast.rui, "editor")
    assert client.get("/people").status_code == 403


def test_an_invented_cookie_is_nobody(client, app):
    client.set_cookie("publisher", "eyJ0b2tlbiI6ImFkbWluIn0.invented.signature")
    assert client.get("/me").status_code == 302


# One-time links in a browser


def link_path(link: str) -> str:
    return link.removeprefix("http://localhost")


def test_opening_a_link_shows_a_button_and_pressing_it_signs_in(client, kim):
    path = link_path(service.make_link(None, kim))
    for _ in range(2):  # a mail scanner, then the person
        page = client.get(path)
        assert (page.status_code, "Sign in as Kim" in page.text) == (200, True)
    assert client.head(path).status_code == 200
    assert client.post(path).location == "/"
    assert client.get("/me").status_code == 200
    assert client.get(path).status_code == 410


def test_a_link_page_keeps_its_address_to_itself(client, kim):
    path = link_path(service.make_link(None, kim))
    for response in (client.get(path), client.post(path), client.get(path)):
        assert response.headers["Referrer-Policy"] == "no-referrer"
        assert response.headers["Cache-Control"] == "no-store"


def test_an_unknown_link_says_what_to_do(client, app):
    page = client.get("/link/unknown")
    assert page.status_code == 410
    assert "Ask for a new one" in page.text


def test_an_invitation_keeps_the_name_when_the_password_will_not_do(client, cast):
    _, link = service.invite(cast.ada, "new@example.com", "Nw", "author")
    page = client.post(link_path(link), data={"name": "새 사람", "password": "short"})
    assert page.status_code == 422
    assert "새 사람" in page.text
    assert "at least 10 characters" in page.text
    done = client.post(link_path(link), data={"name": "새 사람", "password": PASSWORD})
    assert done.location == "/"
    assert service.by_email("new@example.com").name == "새 사람"


def test_a_reset_needs_a_password(client, kim):
    path = link_path(service.make_link(None, kim, "reset"))
    assert client.post(path, data={}).status_code == 422
    assert client.post(path, data={"password": "another four plain words"}).location == "/"
    client.post("/sign-out")
    assert enter(client, password="another four plain words").location == "/"


def test_a_link_signs_whoever_sits_there_out_first(client, cast, sign_in):
    before = token_in(sign_in(client, cast.vic))
    client.post(link_path(service.make_link(None, cast.ana)))
    assert service.person_of_session(before) is None
    assert service.person_of_session(token_in(client)) == cast.ana


def test_asking_for_a_link_reads_the_same_for_everybody(client, kim, app):
    answers = set()
    for email in ("kim@example.com", "nobody@example.com"):
        answer = client.post("/sign-in/link", data={"email": email}, follow_redirects=True)
        answers.add((answer.status_code, re.sub(r'content="[^"]+"|value="[^"]+"', "", answer.text)))
    assert len(answers) == 1
    assert "If somebody here has this address" in answers.pop()[1]


# One's own account


def test_language_and_theme_are_kept_for_strangers_in_cookies(client, app):
    response = client.post(
        "/preferences", data={"language": "ko", "theme": "dark", "next": "/sign-in"}
    )
    assert response.location == "/sign-in"
    page = client.get("/sign-in").text
    assert 'lang="ko" data-theme="dark"' in page
    for cookie in response.headers.getlist("Set-Cookie"):
        assert "SameSite=Lax" in cookie
    client.post("/preferences", data={"language": "xx", "theme": "pink"})
    assert 'lang="ko" data-theme="dark"' in client.get("/sign-in").text


def test_language_and_theme_are_kept_with_the_person(client, cast, sign_in, app):
    sign_in(client, cast.ana).post("/preferences", data={"language": "ko", "theme": "light"})
    elsewhere = sign_in(app.test_client(), cast.ana)
    assert 'lang="ko" data-theme="light"' in elsewhere.get("/me").text


def test_the_profile_is_saved_and_mistakes_keep_what_was_typed(client, cast, sign_in):
    sign_in(client, cast.ana)
    typed = {"name": "안나", "language": "en", "theme": "auto", "timezone": "Europe/Berlin"}
    assert client.post("/me", data=typed).status_code == 302
    user = service.get(cast.ana.id)
    assert (user.name, user.timezone, user.shortcuts) == ("안나", "Europe/Berlin", False)
    page = client.post("/me", data=typed | {"name": "", "timezone": "Moon/Base"})
    assert page.status_code == 422
    assert service.get(cast.ana.id).timezone == "Europe/Berlin"
    assert "Europe/Berlin" in client.get("/me").text


def test_a_new_password_is_set_on_the_page(client, kim):
    enter(client)
    wrong = {"old": "a guess here", "password": "another four plain words"}
    page = client.post("/me/security", data=wrong)
    assert (page.status_code, "present password is not right" in page.text) == (422, True)
    client.post("/me/security", data=wrong | {"old": PASSWORD})
    assert client.get("/me").status_code == 200  # this browser stays
    client.post("/sign-out")
    assert enter(client, password="another four plain words").location == "/"


def test_sessions_are_listed_and_ended_from_the_page(client, kim, app):
    enter(client)
    there = service.sign_in("kim@example.com", PASSWORD, place="x", agent="Firefox/140 Linux")
    page = client.get("/me/security").text
    assert "Firefox · Linux" in page
    assert "This browser" in page
    number = sessions.session_of(there).id
    client.post(f"/me/sessions/{number}/end")
    assert service.person_of_session(there) is None
    client.post("/me/sessions/end-others")
    assert client.get("/me").status_code == 200
    client.post("/me/sessions/end")
    assert client.get("/me").status_code == 302


def test_an_api_token_is_on_one_answer_only(client, cast, sign_in):
    sign_in(client, cast.ana)
    answer = client.post("/me/tokens", data={"name": "script", "scopes": ["read", "write"]})
    text = re.search(r"pub_[\w-]+", answer.text)[0]
    assert answer.headers["Cache-Control"] == "no-store"
    assert service.person_of_token(text) == (cast.ana, frozenset({"read", "write"}))
    assert text not in client.get("/me/tokens").text
    client.post(f"/me/tokens/{tokens.tokens_of(cast.ana)[0].id}/revoke")
    assert service.person_of_token(text) is None


def test_a_token_lasts_to_the_end_of_its_last_day_where_the_person_lives(client, cast, sign_in):
    sign_in(client, cast.ana).post(
        "/me/tokens", data={"name": "x", "scopes": "read", "expires_on": "2031-05-01"}
    )
    ends = tokens.tokens_of(cast.ana)[0].expires_at
    assert ends.isoformat() == "2031-05-01T15:00:00+00:00"


def test_a_token_with_mistakes_keeps_what_was_typed(client, cast, sign_in):
    page = sign_in(client, cast.ana).post("/me/tokens", data={"name": "my script"})
    assert page.status_code == 422
    assert 'value="my script"' in page.text
    page = client.post(
        "/me/tokens", data={"name": "late", "scopes": "read", "expires_on": "2020-01-01"}
    )
    assert page.status_code == 422
    assert "Choose a later day" in page.text
    assert tokens.tokens_of(cast.ana) == []


# Administrators


def test_an_administrator_invites_and_hands_the_link_over(client, cast, sign_in, app):
    sign_in(client, cast.ada)
    page = client.post(
        "/people/invite", data={"email": "New@example.com", "name": "New", "role": "editor"}
    )
    link = re.search(r"http://localhost(/link/[\w-]+)", page.text)[1]
    assert page.headers["Referrer-Policy"] == "no-referrer"
    stranger = app.test_client()
    assert stranger.post(link, data={"name": "New"}).location == "/"
    assert service.by_email("new@example.com").role == "editor"
    assert "new@example.com" in client.get("/people").text


def test_a_taken_address_is_said_at_the_field(client, cast, sign_in):
    typed = {"email": "ana@example.com", "name": "Ana Two", "role": "author"}
    page = sign_in(client, cast.ada).post("/people/invite", data=typed)
    assert page.status_code == 422
    assert "has this address already" in page.text
    assert 'value="Ana Two"' in page.text


def test_an_administrator_changes_roles_links_and_access(client, cast, sign_in, app):
    theirs = sign_in(app.test_client(), cast.ben)
    sign_in(client, cast.ada)
    here = f"/people/{cast.ben.id}"
    client.post(f"{here}/role", data={"role": "editor"})
    assert service.get(cast.ben.id).role == "editor"
    page = client.post(f"{here}/link", data={"purpose": "reset"})
    token = re.search(r"/link/([\w-]+)", page.text)[1]
    assert links.look_at_link(token).purpose == "reset"
    assert client.post(f"{here}/link", data={"purpose": "root"}).status_code == 404
    client.post(f"{here}/end-sessions")
    assert theirs.get("/me").status_code == 302
    client.post(f"{here}/deactivate")
    assert not service.get(cast.ben.id).active
    assert "Deactivated" in client.get(here).text
    client.post(f"{here}/activate")
    assert service.get(cast.ben.id).active


def test_the_last_administrator_gets_a_sentence_not_a_crash(client, cast, sign_in):
    page = sign_in(client, cast.ada).post(f"/people/{cast.ada.id}/deactivate")
    assert page.status_code == 409
    assert "last administrator" in page.text
    assert client.get("/people").status_code == 200


def test_the_trail_leads_to_people_and_stories(client, cast, sign_in):
    story = stories.create_story(cast.ana, title="봄 소식")
    service.set_role(cast.ada, cast.ben, "editor")
    page = sign_in(client, cast.ada).get("/admin/audit").text
    assert f'<a href="/people/{cast.ben.id}">Ben</a>' in page
    assert f'<a href="/stories/{story.id}">' in page
    assert "Author → Editor" in page
