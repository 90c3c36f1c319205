"""Draining: a few threads that claim, send and settle until nothing is due any more."""

from __future__ import annotations

import logging
import threading
import time
from datetime import timedelta

from flask import Flask

from publisher import clock
from publisher.config import Config
from publisher.deliveries import dispatch
from publisher.effects import service as effects

logger = logging.getLogger(__name__)


def drain(app: Flask, *, senders: int | None = None) -> None:
    """Run until nothing is due within a second, or for a minute; then another bell goes on.

    The first thread does all the work while there is little of it; the others help as long as they find some.
    """
    config: Config = app.extensions["settings"]
    until = time.monotonic() + config.timings.drain
    helpers = [
        threading.Thread(target=_work, args=(app, until), daemon=True, name=f"sender-{number}")
        for number in range(2, (senders or config.senders) + 1)
    ]
    for helper in helpers:
        helper.start()
    _work(app, until)
    for helper in helpers:
        helper.join()


def _work(app: Flask, until: float) -> None:
    ahead = timedelta(seconds=app.extensions["settings"].timings.ahead)
    while time.monotonic() < until:
        with app.app_context():
            try:
                if dispatch.work_off() or effects.work_off():
                    continue
                soon = dispatch.next_instant()
            except Exception:
                logger.exception("a sender stumbled; the sweep recovers what it held")
                return
        if soon is None or soon > clock.now() + ahead:
            return
        clock.wait_until(soon)
        time.sleep(0.001)  # what is due may be in another thread's hands: do not spin
