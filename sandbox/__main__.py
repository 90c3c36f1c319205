"""`python -m sandbox`: run the sandbox until it is told to stop."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from pathlib import Path

from sandbox.server import Sandbox


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT. The ledger stays in HOME/sandbox.sqlite3 when a home is given."""
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8899, help="0 picks a free one")
    parser.add_argument("--home", type=Path, help="where the ledger is kept; without it, in memory")
    options = parser.parse_args(arguments)
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    try:
        sandbox = Sandbox(options.host, options.port, options.home, local_permalinks=True)
    except OSError as error:
        parser.exit(
            1, f"sandbox: cannot listen on {options.host}:{options.port}: {error.strerror}\n"
        )
    with sandbox:
        sys.stdout.write(f"sandbox ready {sandbox.url}\n")
        sys.stdout.flush()
        ended.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
