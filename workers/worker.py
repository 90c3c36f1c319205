"""The worker role: one of RQ's workers on the one queue."""

from __future__ import annotations

import os
import socket

from rq import Queue
from rq.serializers import JSONSerializer

from publisher import queue
from publisher.accounts import timekeeping
from publisher.config import Config
from publisher.deliveries import dispatch, quarantine
from workers import loaded
from workers.listener import Listener


def main() -> None:
    """Run one until SIGTERM or SIGINT. The app is loaded and warm before it forks its first horse."""
    app = loaded.app()
    config: Config = app.extensions["settings"]
    with app.app_context():
        timekeeping.begin()
        quarantine.look_back()
        dispatch.warm()
    loaded.keep()
    redis = queue.connect(config, patient=True)
    worker = Listener(
        [Queue(queue.QUEUE, connection=redis, serializer=JSONSerializer)],
        name=f"{socket.gethostname()}-{os.getpid()}",
        connection=redis,
        serializer=JSONSerializer,
        worker_ttl=60,
        maintenance_interval=30,
        job_monitoring_interval=5,
        log_job_description=False,
    )
    worker.work(logging_level="WARNING")
