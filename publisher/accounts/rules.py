"""What an account's state means. Pure."""

from __future__ import annotations

from enum import StrEnum


class AccountStatus(StrEnum):
    """`active` may post; `paused` waits for a person (authority or money gone, or a person's wish)."""

    ACTIVE = "active"
    PAUSED = "paused"


CREDENTIAL_FIELDS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "blog": ((), ()),
    "twitter": (("consumer_key", "consumer_secret", "access_token", "access_token_secret"), ()),
    "facebook": (("page_id", "page_token"), ("app_secret",)),
}
"""Per kind: the credentials that are required, and those that may be given."""


def credential_problems(kind: str, given: dict[str, str]) -> list[str]:
    """Sentences about missing, empty or unknown credentials; empty when all is well."""
    required, optional = CREDENTIAL_FIELDS[kind]
    missing = [name for name in required if not str(given.get(name) or "").strip()]
    unknown = sorted(set(given) - set(required) - set(optional))
    return [f"“{name}” is missing." for name in missing] + [
        f"“{name}” is not known for {kind}." for name in unknown
    ]
