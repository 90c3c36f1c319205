"""The web role: what gunicorn serves."""

from __future__ import annotations

import logging

from flask import Flask

from publisher import logs
from publisher.application import create_app
from publisher.config import Config
from workers import loaded


def app() -> Flask:
    """The application, with gunicorn's own lines in the same form as ours."""
    config = Config.from_environment()
    logs.configure(config)
    for name in ("gunicorn.error", "gunicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [], True
    made = create_app(config)
    loaded.keep()
    return made
