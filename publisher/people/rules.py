"""Who may do what: roles, ranks and the scopes of API tokens. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class Role(StrEnum):
    """What a person is here, from the least to the most."""

    VIEWER = "viewer"
    AUTHOR = "author"
    EDITOR = "editor"
    ADMIN = "admin"


RANK = {role: rank for rank, role in enumerate(Role)}

ANYONE = "anyone"
"""Access level of pages that need no sign-in."""


def at_least(role: Role | str, needed: Role | str) -> bool:
    """Whether `role` is `needed` or more."""
    return RANK[Role(role)] >= RANK[Role(needed)]


class Scope(StrEnum):
    """What an API token may be used for; the person's role still applies on top."""

    READ = "read"
    WRITE = "write"
    REVIEW = "review"
    FEEDS = "feeds"


def may_see_story(role: Role | str, actor_id: int, owner_id: int, author_ids: Iterable[int]) -> bool:
    """Editors see everything; authors their own and shared drafts. The calendar shows everyone a story's
    title and time, this is about opening it."""
    return at_least(role, Role.EDITOR) or actor_id == owner_id or actor_id in set(author_ids)


def may_edit_story(role: Role | str, actor_id: int, owner_id: int, author_ids: Iterable[int]) -> bool:
    """Viewers edit nothing; authors what they own or share; editors everything."""
    return at_least(role, Role.AUTHOR) and may_see_story(role, actor_id, owner_id, author_ids)


def may_approve(
    role: Role | str, actor_id: int, writer_ids: Iterable[int], *, allow_self: bool
) -> bool:
    """Editors approve what they did not write; an installation may allow one's own."""
    return at_least(role, Role.EDITOR) and (allow_self or actor_id not in set(writer_ids))
