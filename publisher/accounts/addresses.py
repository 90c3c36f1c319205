"""Where requests may go: an address that somebody typed must not lead into our own network."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from contextlib import suppress
from ipaddress import IPv6Address, IPv6Network, ip_address
from types import MappingProxyType
from urllib.parse import urlsplit

from flask import current_app
from flask_babel import gettext as _

from publisher.config import Config
from publisher.errors import Invalid

HTTPS: Mapping[str, int] = MappingProxyType({"https": 443})
_TRANSLATED = IPv6Network("64:ff9b::/96")
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
    if not _is_well_formed(url) or not all(map(is_public, _machines(url))):
        sentence = _("An API address begins with https:// and leads to a public machine.")
        raise Invalid(sentence, code="address_refused", fields={"api_url": sentence})


def is_web(url: str) -> bool:
    """Whether `url` is an http or https address, at its usual port and without credentials.

    Where it leads is not looked at: whoever connects asks `is_public` of what the name stands for.
    """
    return _is_well_formed(url, {"http": 80, "https": 443})


def _is_well_formed(url: str, ports: Mapping[str, int] = HTTPS) -> bool:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    named = bool(parts.hostname) and not parts.username and not parts.password
    known = parts.scheme in ports and port in {None, ports[parts.scheme]}
    return known and named and url.isprintable()


def _machines(url: str) -> set[str]:
    """The addresses that the name in `url` stands for at this moment."""
    host = urlsplit(url).hostname or ""
    with suppress(OSError, UnicodeError):
        return {
            str(found[4][0]) for found in socket.getaddrinfo(host, 443, type=socket.SOCK_STREAM)
        }
    return set()


def is_public(machine: str) -> bool:
    """Whether the world can reach the machine with that IP address."""
    address = ip_address(machine.partition("%")[0])
    if isinstance(address, IPv6Address):
        if address in _TRANSLATED or address.sixtofour or address.teredo:
            return False  # another machine may stand behind it, which a network may translate to
        address = address.ipv4_mapped or address
    return address.is_global and not address.is_multicast
