"""Servers that tests start: in a folder of their own, on a Unix socket, ended by process id."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path


class ServerFailed(RuntimeError):
    """A server did not come up; the message carries what it said."""


class Server:
    """A child process with a folder of its own under the temporary folder; short, as socket paths must be."""

    def __init__(self, name: str, *, user: str | None = None) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix=f"pub-{name}-"))
        self.user = user
        self._process: subprocess.Popen[bytes] | None = None
        if user:
            account = pwd.getpwnam(user)
            os.chown(self.folder, account.pw_uid, account.pw_gid)

    @property
    def _log(self) -> Path:
        return self.folder / "log"

    @property
    def pid(self) -> int:
        assert self._process, "the server was not started"
        return self._process.pid

    def run(self, *command: str | Path) -> None:
        """Run a program to its end as the server's user. Raises ServerFailed with what it said."""
        done = subprocess.run(
            [str(part) for part in command],
            cwd=self.folder,
            user=self.user,
            env=self._environment(),
            capture_output=True,
            check=False,
        )
        if done.returncode:
            raise ServerFailed((done.stdout + done.stderr).decode(errors="replace"))

    def start(
        self, command: Sequence[str | Path], is_up: Callable[[], bool], seconds: float = 20.0
    ) -> None:
        """Start and wait until `is_up`. Raises ServerFailed with the log when it ends or takes too long."""
        with self._log.open("ab") as out:
            self._process = subprocess.Popen(
                [str(part) for part in command],
                cwd=self.folder,
                user=self.user,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C reaches pytest, whose fixtures then stop the server
            )
        deadline = time.monotonic() + seconds
        while not is_up():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise ServerFailed(f"{command[0]}: {self.said()}")
            time.sleep(0.02)

    def said(self, most: int = 4_000) -> str:
        """The end of its log, in at most so many characters."""
        return self._log.read_text(errors="replace")[-most:]

    def stop(self, sign: signal.Signals = signal.SIGTERM) -> None:
        """End it in order; a server that does not obey within ten seconds is killed."""
        if self._process and self._process.poll() is None:
            self._process.send_signal(sign)
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self.kill()
        self._process = None

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        if self._process:
            self._process.kill()
            self._process.wait()

    def close(self, sign: signal.Signals = signal.SIGTERM) -> None:
        """Stop it and remove its folder."""
        self.stop(sign)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _environment(self) -> dict[str, str]:
        return {**os.environ, "HOME": str(self.folder), "LC_ALL": "C.UTF-8"}
