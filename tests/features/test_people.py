"""People: who they are and what administrators do for them."""

from __future__ import annotations

from publisher.people import service


def test_everyone_is_listed_by_name(cast):
    assert [user.name for user in service.everyone()] == ["Ada", "Ana", "Ben", "Eve", "Rui", "Vic"]


def test_sign_in_page(client, cast, sign_in):
    assert client.get("/sign-in").status_code == 200
    sign_in(client, cast.ana)
    assert client.get("/sign-in").status_code == 302
    assert client.post("/sign-out").status_code == 302
    assert client.get("/sign-in").status_code == 200
