"""`python -m workers web | dispatch | worker | up`: one role, or all of them under the supervisor.

The supervisor lives as long as they all do and starts before them, so it loads nothing of the app.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from importlib import import_module

from publisher import logs
from publisher.config import Config
from workers import supervisor

SENDING = {"dispatch": "workers.dispatcher", "worker": "workers.worker"}
"""The roles that need the app, each loaded where it runs."""


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
    config = Config.from_environment()
    logs.configure(config)
    logging.getLogger("rq").setLevel(logging.WARNING)
    if given.role == "up":
        raise SystemExit(supervisor.up(config, demo=given.demo))
    if given.role == "web":
        command = supervisor.web_command(config)
        os.execv(sys.executable, [sys.executable, "-m", *command])  # noqa: S606 - no shell wanted
    import_module(SENDING[given.role]).main()


if __name__ == "__main__":
    main()
