"""`python -m workers web | dispatch | worker | up`: one role, or all of them under the supervisor."""

from __future__ import annotations

import argparse
import logging
import os
import socket
import sys

from rq import Queue
from rq.serializers import JSONSerializer

from publisher import logs, queue
from publisher.accounts import timekeeping
from publisher.config import Config
from publisher.deliveries import dispatch, quarantine
from workers import dispatcher, loaded, supervisor
from workers.listener import Listener


def work() -> None:
    """One RQ worker on the one queue. The app is loaded and warm before it forks its first horse."""
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


def main() -> None:
    """Run the role that the command line names."""
    parser = argparse.ArgumentParser(prog="workers")
    roles = parser.add_subparsers(dest="role", required=True)
    roles.add_parser("dispatch")
    roles.add_parser("worker")
    roles.add_parser("web")
    up = roles.add_parser("up")
    up.add_argument("--demo", action="store_true")
    given = parser.parse_args()
    logs.configure(Config.from_environment())
    logging.getLogger("rq").setLevel(logging.WARNING)
    if given.role == "dispatch":
        app = loaded.app()
        loaded.keep()
        dispatcher.main(app)
    elif given.role == "worker":
        work()
    elif given.role == "web":
        command = supervisor.web_command(Config.from_environment())
        os.execv(sys.executable, [sys.executable, "-m", *command])  # noqa: S606 - no shell wanted
    else:
        raise SystemExit(supervisor.up(Config.from_environment(), demo=given.demo))


if __name__ == "__main__":
    main()
