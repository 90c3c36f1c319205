"""The system's Chromium for tests, and a guard: no test passes over a CSP violation or a script's error."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, ConsoleMessage, Request, WebError, expect

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    *("--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
)
PATIENCE_MS = 20_000
"""How long an expectation or an action may take on a machine that is busy with other things."""
HERE = {"localhost", "127.0.0.1", "::1"}

MARK = "CSP violation:"
TELL_OF_CSP = f"""
document.addEventListener("securitypolicyviolation", (event) => console.error(
  "{MARK}", event.effectiveDirective, event.blockedURI, event.sourceFile, event.lineNumber, event.sample));
"""


@dataclass
class BrowserGuard:
    """What went wrong in the test's pages. A test that provokes a problem takes it out with `expect`."""

    problems: list[str] = field(default_factory=list)

    def watch(self, context: BrowserContext) -> None:
        expect.set_options(timeout=PATIENCE_MS)
        context.add_init_script(TELL_OF_CSP)
        context.on("console", self._console)
        context.on("weberror", self._error)
        context.on("request", self._request)

    def expect(self, part: str) -> None:
        """Exactly the problems that contain `part` were wanted; fails when there was none."""
        wanted = [problem for problem in self.problems if part in problem]
        assert wanted, f"no problem with {part!r} among {self.problems}"
        self.problems = [problem for problem in self.problems if problem not in wanted]

    def _console(self, message: ConsoleMessage) -> None:
        if message.text.startswith(MARK):
            self.problems.append(message.text)

    def _error(self, error: WebError) -> None:
        self.problems.append(f"page error: {error.error}")

    def _request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in {"http", "https", "ws", "wss"} and parts.hostname not in HERE:
            self.problems.append(f"request to another host: {request.url}")


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """The system's Chromium; only root needs to go without its sandbox."""
    program = next(filter(None, map(shutil.which, NAMES)), None)
    assert program, "Chromium is missing: run `python scripts/system_packages.py`"
    flags = [*FLAGS, "--no-sandbox"] if os.geteuid() == 0 else [*FLAGS]
    return {**browser_type_launch_args, "executable_path": program, "args": flags}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    """A reader in Seoul who wants no animation, so that no test waits for one."""
    return {
        **browser_context_args,
        "reduced_motion": "reduce",
        "locale": "ko-KR",
        "timezone_id": "Asia/Seoul",
    }


@pytest.fixture
def browser_guard() -> BrowserGuard:
    return BrowserGuard()


@pytest.fixture
def new_context(
    new_context: Callable[..., BrowserContext], browser_guard: BrowserGuard
) -> Iterator[Callable[..., BrowserContext]]:
    """Every context, that of `page` too, is watched; the test fails at its end over what was seen."""
    contexts: list[BrowserContext] = []

    def go(**options: Any) -> BrowserContext:
        contexts.append(new_context(**options))
        browser_guard.watch(contexts[-1])
        return contexts[-1]

    yield go
    for context in contexts:
        context.cookies()  # one round trip, so that everything said before it has arrived
    assert not browser_guard.problems, "\n".join(browser_guard.problems)
