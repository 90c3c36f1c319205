"""Parts of pages that keep themselves fresh: asked for again and again, sent only when something changed.

A page names the part's address, how often to ask, and the tag of what it shows (`ui.refreshing`); the
script asks while somebody looks at the page. Polling and not a stream: a stream holds one of the server's
threads for as long as a tab is open, an unchanged answer holds it for some milliseconds.
"""

from __future__ import annotations

import re
from hashlib import sha256

from flask import make_response, request
from werkzeug.wrappers import Response

_TOKEN = re.compile(r'name="csrf_token" value="[^"]*"')
_TIME = re.compile(r'<time datetime="([^"]*)"[^>]*>[^<]*</time>')


def tag_of(part: str) -> str:
    """What identifies the part as it is now. Nothing has changed for a reader when only a form's token did,
    or when "in 5 minutes" became "in 4 minutes": clocks count in the browser."""
    settled = _TIME.sub(r"\1", _TOKEN.sub("", part)).strip()
    return sha256(settled.encode()).hexdigest()[:24]


def fragment(part: str) -> Response:
    """The answer to who asks for a part of a page: the part, or 304 for who has it already."""
    response = make_response(part)
    response.set_etag(tag_of(part))
    return response.make_conditional(request)
