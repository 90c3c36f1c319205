"""What a form sent and the site did not take is shown again: to whoever typed it, never for another site."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask import Flask

from publisher.people import sessions
from publisher.stories import service as stories
from publisher.stories.models import Story
from tests.plugins.app import AppClient, Cast

HERE = {"Sec-Fetch-Site": "same-origin"}
TYPED = "The price is <b>12</b> won."
SENT = {"text": TYPED, "post_id": "0"}
ESCAPED = "The price is &lt;b&gt;12&lt;/b&gt; won."


@pytest.fixture
def story(cast: Cast) -> Story:
    return stories.create_story(cast.ana, title="Prices")


@pytest.fixture
def guarded(app: Flask, cast: Cast, sign_in: Callable[..., AppClient]) -> Iterator[AppClient]:
    """Ana's client with CSRF protection on."""
    client = sign_in(app.test_client(), cast.ana)
    app.config["WTF_CSRF_ENABLED"] = True
    yield client


def test_a_session_that_ended_shows_the_text_and_a_way_to_send_it(client, story):
    headers = {**HERE, "Referer": f"http://localhost/stories/{story.id}"}
    page = client.post(f"/stories/{story.id}/comments", data={"text": TYPED}, headers=headers)
    assert page.status_code == 401
    assert ESCAPED in page.text
    assert TYPED not in page.text
    assert "Send it again" in page.text
    assert f'action="/stories/{story.id}/comments"' in page.text
    assert f'href="/stories/{story.id}"' not in page.text, "one would lose it by going back"
    assert page.headers["Cache-Control"] == "no-store"


def test_without_a_text_the_sign_in_leads_back_to_the_page(client, story):
    headers = {**HERE, "Referer": f"http://localhost/stories/{story.id}"}
    page = client.post(f"/stories/{story.id}/archive", headers=headers)
    assert page.status_code == 401
    assert f'href="/sign-in?next=/stories/{story.id}"' in page.text


@pytest.mark.parametrize(
    ("headers", "shown"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Origin": "http://localhost"}, True),  # a browser that says only this
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"}, False),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"Sec-Fetch-Site": "none"}, False),
        ({"Origin": "https://evil.example"}, False),
        ({"Origin": "null"}, False),
        ({}, False),
        ({"Sec-Fetch-Site": "same-origin", "X-Requested-With": "fetch"}, False),
    ],
)
def test_the_words_of_another_site_never_get_onto_a_page_of_ours(
    client, guarded, story, headers, shown
):
    for who in (client, guarded):
        page = who.post(f"/stories/{story.id}/comments", data={"text": TYPED}, headers=headers)
        assert page.status_code in {400, 401}
        assert (ESCAPED in page.text) is shown
        assert ("Send it again" in page.text) is shown


def test_a_page_that_was_open_for_too_long_sends_its_text_with_one_press(guarded, story):
    page = guarded.post(f"/stories/{story.id}/comments", data=SENT, headers=HERE)
    assert page.status_code == 400
    assert ESCAPED in page.text
    assert 'class="signed-in' in page.text
    token = page.text.split('name="csrf-token" content="')[1].split('"')[0]
    again = guarded.post(
        f"/stories/{story.id}/comments", data={**SENT, "csrf_token": token}, headers=HERE
    )
    assert again.status_code == 302


def test_no_secret_is_shown_again_nor_sent_again(client):
    sent = {"name": "Ana Kim", "password": "correct horse battery", "access_token": "a b c"}
    page = client.post("/me/security", data=sent, headers=HERE).text
    assert "Ana Kim" in page
    assert "correct horse" not in page
    assert "a b c" not in page
    assert "Send it again" not in page


def test_a_refused_form_keeps_what_was_typed(app, cast, sign_in):
    rui = sign_in(app.test_client(), cast.rui)
    page = rui.post("/accounts/nowhere/hold", data={"reason": "Wrong prices"}, headers=HERE)
    assert page.status_code == 404
    assert "Wrong prices" in page.text


def test_what_was_taken_is_named_so_that_its_copy_can_go(app, cast, sign_in, story):
    ana = sign_in(app.test_client(), cast.ana)
    taken = ana.post(f"/stories/{story.id}/comments", data={**SENT, "page": "0a1b-3"})
    assert any(set.startswith("taken.0a1b-3=1;") for set in taken.headers.getlist("Set-Cookie"))
    refused = ana.post(f"/stories/{story.id}/comments", data={"text": "", "page": "0a1b-4"})
    assert refused.status_code == 422
    assert "taken." not in str(refused.headers)
    odd = ana.post(f"/stories/{story.id}/comments", data={**SENT, "page": "a=b; x-1"})
    assert "taken." not in str(odd.headers)


def test_an_ended_session_of_ones_own_is_no_dead_end(app, cast, sign_in, story):
    ana = sign_in(app.test_client(), cast.ana)
    sessions.end_sessions(None, cast.ana)
    page = ana.post(f"/stories/{story.id}/comments", data={"text": TYPED}, headers=HERE)
    assert page.status_code == 401
    assert ESCAPED in page.text
