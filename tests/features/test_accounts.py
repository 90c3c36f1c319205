"""Accounts: credentials that nobody can read, checks, holds and their pages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography.fernet import Fernet
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from publisher import clock, vault
from publisher.accounts import service as accounts
from publisher.accounts.models import Account
from publisher.errors import Conflict, Invalid, NotFound
from publisher.extensions import db
from publisher.people.models import User
from publisher.storage import writing
from publisher.stories.rules import Draft
from tests.plugins.app import Cast
from tests.plugins.newsroom import Newsroom

SignIn = Callable[[FlaskClient, User], FlaskClient]
KEYS = {
    "consumer_key": "ck",
    "consumer_secret": "very-secret-1",
    "access_token": "1-at",
    "access_token_secret": "very-secret-2",
}


def test_credentials_are_unreadable_in_the_database(app: Flask) -> None:
    accounts.connect(None, kind="twitter", slug="x", credentials=KEYS)
    raw = db.session.execute(text("SELECT credentials FROM accounts")).scalar_one()
    assert b"very-secret" not in bytes(raw)
    assert accounts.by_slug("x").credentials == KEYS


def test_rotating_the_key_makes_the_old_one_needless(app: Flask) -> None:
    accounts.connect(None, kind="twitter", slug="x", credentials=KEYS)
    old, new = app.extensions["settings"].vault_keys[0], Fernet.generate_key().decode()
    vault.init_app(app, (new, old))
    assert accounts.rotate_keys() == 1

    db.session.rollback()
    vault.init_app(app, (new,))
    assert accounts.by_slug("x").credentials == KEYS

    db.session.rollback()
    vault.init_app(app, (old,))
    with pytest.raises(vault.VaultError):
        _ = accounts.by_slug("x").credentials


@pytest.mark.usefixtures("app")
def test_incomplete_or_unknown_credentials_are_named() -> None:
    with pytest.raises(Invalid, match="access_token_secret"):
        accounts.connect(
            None, kind="twitter", slug="x", credentials={**KEYS, "access_token_secret": " "}
        )
    with pytest.raises(Invalid, match="password"):
        accounts.connect(None, kind="blog", slug="b", credentials={"password": "x"})
    with pytest.raises(Invalid):
        accounts.connect(None, kind="blog", slug="Not A Slug")
    with pytest.raises(Invalid):
        accounts.connect(None, kind="myspace", slug="m")
    with pytest.raises(NotFound):
        accounts.by_slug("x")


@pytest.mark.usefixtures("app")
def test_a_slug_keeps_its_channel() -> None:
    accounts.connect(None, kind="blog", slug="main")
    with pytest.raises(Conflict):
        accounts.connect(None, kind="twitter", slug="main", credentials=KEYS)


def test_checking_asks_the_platform_and_resumes(newsroom: Newsroom) -> None:
    accounts.pause(None, accounts.by_slug("x"), "gone")
    checked = accounts.check(newsroom.editor, accounts.by_slug("x"))
    assert (checked.status, checked.public_name) == ("active", "@acme")

    newsroom.sandbox.add_x("1002", "acme", state="revoked")
    with pytest.raises(Invalid):
        accounts.check(newsroom.editor, accounts.by_slug("x"))
    assert accounts.by_slug("x").problem


def test_the_same_account_may_be_connected_anew(newsroom: Newsroom) -> None:
    x = accounts.check(None, accounts.by_slug("x"))
    again = connect_anew(x, dict(x.credentials or {}))
    assert (again.id, again.label, accounts.holds()) == (x.id, "X again", {})


def test_a_slug_that_answers_as_somebody_else_is_held(newsroom: Newsroom) -> None:
    x = accounts.check(None, accounts.by_slug("x"))
    connect_anew(x, newsroom.sandbox.add_x("1003", "rival"))
    held = accounts.holds()[x.id]
    assert held.values == {"now": "@rival", "before": "@acme"}


def test_credentials_that_are_refused_replace_none(newsroom: Newsroom) -> None:
    x = accounts.by_slug("x")
    before = x.credentials
    with pytest.raises(Invalid, match="no longer accepts"):
        connect_anew(x, KEYS)
    assert accounts.by_slug("x").credentials == before


def connect_anew(account: Account, credentials: dict[str, str]) -> Account:
    return accounts.connect(
        None,
        kind=account.kind,
        slug=account.slug,
        label="X again",
        credentials=credentials,
        api_url=account.api_url,
    )


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize("spacing", [-5.0, float("nan"), 86_401.0])
def test_no_account_is_connected_with_an_impossible_pace(spacing: float) -> None:
    with pytest.raises(Invalid, match="between 0 seconds and a day"):
        accounts.connect(None, kind="blog", slug="blog", spacing_s=spacing)
    assert not accounts.all_accounts()


@pytest.mark.usefixtures("app")
def test_there_is_one_hosted_blog() -> None:
    accounts.connect(None, kind="blog", slug="blog", label="Blog")
    with pytest.raises(Conflict, match="There is a hosted blog already: “blog”"):
        accounts.connect(None, kind="blog", slug="notes", label="Notes")
    assert accounts.connect(None, kind="blog", slug="blog", label="Our blog").label == "Our blog"


def test_a_hold_keeps_its_first_reason_and_needs_one(newsroom: Newsroom) -> None:
    with pytest.raises(Invalid):
        accounts.hold(newsroom.editor, " ")
    accounts.hold(newsroom.editor, "A crisis")
    accounts.hold(newsroom.editor, "Another")
    held = accounts.holding()
    assert held is not None
    assert held.reason == "A crisis"
    accounts.release(newsroom.editor)
    assert accounts.holding() is None
    with pytest.raises(Conflict):
        accounts.release(newsroom.editor)


def test_pages_connect_check_hold_and_release(
    newsroom: Newsroom, client: FlaskClient, cast: Cast, sign_in: SignIn
) -> None:
    sign_in(client, cast.ada)
    form = {"kind": "twitter", "slug": "x2", "label": "X two", **KEYS}
    assert client.post("/accounts/connect", data=form).status_code == 302
    incomplete = client.post("/accounts/connect", data={**form, "slug": "x3", "access_token": ""})
    assert incomplete.status_code == 422
    assert b"very-secret" not in incomplete.data

    assert client.post("/accounts/x/check", follow_redirects=True).status_code == 200
    assert accounts.by_slug("x").public_name == "@acme"

    client.post("/accounts/hold", data={"reason": "A crisis"})
    assert "A crisis" in client.get("/accounts").text
    assert "A crisis" in client.get("/stories").text
    client.post("/accounts/release")
    assert "A crisis" not in client.get("/stories").text


def test_a_page_never_shows_a_secret(
    newsroom: Newsroom, client: FlaskClient, cast: Cast, sign_in: SignIn
) -> None:
    accounts.connect(None, kind="twitter", slug="x9", label="X", credentials=KEYS)
    page = sign_in(client, cast.ada).get("/accounts/x9").text
    assert "very-secret" not in page
    assert "1-at" not in page


def test_settings_are_never_printed_with_their_secrets(app: Flask) -> None:
    shown = repr(replace(app.extensions["settings"], mail_url="smtp://a:hidden@host"))
    assert "hidden" not in shown
    assert app.extensions["settings"].secret_key not in shown


def test_the_list_says_when_each_account_last_posted_what_is_left_and_when_its_token_ends(
    newsroom: Newsroom, client: FlaskClient, sign_in: SignIn, cast: Cast
) -> None:
    newsroom.approve(newsroom.story("x", x=Draft(text="짧은 소식")))
    newsroom.work()
    x, page = accounts.by_slug("x"), accounts.by_slug("page")
    with writing():
        x.expires_at = clock.now() + timedelta(days=3, hours=1)
        x.quota_left, x.quota_at = 3, clock.now()
        page.expires_at = clock.now() - timedelta(days=1)
    shown = sign_in(client, cast.rui).get("/accounts").text
    rows = {row.split("</a>")[0].rpartition(">")[2].strip(): row for row in shown.split("<tr>")[2:]}
    assert "in 3 days" in rows["x"] and "3 posts" in rows["x"] and "none yet" not in rows["x"]
    assert "Ended" in rows["page"] and "none yet" in rows["page"] and "not told" in rows["page"]
