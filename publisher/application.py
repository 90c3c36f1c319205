"""The Flask application, put together from its features."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

from flask import Flask
from flask.json.provider import DefaultJSONProvider
from jinja2 import FileSystemBytecodeCache
from jinja2.bccache import Bucket

from channels import http
from publisher import assets, crashes, packing, retention, storage, vault, web
from publisher.accounts import expiry
from publisher.config import Config
from publisher.crosslinks import service as crosslinks
from publisher.deliveries import deliver, patch, preflight
from publisher.effects import service as effects
from publisher.extensions import csrf, db
from publisher.notices import mail
from publisher.paths import data_dir
from publisher.stories import approvals, deadlines, lookups, surfacing

FEATURES = (
    "people",
    "media",
    "blog",
    "accounts",
    "cards",
    "stories",
    "deliveries",
    "calendar",
    "feeds",
    "notices",
    "today",
    "settings",
    "api",
    "health",
)
"""Folders with a `views.py` that offers `blueprint` and its `ACCESS` table."""


def create_app(config: Config | None = None) -> Flask:
    """The application for `config`, or for the environment's settings."""
    config = config or Config.from_environment()
    app = Flask("publisher", template_folder=str(data_dir("templates")), static_folder="static")
    app.config.update(
        SECRET_KEY=config.secret_key,
        SQLALCHEMY_DATABASE_URI=config.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=storage.engine_options(config),
        SESSION_COOKIE_NAME="__Host-publisher" if config.secure else "publisher",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=config.secure,
        # The database knows how long a browser stays signed in. No answer prolongs the cookie: one that comes
        # late, to a script, would bring back what a page has used up since, such as its toasts.
        SESSION_REFRESH_EACH_REQUEST=False,
        PERMANENT_SESSION_LIFETIME=timedelta(days=400),
        MAX_CONTENT_LENGTH=12 * 1024 * 1024,
        MAX_FORM_MEMORY_SIZE=4 * 1024 * 1024,
        BABEL_DEFAULT_LOCALE=config.language,
        BABEL_TRANSLATION_DIRECTORIES=str(data_dir("translations")),
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=False,  # pages with a secret address tell no referrer, not even to us
        TESTING=config.environment == "test",
    )
    app.jinja_options = {"bytecode_cache": _CompiledTemplates(config.home)}
    app.json = DefaultJSONProvider(app)
    app.json.ensure_ascii = False  # answers are UTF-8: Hangul stays readable
    db.init_app(app)
    csrf.init_app(app)
    http.configure(http.Deadlines(config.timings.connect, config.timings.deadline))
    vault.init_app(app, config.vault_keys)
    packing.init_app(app)
    web.init_app(app, config)
    assets.init_app(app)
    storage.init_app(app)
    if config.crashes:
        crashes.arm(crashes.killing_by(config.crashes))
    for feature in FEATURES:
        views = import_module(f"publisher.{feature}.views")
        web.mount(app, views.blueprint, views.ACCESS)
    _register_effects(app)
    return app


class _CompiledTemplates(FileSystemBytecodeCache):
    """What processes share of what they compiled, so that not the first page of each has to wait for that. A
    new Jinja begins anew; a folder that is gone, full or somebody else's costs time and no page."""

    def __init__(self, home: Path) -> None:
        folder = home / "cache" / f"jinja-{version('jinja2')}"
        with suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        super().__init__(str(folder))

    def load_bytecode(self, bucket: Bucket) -> None:
        with suppress(OSError):
            super().load_bytecode(bucket)

    def dump_bytecode(self, bucket: Bucket) -> None:
        with suppress(OSError):
            super().dump_bytecode(bucket)


def _register_effects(app: Flask) -> None:
    """What the outbox can do. Each function may be called twice for the same wish."""
    with app.app_context():
        effects.register("links", crosslinks.patch_links, overwrites=True)
        effects.register("correct", patch.bring_correction)
        effects.register("take_down", patch.bring_down)
        effects.register("stage", deliver.stage_ahead)
        effects.register("mail", mail.send)
        effects.register("prune", retention.prune)
        effects.register("expire", approvals.expire_old)
        effects.register("check", preflight.check_account)
        effects.register("expiry", expiry.tell)
        effects.register("deadline", deadlines.tell)
        effects.register("card", lookups.read_card)
        effects.register("surface", surfacing.surface_renamed)
