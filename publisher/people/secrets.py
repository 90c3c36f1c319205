"""Secrets that people and programs carry: made at random, kept only as a hash; and passwords."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import unicodedata
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from flask import current_app

_hasher = PasswordHasher()


def new_token() -> str:
    """256 random bits in characters that any address or header may hold."""
    return secrets.token_urlsafe(32)


def digest(token: str) -> str:
    """What the database keeps of a random token. No salt: there is nothing to guess in 256 bits."""
    return hashlib.sha256(token.encode()).hexdigest()


def keyed_digest(text: str) -> str:
    """A name for something that should not lie around in clear (an address somebody typed, an IP)."""
    key = str(current_app.config["SECRET_KEY"]).encode()
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()[:32]


def hash_password(password: str) -> str:
    """Argon2id with the library's current parameters. About 50 ms: never call it inside `writing()`."""
    return _hasher.hash(_normal(password))


def password_fits(stored: str | None, password: str) -> bool:
    """Whether `password` is the one.

    Without a stored one it says no and takes as long: nobody can tell who exists.
    """
    try:
        return _hasher.verify(stored or _nobody(), _normal(password)) and stored is not None
    except (VerificationError, InvalidHashError):
        return False


def needs_rehash(stored: str) -> bool:
    """Whether `stored` was made with weaker parameters than today's."""
    return _hasher.check_needs_rehash(stored)


def _normal(password: str) -> str:
    """One form of Hangul, whichever the keyboard sends (macOS types decomposed letters)."""
    return unicodedata.normalize("NFC", password)


@cache
def _nobody() -> str:
    return _hasher.hash(secrets.token_urlsafe(16))
