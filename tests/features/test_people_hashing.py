"""Passwords under the real, slow hash."""

from __future__ import annotations

import time

import pytest
from argon2 import PasswordHasher

from publisher.errors import Invalid
from publisher.people import secrets, service
from publisher.storage import writing

PASSWORD = "구름 위에 뜬 달 하나"


@pytest.fixture
def kim(app):
    return service.add(None, "kim@example.com", "Kim", "author", password=PASSWORD)


def enter(email="kim@example.com", password=PASSWORD, place="192.0.2.1"):
    return service.sign_in(email, password, place=place)


def test_the_hash_is_argon2id_and_never_the_same_twice():
    first, second = (secrets.hash_password(PASSWORD) for _ in range(2))
    assert first.startswith("$argon2id$")
    assert first != second
    assert secrets.password_fits(first, PASSWORD)
    assert not secrets.password_fits(first, PASSWORD + "!")
    assert not secrets.password_fits("damaged", PASSWORD)


def test_an_unknown_address_takes_as_long_as_a_wrong_password(kim):
    def best_of_three(email: str, place: str) -> float:
        taken = []
        for _ in range(3):
            start = time.perf_counter()
            with pytest.raises(Invalid):
                enter(email, "wrong password", place)
            taken.append(time.perf_counter() - start)
        return min(taken)

    with pytest.raises(Invalid):
        enter("warm-up@example.com", "the first one makes the dummy hash", "192.0.2.9")
    known = best_of_three("kim@example.com", "192.0.2.2")
    unknown = best_of_three("nobody@example.com", "192.0.2.3")
    assert 0.4 < unknown / known < 2.5


def test_an_old_hash_is_renewed_at_sign_in(kim):
    with writing():
        kim.password_hash = PasswordHasher(time_cost=1, memory_cost=8192).hash(PASSWORD)
    old = kim.password_hash
    enter()
    assert kim.password_hash != old
    assert not secrets.needs_rehash(kim.password_hash)
    assert enter()
