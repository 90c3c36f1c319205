"""What names, addresses, passwords and roles may be."""

from __future__ import annotations

import unicodedata

import pytest

from publisher.people.rules import (
    Role,
    at_least,
    email_of,
    may_approve,
    may_edit_story,
    may_see_story,
    name_of,
    password_problem,
    slug_of,
)
from publisher.people.words import browser_of


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("  Ana@Example.COM ", "ana@example.com"),
        ("ops@localhost", "ops@localhost"),
        ("김하늘@회사.한국", "김하늘@회사.한국"),
    ],
)
def test_an_address_is_kept_in_one_form(given, kept):
    assert email_of(given) == kept


@pytest.mark.parametrize(
    "given",
    [
        *("", "ana", "ana@", "@example.com", "a@b", "a b@example.com", "a@@b.c", "<a@example.com>"),
        *("a@example.com\nBcc: x@y.z", "a@example.com,b@example.com", "a" * 250 + "@b.co"),
    ],
)
def test_what_is_no_address_is_refused(given):
    assert email_of(given) == ""


def test_a_name_is_composed_trimmed_and_visible():
    decomposed = unicodedata.normalize("NFD", "  김\u200b 하늘\n ")
    assert name_of(decomposed) == "김 하늘"
    assert name_of(" \u202e\t ") == ""


def test_names_become_addresses_that_are_not_taken():
    assert slug_of("김 하늘", set()) == "김-하늘"
    assert slug_of("Ana María / B.", {"ana-maría-b"}) == "ana-maría-b-2"
    assert slug_of("!!!", {"person", "person-2"}) == "person-3"
    assert len(slug_of("a" * 300, {"a" * 70})) <= 80


@pytest.mark.parametrize(
    ("password", "problem"),
    [
        ("short", "short"),
        ("x" * 201, "long"),
        ("aaaaaaaaaaaa", "personal"),
        ("Ana.Kim@example.com", "personal"),
        ("Kim Ana Maria", "personal"),
        ("구름 위에 뜬 달 하나", ""),
        ("four plain words here", ""),
    ],
)
def test_passwords_are_judged_by_length_and_by_whose_they_are(password, problem):
    assert password_problem(password, "ana.kim@example.com", "Kim Ana Maria") == problem


def test_roles_are_ranked():
    ranks = [Role.VIEWER, Role.AUTHOR, Role.EDITOR, Role.ADMIN]
    for low, role in enumerate(ranks):
        assert [at_least(role, other) for other in ranks] == [high <= low for high in range(4)]


def test_authors_see_and_edit_their_own_and_shared_stories_only():
    assert may_see_story(Role.AUTHOR, 1, 1, ())
    assert may_see_story(Role.AUTHOR, 2, 1, (2,))
    assert not may_see_story(Role.AUTHOR, 3, 1, (2,))
    assert may_see_story(Role.EDITOR, 3, 1, ())
    assert not may_edit_story(Role.VIEWER, 1, 1, (1,))
    assert may_edit_story(Role.AUTHOR, 1, 1, ())


def test_nobody_approves_what_they_wrote_unless_it_is_allowed():
    assert may_approve(Role.EDITOR, 1, (2,), allow_self=False)
    assert not may_approve(Role.EDITOR, 1, (1, 2), allow_self=False)
    assert may_approve(Role.EDITOR, 1, (1, 2), allow_self=True)
    assert not may_approve(Role.AUTHOR, 1, (2,), allow_self=True)


@pytest.mark.parametrize(
    ("agent", "short"),
    [
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0",
            "Edge · Windows",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Safari/604.1",
            "Safari · iOS",
        ),
        (
            "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
            "Firefox · Linux",
        ),
        ("curl/8.9.1", "curl/8.9.1"),
        ("", "–"),
    ],
)
def test_a_browser_is_named_in_short(agent, short):
    assert browser_of(agent) == short
