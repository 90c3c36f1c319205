"""The platforms we publish to, by kind. Adapters are imported on first use."""

from __future__ import annotations

from importlib import import_module

from channels.base import Channel

REGISTRY: dict[str, str] = {
    "blog": "channels.blog:Blog",
    "twitter": "channels.twitter:Twitter",
    "facebook": "channels.facebook:Facebook",
}


def channel_class(kind: str) -> type[Channel]:
    """The adapter for `kind`. Raises KeyError for a kind nobody registered."""
    module, _, name = REGISTRY[kind].partition(":")
    found: type[Channel] = getattr(import_module(module), name)
    return found
