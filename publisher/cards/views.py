"""The pictures of cards: from our own machine, so that nobody else learns who writes what."""

from __future__ import annotations

from flask import Blueprint, Response, make_response

from publisher.cards import service
from publisher.people.rules import Role

blueprint = Blueprint("cards", __name__)

ACCESS = {"picture": Role.VIEWER}


@blueprint.get("/cards/<key>.webp")
def picture(key: str) -> Response:
    """Re-encoded bytes with the type that we gave them."""
    response = make_response(service.picture(key))
    response.mimetype = "image/webp"
    response.headers["Cache-Control"] = "private, max-age=3600"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
