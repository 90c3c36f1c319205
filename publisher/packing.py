"""Pages and built files travel packed to who can unpack them: a month's markup is 300 kB, packed 14 kB.

A proxy that packs by itself leaves alone what is packed already.
"""

from __future__ import annotations

import gzip
import secrets
from functools import lru_cache
from io import BytesIO
from pathlib import Path

from flask import Flask, Response, current_app, request
from werkzeug.security import safe_join

WORTH_IT = 1_000
"""Bytes; below that packing saves nothing."""
PADDING = 100
"""A page's length tells nothing exact of the secrets in it: up to so many bytes more are sent (BREACH)."""
QUICK, BEST = 4, 9
BUILT = {"text/css", "text/javascript", "application/javascript", "image/svg+xml"}


def init_app(app: Flask) -> None:
    """Pack answers; before everything else that looks at them, as Flask asks the first one last."""
    app.after_request(_pack)


def _pack(response: Response) -> Response:
    if response.status_code < 200 or response.status_code in {204, 206, 304}:
        return response
    if "Content-Encoding" in response.headers:
        return response
    built = _built_file(response)
    if not built and not _is_page(response):
        return response
    response.vary.add("Accept-Encoding")
    if request.accept_encodings["gzip"] <= 0:
        return response
    if built:
        etag, _weak = response.get_etag()
        response.close()  # the opened file
        response.direct_passthrough = False
        response.set_data(_packed_file(built))
        if etag:
            response.set_etag(etag, weak=True)  # the same file in other bytes
    else:
        response.set_data(_packed(response.get_data()))
    response.headers["Content-Encoding"] = "gzip"
    return response


def _is_page(response: Response) -> bool:
    """Whole pages and parts; what names its exact bytes by an ETag is small and stays as it is."""
    return (
        response.mimetype == "text/html"
        and not response.is_streamed
        and "ETag" not in response.headers
        and (response.content_length or 0) >= WORTH_IT
    )


def _built_file(response: Response) -> str:
    """The file of the front end that is being sent whole; its name carries its content's hash."""
    beginning = f"{current_app.static_url_path}/dist/"
    if not request.path.startswith(beginning) or response.mimetype not in BUILT:
        return ""
    name = request.path.removeprefix(f"{current_app.static_url_path}/")
    path = safe_join(str(current_app.static_folder), name)
    return path if path and response.status_code == 200 else ""


@lru_cache(maxsize=32)
def _packed_file(path: str) -> bytes:
    return gzip.compress(Path(path).read_bytes(), BEST, mtime=0)


def _packed(page: bytes) -> bytes:
    out = BytesIO()
    padding = "x" * secrets.randbelow(PADDING)
    with gzip.GzipFile(padding, "wb", QUICK, out, mtime=0) as packed:
        packed.write(page)
    return out.getvalue()
