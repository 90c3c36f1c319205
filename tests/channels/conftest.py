"""A sandbox of its own for each test, and adapters connected to it."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from PIL import Image as Picture

from channels.base import Content, Image
from channels.facebook import Facebook
from channels.http import Deadlines, configure, deadlines
from channels.twitter import Twitter
from sandbox.server import Sandbox


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(timeline_lag_seconds=0) as running:
        yield running


@pytest.fixture(autouse=True)
def short_deadlines() -> Iterator[None]:
    before = deadlines()
    configure(Deadlines(connect_s=1.0, call_s=5.0))
    yield
    configure(before)


@pytest.fixture
def x(sandbox: Sandbox) -> Twitter:
    credentials = sandbox.add_x("1002", "acme")
    return Twitter(credentials, lambda token: None, api_url=sandbox.x_url)


@pytest.fixture
def page(sandbox: Sandbox) -> Facebook:
    credentials = sandbox.add_page("2002", "Acme")
    return Facebook(credentials, lambda token: None, api_url=sandbox.facebook_url)


@pytest.fixture
def soon() -> datetime:
    """An instant shortly before everything that the test sends."""
    return datetime.now(UTC) - timedelta(seconds=1)


class Bell:
    """An `on_wire` that counts how often it was asked."""

    def __init__(self) -> None:
        self.rung = 0

    def __call__(self) -> None:
        self.rung += 1


@pytest.fixture
def on_wire() -> Bell:
    return Bell()


@pytest.fixture
def send(on_wire: Bell) -> Callable[..., str]:
    """Publish on a channel and return the remote id."""

    def publish(channel: Twitter | Facebook, content: Content | str) -> str:
        wanted = Content(content) if isinstance(content, str) else content
        return channel.publish(wanted, key="delivery-1", on_wire=on_wire).remote_id

    return publish


def picture(number: int = 1, alt: str = "A red square", *, size: int = 8) -> Image:
    """A real PNG."""
    stream = io.BytesIO()
    Picture.effect_noise((size, size), 200).convert("RGB").save(stream, "PNG")
    return Image(number, stream.getvalue(), "image/png", size, size, alt, f"{number}.png")


@pytest.fixture
def make_picture() -> Callable[..., Image]:
    return picture
