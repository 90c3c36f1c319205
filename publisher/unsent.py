"""What a form sent and the site did not take: shown again on the page that says why. Nothing typed is lost.

Only a form of our own pages is echoed: another site could otherwise put its words onto a page of ours, or
have somebody send them on with one press. A browser says where a form came from, and no page can make it lie.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from flask import Flask, Response, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.exceptions import HTTPException

OURS = frozenset({"csrf_token", "version", "base", "page", "next", "then", "revision", "quote_at"})
"""Fields that the page filled in, not its reader."""
SECRET = re.compile(r"password|secret|token|key|^old$", re.IGNORECASE)
NAMES = {
    "title": _l("Title"),
    "text": _l("Text"),
    "link": _l("Link"),
    "brief": _l("Brief"),
    "campaign": _l("Campaign"),
    "reason": _l("Why?"),
    "quote": _l("About which words?"),
    "name": _l("Name"),
    "date": _l("Date"),
    "time": _l("Time"),
}
PAGE_NAME = re.compile(r"[a-z0-9]{1,30}-\d{1,4}")
"""What a form calls itself in the names of its copies on a device (assets/js/drafts.js)."""
REMEMBERED = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Sent:
    """What was typed, each piece with its name; and all that is needed to send it once more: None where a
    secret or a file was among it, which no page shows again."""

    texts: tuple[tuple[str, str], ...]
    again: tuple[tuple[str, str], ...] | None
    path: str


def init_app(app: Flask, *, secure: bool) -> None:
    def tell(response: Response) -> Response:
        return _tell_what_was_taken(response, secure=secure)

    app.after_request(tell)
    app.context_processor(lambda: {"unsent": unsent})


def unsent() -> Sent | None:
    """What this request's form holds, if a page of ours sent it and somebody typed any of it."""
    if request.method != "POST" or "X-Requested-With" in request.headers or not _from_here():
        return None
    try:
        pairs = [(name, value) for name, values in request.form.lists() for value in values]
    except HTTPException:
        return None  # what was sent is too large to be read at all
    texts = tuple((_name_of(name), value) for name, value in pairs if _is_typed(name, value))
    if not texts:
        return None
    whole = not any(SECRET.search(name) for name, _value in pairs if name not in OURS)
    whole = whole and not any(each.filename for each in request.files.values())
    again = tuple(pair for pair in pairs if pair[0] not in {"csrf_token", "page"})
    return Sent(
        texts, again if whole else None, request.script_root + request.full_path.rstrip("?")
    )


def _from_here() -> bool:
    """Whether a page of this site sent the request."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    return urlsplit(request.headers.get("Origin", "")).netloc == request.host


def _is_typed(name: str, value: str) -> bool:
    if name in OURS or SECRET.search(name) or not value.strip():
        return False
    return name in NAMES or name.startswith("alt-") or bool(re.search(r"\s", value.strip()))


def _name_of(name: str) -> str:
    if name.startswith("alt-"):
        return _("What does the picture show?")
    return str(NAMES.get(name, name))


def _tell_what_was_taken(response: Response, *, secure: bool) -> Response:
    """Tell the form's next page that the server has what was typed, so that its copy on the device can go."""
    if request.method != "POST" or not 300 <= response.status_code < 400:
        return response
    name = request.form.get("page", "")
    if PAGE_NAME.fullmatch(name):
        response.set_cookie(
            f"taken.{name}", "1", max_age=REMEMBERED, secure=secure, samesite="Lax", path="/"
        )
    return response
