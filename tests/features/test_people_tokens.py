"""API tokens: keys for programs."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from publisher import clock
from publisher.errors import Invalid, NotAllowed, NotFound
from publisher.extensions import db
from publisher.people import secrets, service, tokens
from publisher.people.models import ApiToken


@pytest.mark.usefixtures("database_url")
def test_a_token_is_shown_once_and_works_within_its_scopes(cast):
    token, text = tokens.create_token(cast.ana, cast.ana, "script", ["write", "read"])
    assert text.startswith("pub_")
    assert token.token_hash == secrets.digest(text)
    assert service.person_of_token(text) == (cast.ana, frozenset({"read", "write"}))
    assert text not in str(vars(db.session.scalar(select(ApiToken))))


@pytest.mark.parametrize("text", ["", "pub_", "pub_unknown", "unknown", "pub_ü"])
def test_an_unknown_token_is_nobody(app, text):
    assert service.person_of_token(text) is None


def test_a_token_ends_when_it_expires_or_is_revoked(cast, travel):
    soon = clock.now() + timedelta(days=1)
    _, expiring = tokens.create_token(cast.ana, cast.ana, "a day", ["read"], soon)
    kept, lasting = tokens.create_token(cast.ana, cast.ana, "lasting", ["read"])
    travel(timedelta(days=1, seconds=1))
    assert service.person_of_token(expiring) is None
    assert service.person_of_token(lasting)
    tokens.revoke_token(cast.ana, kept.id)
    assert service.person_of_token(lasting) is None


def test_a_token_remembers_when_it_was_used(cast, travel):
    token, text = tokens.create_token(cast.ana, cast.ana, "script", ["read"])
    assert token.used_at is None
    service.person_of_token(text)
    first = tokens.tokens_of(cast.ana)[0].used_at
    assert first is not None
    travel(timedelta(seconds=30))
    service.person_of_token(text)
    assert tokens.tokens_of(cast.ana)[0].used_at == first


@pytest.mark.parametrize(
    ("name", "scopes", "field"),
    [
        ("", ["read"], "name"),
        ("x" * 101, ["read"], "name"),
        ("x", [], "scopes"),
        ("x", ["root"], "scopes"),
    ],
)
def test_a_token_needs_a_name_and_known_scopes(cast, name, scopes, field):
    with pytest.raises(Invalid) as refused:
        tokens.create_token(cast.ana, cast.ana, name, scopes)
    assert set(refused.value.fields) == {field}


def test_nobody_makes_or_revokes_a_token_of_somebody_else(cast):
    with pytest.raises(NotAllowed):
        tokens.create_token(cast.ada, cast.ana, "script", ["read"])
    token, text = tokens.create_token(cast.ana, cast.ana, "script", ["read"])
    with pytest.raises(NotFound):
        tokens.revoke_token(cast.ben, token.id)
    assert service.person_of_token(text)
    tokens.revoke_token(cast.ada, token.id)
    assert service.person_of_token(text) is None
