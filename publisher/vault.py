"""Secrets at rest: columns encrypted with Fernet. The first key encrypts, every key decrypts."""

from __future__ import annotations

import json
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from flask import Flask, current_app
from sqlalchemy import Dialect, LargeBinary
from sqlalchemy.types import TypeDecorator

from publisher import logs


class VaultError(Exception):
    """What is stored cannot be read with the keys of this installation."""


class EncryptedJSON(TypeDecorator[dict[str, Any]]):
    """Credentials by name that only this installation can read. Once read, no line of the log shows them."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: dict[str, Any] | None, dialect: Dialect) -> bytes | None:
        return None if value is None else seal(value)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> dict[str, Any] | None:
        if value is None:
            return None
        credentials = unseal(value)
        logs.conceal(credentials.values())
        return credentials


def init_app(app: Flask, keys: tuple[str, ...]) -> None:
    app.extensions["vault"] = MultiFernet([Fernet(key) for key in keys])


def seal(value: dict[str, Any]) -> bytes:
    """Encrypt with the newest key."""
    return _fernet().encrypt(json.dumps(value, ensure_ascii=False).encode())


def unseal(token: bytes) -> dict[str, Any]:
    """Decrypt with whichever key fits; raises VaultError if none does."""
    try:
        value: dict[str, Any] = json.loads(_fernet().decrypt(token))
    except InvalidToken:
        raise VaultError(
            "What is stored sealed cannot be read: PUBLISHER_VAULT_KEYS lacks the key it was written with."
        ) from None
    return value


def _fernet() -> MultiFernet:
    fernet: MultiFernet = current_app.extensions["vault"]
    return fernet
