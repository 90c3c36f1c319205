"""The control API under /control/ (JSON) and the door to the pages; only for this computer's own users."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from sandbox.wire import Malformed, Request, Response, reply
from sandbox.world import World

_LOCAL = ("127.0.0.1", "localhost", "::1")


def answer(world: World, request: Request) -> Response:
    """Route what is not X's or Facebook's."""
    if _foreign(world, request):
        return reply(403, {"error": "asked by another site, or under another name"})
    if not request.path.startswith("/control/"):
        from sandbox import pages  # noqa: PLC0415 - templates are loaded only when somebody looks

        return pages.answer(world, request)
    try:
        return _control(world, request)
    except (ValueError, TypeError, Malformed) as error:
        return reply(400, {"error": str(error)})


def _foreign(world: World, request: Request) -> bool:
    """A page of another site must not reach us, neither directly nor by DNS rebinding."""
    own = urlsplit(world.url).hostname or ""
    asked = urlsplit(f"//{request.host}").hostname or ""
    if own in _LOCAL and asked not in _LOCAL:
        return True
    origin = request.headers.get("origin", "")
    if request.method in ("GET", "HEAD") or not origin:
        return False
    return urlsplit(origin).netloc != request.host


def _control(world: World, request: Request) -> Response:
    name, _, rest = request.path.removeprefix("/control/").partition("/")
    handler = ROUTES.get((request.method, name))
    if handler is None:
        return reply(404, {"error": f"no {request.method} /control/{name}"})
    body: Any = {}
    if request.method == "POST" and request.body:
        if request.content_type != "application/json":
            return reply(415, {"error": "send application/json"})
        body = request.json()
        if not isinstance(body, dict):
            raise ValueError("send a JSON object")
    return handler(world, body, rest)


def _faults(world: World, body: dict[str, Any], _: str) -> Response:
    kind = body.pop("kind", "")
    return reply(201, world.faults.add(kind, **body).as_dict())


def _drop(world: World, _: dict[str, Any], rest: str) -> Response:
    if not rest:
        world.faults.clear()
    elif not rest.isdigit() or not world.faults.remove(int(rest)):
        return reply(404, {"error": "no such fault"})
    return reply(200, {"faults": world.faults.list()})


def _settings(world: World, body: dict[str, Any], _: str) -> Response:
    world.settings.update(body)
    return reply(200, world.settings.as_dict())


def _reset(world: World, _: dict[str, Any], __: str) -> Response:
    world.reset()
    return reply(200, {"reset": True})


def _clock(world: World, body: dict[str, Any], _: str) -> Response:
    """{"advance": seconds} or {"now": ISO 8601 with offset}."""
    if "now" in body:
        instant = datetime.fromisoformat(str(body["now"]))
        if instant.tzinfo is None:
            raise ValueError("now needs an offset, such as Z")
        world.clock.set(instant)
    world.clock.advance(float(body.get("advance", 0)))
    return reply(200, {"now": world.clock.now().isoformat()})


def _accounts(world: World, _: dict[str, Any], __: str) -> Response:
    """Names only: secrets are shown once, when an account is made."""
    x = [
        {"user_id": a.user_id, "username": a.username, "state": a.state}
        for a in world.accounts.x.values()
    ]
    pages = [
        {"page_id": p.page_id, "name": p.name, "state": p.state}
        for p in world.accounts.pages.values()
    ]
    return reply(200, {"x": x, "facebook": pages})


ROUTES: dict[tuple[str, str], Callable[[World, dict[str, Any], str], Response]] = {
    ("GET", "ledger"): lambda world, _, __: reply(200, world.entries()),
    ("GET", "requests"): lambda world, _, __: reply(200, world.journalled()),
    ("GET", "faults"): lambda world, _, __: reply(200, world.faults.list()),
    ("POST", "faults"): _faults,
    ("DELETE", "faults"): _drop,
    ("POST", "reset"): _reset,
    ("GET", "settings"): lambda world, _, __: reply(200, world.settings.as_dict()),
    ("POST", "settings"): _settings,
    ("GET", "clock"): _clock,
    ("POST", "clock"): _clock,
    ("GET", "accounts"): _accounts,
    ("POST", "accounts"): lambda world, body, _: reply(201, world.accounts.add(body)),
    ("GET", "spent"): lambda world, _, __: reply(
        200, {"usd": round(world.meters["purse"].spent_usd, 4)}
    ),
}
