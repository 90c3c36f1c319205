"""The app of a worker process: loaded once by the parent, so that each forked horse finds it ready."""

from __future__ import annotations

import gc
import os
from functools import cache

from flask import Flask

from publisher.application import create_app
from publisher.extensions import db


@cache
def app() -> Flask:
    """The process's app. After a fork the child drops the parent's database and Redis connections, without
    closing them: they are still the parent's."""
    made = create_app()

    def after_fork() -> None:
        with made.app_context():
            db.engine.dispose(close=False)
        made.extensions.pop("redis", None)

    os.register_at_fork(after_in_child=after_fork)
    return made


def keep() -> None:
    """What is loaded by now stays: no collection goes through it again. One would in the middle of a commit,
    with all senders waiting for a quarter of a second; and each horse would copy its pages."""
    gc.collect()
    gc.freeze()
