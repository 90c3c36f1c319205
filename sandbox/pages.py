"""The pages: both timelines as people would see them, and forms that switch faults on and off."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from sandbox import length
from sandbox.ledger import Post
from sandbox.page_texts import FAULTS, TEXTS
from sandbox.wire import Malformed, Request, Response
from sandbox.world import World

HERE = Path(__file__).parent
SHOWN = 100
_POST = re.compile(r"/x/\w+/status/(?P<x>\d+)|/facebook/posts/(?P<facebook>[\d_]+)")
_MEDIA = re.compile(r"/media/(\d+)")
_ADDRESS = re.compile(r"https?://[^\s<>\"']+")
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = [
    ("Content-Security-Policy", POLICY),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
]


@dataclass(frozen=True)
class Card:
    """A post as the template needs it."""

    post: Post
    name: str
    handle: str
    address: str
    segments: list[tuple[str, str]]
    link: str
    host: str
    when: str
    replies: list[Card]


def answer(world: World, request: Request) -> Response:
    """Route one page, picture or form."""
    response = _routed(world, request)
    response.headers += HEADERS
    return response


def _routed(world: World, request: Request) -> Response:
    path, reading = request.path, request.method in ("GET", "HEAD")
    if reading and path == "/":
        return _timeline(world, request)
    if reading and path == "/static/sandbox.css":
        return Response(
            200, (HERE / "static/sandbox.css").read_bytes(), [("Content-Type", "text/css")]
        )
    if path == "/favicon.ico":
        return Response(204)
    media = _MEDIA.fullmatch(path)
    if reading and media:
        return _picture(world, media.group(1))
    shown = _POST.fullmatch(path)
    if reading and shown:
        return _single(world, request, shown.group("x") or shown.group("facebook"))
    if request.method == "POST" and path in ("/faults", "/faults/off"):
        return _switch(world, request, off=path.endswith("/off"))
    return _page(request, 404, "missing.html", {})


def _timeline(world: World, request: Request, problem: str = "") -> Response:
    posts = [post for post in world.ledger.all() if post.shown(world.clock.time())]
    deleted = sum(post.deleted for post in world.ledger.all())
    columns = {name: _cards(world, posts, name) for name in ("x", "facebook")}
    facts = {
        "columns": columns,
        "deleted": deleted,
        "active": world.faults.list(),
        "kinds": list(FAULTS.items()),
        "fault_names": FAULTS,
        "problem": problem,
    }
    return _page(request, 400 if problem else 200, "timeline.html", facts)


def _single(world: World, request: Request, post_id: str) -> Response:
    post = world.ledger.posts.get(post_id)
    if post is None or not post.shown(world.clock.time()):
        return _page(request, 404, "missing.html", {})
    posts = [item for item in world.ledger.all() if item.shown(world.clock.time())]
    cards = _cards(world, posts, post.platform, roots={_root(world, post).id})
    return _page(request, 200, "post.html", {"cards": cards, "current": post.id})


def _root(world: World, post: Post) -> Post:
    parent = world.ledger.posts.get(post.reply_to)
    while parent is not None and not parent.deleted:
        post, parent = parent, world.ledger.posts.get(parent.reply_to)
    return post


def _cards(
    world: World, posts: list[Post], platform: str, roots: set[str] | None = None
) -> list[Card]:
    """Newest first; replies below what they answer, oldest first."""
    mine = [post for post in posts if post.platform == platform]
    present = {post.id for post in mine}
    answers: dict[str, list[Post]] = {}
    tops = []
    for post in mine:
        if post.reply_to in present:
            answers.setdefault(post.reply_to, []).append(post)
        elif roots is None or post.id in roots:
            tops.append(post)
    return [_card(world, post, answers) for post in reversed(tops[-SHOWN:])]


def _card(world: World, post: Post, answers: dict[str, list[Post]]) -> Card:
    """A thread is a chain of answers; it is laid flat, so that its length does not matter."""
    thread, waiting = [], list(reversed(answers.get(post.id, [])))
    while waiting:
        item = waiting.pop()
        thread.append(_card(world, item, {}))
        waiting += reversed(answers.get(item.id, []))
    if post.platform == "x":
        owner = world.accounts.x.get(post.account)
        name, handle = (owner.name, f"@{owner.username}") if owner else (post.account, "")
    else:
        page = world.accounts.pages.get(post.account)
        name, handle = page.name if page else post.account, ""
    segments = _segments(post.current)
    links = [href for _, href in segments if href]
    link = post.link or (links[-1] if links and not post.media else "")
    when = post.at.astimezone().strftime("%Y-%m-%d %H:%M:%S %Z")
    address = urlsplit(world.page_url(post)).path
    host = urlsplit(link).netloc if link else ""
    return Card(post, name, handle, address, segments, link, host, when, thread)


def _segments(text: str) -> list[tuple[str, str]]:
    """Pieces of text with the address they lead to, empty for plain ones; only http and https."""
    spans = [(url.start, url.end, url.expanded) for url in length.urls(text)]
    for match in _ADDRESS.finditer(text):
        if not any(start < match.end() and match.start() < end for start, end, _ in spans):
            spans.append((match.start(), match.end(), match.group()))
    pieces, at = [], 0
    for start, end, href in sorted(spans):
        pieces += [(text[at:start], ""), (text[start:end], href)]
        at = end
    return [piece for piece in [*pieces, (text[at:], "")] if piece[0]]


def _picture(world: World, media_id: str) -> Response:
    found = world.media.data(media_id)
    if found is None or not found[1].startswith("image/"):
        return Response(404)
    return Response(200, found[0], [("Content-Type", found[1]), ("Cache-Control", "max-age=3600")])


def _switch(world: World, request: Request, *, off: bool) -> Response:
    """A form: switch one fault on or off, or all off. Then back to the timeline."""
    try:
        form = request.form()
        if off:
            number = form.get("id", "")
            world.faults.remove(int(number)) if number.isdigit() else world.faults.clear()
        else:
            platform = form.get("platform", "")
            match = {"platform": platform} if platform in ("x", "facebook") else {}
            times = int(form["times"]) if form.get("times") else None
            world.faults.add(form.get("kind", ""), match, times, **_arguments(form))
    except (ValueError, Malformed) as error:
        return _timeline(world, request, str(error))
    return Response(303, b"", [("Location", f"/?lang={_language(request)}#faults")])


def _arguments(form: dict[str, str]) -> dict[str, Any]:
    seconds = float(form.get("seconds") or 5)
    if not 0 <= seconds <= 600:
        raise ValueError("0–600 s")
    return {"seconds": seconds}


def _page(request: Request, status: int, template: str, facts: dict[str, Any]) -> Response:
    language = _language(request)
    html = (
        _templates()
        .get_template(template)
        .render(
            t=TEXTS[language],
            language=language,
            path=request.path if status == 200 else "/",
            **facts,
        )
    )
    headers = [("Content-Type", "text/html; charset=utf-8"), ("Vary", "Accept-Language")]
    return Response(status, html.encode(), headers)


def _language(request: Request) -> str:
    """`?lang=`, else the first of the browser's languages that we speak."""
    asked = request.query.get("lang", "")
    for wish in [asked, *request.headers.get("accept-language", "").split(",")]:
        name = wish.strip()[:2].lower()
        if name in TEXTS:
            return name
    return "en"


@cache
def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
