"""All roles of one machine under one parent: started in order, restarted when they die, stopped in order."""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from publisher.config import Config
from workers import valkey

PR_SET_PDEATHSIG = 1
STOP_S = 15.0
"""How long a stop may take; where something may be on the wire, a call's deadline longer."""
SENDING = ("dispatcher", "worker")
STEADY_S = 5.0
"""A process that lived this long has started well and is no crash loop: it restarts at once."""
LONGEST_PAUSE_S = 10.0


@dataclass
class Role:
    """One process to keep alive."""

    name: str
    command: list[str]
    environment: Mapping[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    failures: int = 0
    again_at: float = field(default=0.0)

    def start(self) -> None:
        """Start it in a group of its own, so that Ctrl-C reaches the parent alone."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=_die_with_parent,  # noqa: PLW1509 - runs one system call
            )
        self.started_at = time.monotonic()

    def tend(self, say: Callable[[str], None]) -> None:
        """Restart it when it died: at once the first time, later with growing pauses."""
        now = time.monotonic()
        if self.process is not None and self.process.poll() is None:
            return
        if self.process is not None:
            self.failures = 0 if now - self.started_at > STEADY_S else self.failures + 1
            pause = (
                min(LONGEST_PAUSE_S, 0.5 * 2 ** (self.failures - 2)) if self.failures > 1 else 0.0
            )
            self.again_at = now + pause
            say(f"{self.name} ended ({self.process.returncode}); see {self.log}. Restarting.")
            self.process = None
        if now >= self.again_at:
            self.start()

    def ask_to_stop(self) -> None:
        """Once: a second SIGTERM makes an RQ worker kill what its horse has on the wire."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)

    def ended(self, patience_s: float) -> None:
        """Wait for its end, then insist: with all its children, so that no horse stays behind."""
        if self.process is None:
            return
        try:
            self.process.wait(patience_s)
        except subprocess.TimeoutExpired:
            for pid in [*_children(self.process.pid), self.process.pid]:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(pid, signal.SIGKILL)
            self.process.wait()


def _children(pid: int) -> list[int]:
    """Linux: the processes that it has started itself. RQ's horses lead groups of their own."""
    try:
        return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def _die_with_parent() -> None:
    """Linux: a child is told to stop when its supervisor is killed, so that none outlives it unseen."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class Supervisor:
    """Keeps roles alive until SIGTERM or SIGINT."""

    def __init__(self, say: Callable[[str], None], *, deadline_s: float) -> None:
        self.roles: list[Role] = []
        self.say = say
        self.deadline_s = deadline_s
        self.stopping = False

    def run(self) -> None:
        """Tend the roles ten times a second, so that a dead worker is back within a moment."""
        while not self.stopping:
            for role in self.roles:
                role.tend(self.say)
            time.sleep(0.1)

    def stop(self) -> None:
        """Dispatcher first, so that nothing new begins; then workers, which finish what is on the wire."""
        order = ("dispatcher", "worker", "web", "sandbox", "valkey")
        for kind in order:
            group = [role for role in self.roles if role.name.startswith(kind)]
            for role in group:
                role.ask_to_stop()
            until = time.monotonic() + STOP_S + (self.deadline_s if kind in SENDING else 0.0)
            for role in group:
                role.ended(max(0.1, until - time.monotonic()))
            if group:
                self.say(f"{kind} stopped")


def up(config: Config, *, demo: bool = False, say: Callable[[str], None] | None = None) -> int:
    """Start everything for `config` and keep it running. Returns the exit code.

    The database must be migrated; in demo mode the sandbox's address is expected in SANDBOX_PORT.
    """
    say = say or _say
    lock = _lock(config.home)
    if lock is None:
        say(f"Another publisher runs on {config.home}. Stop it, or set PUBLISHER_HOME.")
        return 1
    if not _port_is_free(config.host, config.port):
        say(f"Port {config.port} is taken. Choose another: PORT={config.port + 1} make run")
        return 1
    supervisor = Supervisor(say, deadline_s=config.timings.deadline)

    def stop(_number: int, _frame: object) -> None:
        supervisor.stopping = True

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    environment = dict(os.environ)
    if not config.redis_url:
        _start_valkey(supervisor, config, environment)
    for role in _roles(config, environment, demo=demo):
        role.start()
        supervisor.roles.append(role)
    try:
        supervisor.run()
    finally:
        say("Stopping: what is on the wire is finished first.")
        supervisor.stop()
        lock.close()
    return 0


def _roles(config: Config, environment: Mapping[str, str], *, demo: bool) -> list[Role]:
    logs = config.home / "logs"
    logs.mkdir(exist_ok=True)
    python = sys.executable

    def role(name: str, *command: str) -> Role:
        return Role(name, [python, "-m", *command], environment, logs / f"{name}.log")

    roles = []
    if demo:
        port = environment["SANDBOX_PORT"]
        roles.append(role("sandbox", "sandbox", "--port", port, "--home", str(config.home)))
    roles.append(role("web", *web_command(config)))
    roles.append(role("dispatcher", "workers", "dispatch"))
    roles += [role(f"worker-{n}", "workers", "worker") for n in range(1, config.workers + 1)]
    return roles


def web_command(config: Config) -> list[str]:
    """Gunicorn with one process of many threads: most of their time they wait for the database."""
    return [
        "gunicorn",
        *("--bind", f"{config.host}:{config.port}"),
        *("--workers", "1", "--worker-class", "gthread", "--threads", "64"),
        *("--graceful-timeout", "10", "--timeout", "60"),
        *("--log-level", "warning", "--no-control-socket"),
        "workers.web:app()",
    ]


def _start_valkey(supervisor: Supervisor, config: Config, environment: dict[str, str]) -> None:
    try:
        command = valkey.command(config.home)
    except valkey.NoServer as missing:
        supervisor.say(f"No Redis or Valkey ({missing}): the dispatcher sends by itself.")
        return
    logs = config.home / "logs"
    logs.mkdir(exist_ok=True)
    role = Role("valkey", command, environment, logs / "valkey.log")
    role.start()
    supervisor.roles.append(role)
    environment["REDIS_URL"] = valkey.redis_url(config.home)
    deadline = time.monotonic() + 5
    while not valkey.socket_path(config.home).exists() and time.monotonic() < deadline:
        time.sleep(0.02)


def _lock(home: Path) -> TextIO | None:
    """The home's lock, kept by one supervisor at a time; the kernel frees it however that one ends."""
    handle = (home / "up.lock").open("w")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        handle.close()
        return None
    return handle


def _port_is_free(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def _say(sentence: str) -> None:
    sys.stdout.write(f"  {sentence}\n")
    sys.stdout.flush()
