"""`make audit`: what the advisory services say is told as it is, and silence is never taken for safety."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from scripts import audit

WEAK = ("leaky", "1.2.3")


class Service(BaseHTTPRequestHandler):
    """An advisory service that knows of one weak package, spoken to as OSV is."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["queries"]
        known = [
            {"vulns": [{"id": "GHSA-1"}]}
            if (each["package"]["name"], each["version"]) == WEAK
            else {}
            for each in asked
        ]
        body = json.dumps({"results": known if self.path == "/ok" else known[:-1]}).encode()
        self.send_response(500 if self.path == "/broken" else 200)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Quiet."""


@pytest.fixture
def service() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Service)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_lock_file_is_read_with_every_package_and_its_version() -> None:
    text = (
        "# made by\nflask==3.1.2 \\\n    --hash=sha256:ab\n    # via x\n"
        "tzdata==2026.1 ; sys_platform == 'win32' \\\n    --hash=sha256:cd\n"
    )
    assert audit.locked(text) == {("flask", "3.1.2"), ("tzdata", "2026.1")}
    real = audit.locked((audit.ROOT / "requirements/dev.txt").read_text())
    assert {"flask", "sqlalchemy", "pillow", "schemathesis"} <= {name for name, _ in real}


def test_a_weak_package_is_named(service: str) -> None:
    packages = [WEAK, *((f"fine-{n}", "1.0") for n in range(audit.BATCH + 3))]
    assert list(audit.ask_osv(packages, f"{service}/ok")) == [(*WEAK, "GHSA-1")]


@pytest.mark.parametrize("path", ["/short", "/broken"])
def test_half_an_answer_is_none(service: str, path: str) -> None:
    with pytest.raises(audit.Unreachable):
        list(audit.ask_osv([WEAK, ("fine", "1.0")], service + path))


def test_silence_is_said_and_fails_only_if_wanted(capsys: pytest.CaptureFixture[str]) -> None:
    report = audit.python_packages("http://127.0.0.1:9/nobody")
    assert (report.asked > 50, report.findings) == (True, ())
    assert audit.tell([report], strict=False) == 0
    assert "NOT CHECKED" in capsys.readouterr().out
    assert audit.tell([report], strict=True) == 1


def test_an_advisory_fails_and_a_clean_report_does_not(capsys: pytest.CaptureFixture[str]) -> None:
    weak = audit.Report("Python packages", 2, ((*WEAK, "GHSA-1"),))
    assert audit.tell([weak], strict=False) == 1
    assert "leaky 1.2.3  GHSA-1" in capsys.readouterr().out
    assert audit.tell([audit.Report("front end", 2)], strict=True) == 0


def test_the_report_of_npm_is_read_and_anything_else_is_no_report() -> None:
    via = [{"url": "https://github.com/advisories/GHSA-2", "title": "T"}, "other"]
    report = {"vulnerabilities": {"htmx.org": {"range": "<2", "via": via}}}
    assert list(audit.advisories_of(json.dumps(report))) == [
        ("htmx.org", "<2", "https://github.com/advisories/GHSA-2")
    ]
    for text in ("", "{}", '{"error": {"code": "ENOTFOUND"}}'):
        with pytest.raises(audit.Unreachable):
            list(audit.advisories_of(text))
