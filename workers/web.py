"""The web role: what gunicorn serves."""

from __future__ import annotations

import logging

from flask import Flask

from publisher import create_app, logs
from publisher.config import Config


def app() -> Flask:
    """The application, with gunicorn's own lines in the same form as ours."""
    config = Config.from_environment()
    logs.configure(config)
    for name in ("gunicorn.error", "gunicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [], True
    return create_app(config)
