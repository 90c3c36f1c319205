"""Where an account's requests may go: an address that somebody typed must not lead into our own network."""

from __future__ import annotations

import socket
from contextlib import suppress
from ipaddress import ip_address
from urllib.parse import urlsplit

from flask import current_app
from flask_babel import gettext as _

from publisher.config import Config
from publisher.errors import Invalid

TRIED_OUT = {"demo", "test"}
"""Environments whose platforms are a sandbox on this machine."""


def require_public(url: str) -> None:
    """Refuse an API address that is not https, or whose name leads to a machine that the world cannot reach.

    Credentials go there, and its answers come back to whoever typed it. Redirects are never followed. Raises
    Invalid. Looks the name up, so do not call it inside `writing()`; a name that nobody knows yet is let
    through, since nothing can be sent there either.
    """
    config: Config = current_app.extensions["settings"]
    if not url or config.environment in TRIED_OUT:
        return
    if not _is_well_formed(url) or not all(map(_is_public, _machines(url))):
        sentence = _("An API address begins with https:// and leads to a public machine.")
        raise Invalid(sentence, code="address_refused", fields={"api_url": sentence})


def _is_well_formed(url: str) -> bool:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    named = bool(parts.hostname) and not parts.username and not parts.password
    return parts.scheme == "https" and named and port in {None, 443} and url.isprintable()


def _machines(url: str) -> set[str]:
    """The addresses that the name in `url` stands for at this moment."""
    host = urlsplit(url).hostname or ""
    with suppress(OSError, UnicodeError):
        return {
            str(found[4][0]) for found in socket.getaddrinfo(host, 443, type=socket.SOCK_STREAM)
        }
    return set()


def _is_public(machine: str) -> bool:
    address = ip_address(machine.partition("%")[0])
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_global and not address.is_multicast
