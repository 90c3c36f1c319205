"""Applications that a test process keeps for the next test: to make one, its rules, templates and SQL takes
longer than most tests do. Each test gets the one for its settings, aimed at its own home and database.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import CodeType
from typing import Any, ClassVar

from flask import Flask
from jinja2.bccache import Bucket, BytecodeCache
from sqlalchemy import event, make_url

from channels import http
from publisher import vault
from publisher.application import create_app
from publisher.config import Config, Timings
from publisher.extensions import db


class _Compiled(BytecodeCache):
    """The templates that this process has compiled."""

    known: ClassVar[dict[str, tuple[str, CodeType]]] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        checksum, code = self.known.get(bucket.key, ("", None))
        if checksum == bucket.checksum:
            bucket.code = code

    def dump_bytecode(self, bucket: Bucket) -> None:
        if bucket.code is not None:
            self.known[bucket.key] = (bucket.checksum, bucket.code)


MOST = 6
_kept: dict[Config, Flask] = {}


def take(config: Config) -> Flask:
    """An application with these settings that nobody else has."""
    app = _kept.pop(_shape(config), None)
    if app is None:
        app = create_app(config)
        app.jinja_env.bytecode_cache = _Compiled()
        app.extensions["as made"] = _traits(app)
        app.extensions["settings as made"] = dict(app.config)
    _aim(app, config)
    return app


def give_back(app: Flask) -> None:
    """Keep it, unless the test has changed more than what `take` sets anew."""
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
    if app.extensions["as made"] == _traits(app):
        _kept[_shape(app.extensions["settings"])] = app
    while len(_kept) > MOST:
        del _kept[next(iter(_kept))]


def _shape(config: Config) -> Config:
    """What the making of an application depends on: settings without those that are read when needed."""
    kind = make_url(config.database_url).drivername
    read_later: dict[str, Any] = {"redis_url": "", "backups": "", "vault_keys": ()}
    return replace(config, home=Path(), database_url=kind, timings=Timings(), **read_later)


def _aim(app: Flask, config: Config) -> None:
    app.extensions["settings"] = config
    app.config.clear()
    app.config.update(app.extensions["settings as made"])
    app._got_first_request = False  # a test may add a page of its own
    vault.init_app(app, config.vault_keys)
    http.configure(http.Deadlines(config.timings.connect, config.timings.deadline))
    with app.app_context():
        engine = db.engine
    if "aim" not in app.extensions:
        app.extensions["aim"] = []
        event.listen(engine, "do_connect", _connecting(app.extensions["aim"]))
    engine.url = make_url(config.database_url)
    app.extensions["aim"][:] = engine.dialect.create_connect_args(engine.url)


def _connecting(aim: list[Any]) -> Any:
    def connect(_dialect: Any, _record: Any, cargs: list[Any], cparams: dict[str, Any]) -> None:
        place, names = aim
        cargs[:] = place
        cparams.update(names)

    return connect


def _traits(app: Flask) -> tuple[Any, ...]:
    hooks = (app.before_request_funcs, app.after_request_funcs, app.template_context_processors)
    return (
        sum(1 for _rule in app.url_map.iter_rules()),
        *(sum(map(len, each.values())) for each in hooks),
        sorted(app.extensions["access"]),
    )
