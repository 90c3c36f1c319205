"""`/livez`, `/healthz` and `/metrics`. They look at no session, so that they answer without a database."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from itertools import groupby

from flask import Blueprint, Response, jsonify, request

from publisher.health import service
from publisher.web import BEARER, settings

blueprint = Blueprint("health", __name__)

ACCESS = {"live": BEARER, "health": BEARER, "metrics": BEARER}


@blueprint.get("/livez")
def live() -> Response:
    """For whoever restarts or routes to this process: it answers. Nothing else is looked at."""
    return _fresh(Response("ok\n", mimetype="text/plain"))


@blueprint.get("/healthz")
def health() -> Response:
    """200 when every promise is kept, 503 when one is in danger. Details only with the monitor's token."""
    checks = service.examine()
    bad = [check.what for check in checks if not check.well]
    answer: dict[str, object] = {"status": "degraded" if bad else "ok", "failing": bad}
    if _may_see_more():
        answer["checks"] = [
            {"name": check.what, "well": check.well, "says": check.sentence, **check.values}
            for check in checks
        ]
    response = jsonify(answer)
    response.status_code = 503 if bad else 200
    return _fresh(response)


@blueprint.get("/metrics")
def metrics() -> Response:
    """Prometheus' text format, for the monitor's token alone."""
    if not _may_see_more():
        refused = Response("Set PUBLISHER_MONITOR_TOKEN and send it as a bearer token.\n", 401)
        refused.headers["WWW-Authenticate"] = 'Bearer realm="metrics"'
        refused.mimetype = "text/plain"
        return _fresh(refused)
    lines = []
    for name, rows in groupby(
        sorted(service.figures(), key=lambda each: each[0]), lambda each: each[0]
    ):
        for number, (_name, meaning, labels, value) in enumerate(rows):
            if number == 0:
                lines += [f"# HELP publisher_{name} {meaning}", f"# TYPE publisher_{name} gauge"]
            lines.append(_line(name, labels, value))
    for name, kind, meaning, counted in service.tallies():
        lines += [f"# HELP publisher_{name} {meaning}", f"# TYPE publisher_{name} {kind}"]
        lines += [_line(name + suffix, labels, value) for suffix, labels, value in counted]
    text = "\n".join(lines) + "\n"
    return _fresh(Response(text, content_type="text/plain; version=0.0.4; charset=utf-8"))


def _line(name: str, labels: Mapping[str, str], value: float) -> str:
    shown = ",".join(f'{key}="{text}"' for key, text in labels.items())
    return f"publisher_{name}{{{shown}}} {float(value):.12g}"


def _may_see_more() -> bool:
    """Whether the request carries the monitor's token. Without one set, nobody's does."""
    token = settings().monitor_token
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    return bool(token) and hmac.compare_digest(given.encode(), token.encode())


def _fresh(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response
