"""The files of deploy/ fit the program: commands, settings and processes that exist, in a syntax that parses.

They are checked here, not run: no container and no system manager is started by a test.
"""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml  # comes with openapi-spec-validator

from publisher.cli import main

ROOT = Path(__file__).resolve().parent.parent
DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
PROGRAM = "/opt/publisher/bin/publisher"
FOR_TESTS = {"PUBLISHER_CRASHES", "PUBLISHER_ENVIRONMENT", "PUBLISHER_TIME_SCALE"}


class Unit(configparser.RawConfigParser):
    """A unit file. Later lines of the same name win, which is enough here."""

    def __init__(self, path: Path) -> None:
        super().__init__(strict=False)
        self.optionxform = str  # type: ignore[assignment,method-assign]
        self.read_string(path.read_text())


def compose() -> dict[str, dict[str, object]]:
    services: dict[str, dict[str, object]] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())[
        "services"
    ]
    return services


def ours() -> dict[str, dict[str, object]]:
    return {name: each for name, each in compose().items() if each["image"] == "publisher"}


def settings() -> set[str]:
    """The names of all settings that the program reads."""
    source = (ROOT / "publisher" / "config.py").read_text()
    return set(re.findall(r'"((?:PUBLISHER_|DATABASE_|REDIS_)[A-Z_]+|PORT)"', source)) - FOR_TESTS


def takes(words: list[str]) -> bool:
    """Whether `publisher …` has these commands."""
    group = main
    for word in words:
        if word not in getattr(group, "commands", {}):
            return False
        group = group.commands[word]  # type: ignore[assignment]
    return True


def test_compose_runs_every_role_with_commands_that_exist() -> None:
    services = ours()
    assert {"migrate", "web", "dispatcher", "worker"} == services.keys()
    for name, service in services.items():
        assert takes(service["command"]), name  # type: ignore[arg-type]
    assert {"postgres", "valkey"} == compose().keys() - services.keys()


def test_compose_waits_for_the_migration_and_for_what_is_on_the_wire() -> None:
    for name, service in ours().items():
        if name == "migrate":
            continue
        after = service["depends_on"]
        assert after["migrate"] == {"condition": "service_completed_successfully"}  # type: ignore[index]
        assert service["init"] is True, "signals must reach the role"
        assert service["restart"] == "unless-stopped"
    worker = str(ours()["worker"]["stop_grace_period"])
    assert int(worker.removesuffix("s")) > 120, "a drain and one whole call"


def test_compose_holds_no_password() -> None:
    text = (DEPLOY / "compose.yaml").read_text()
    assert re.findall(r"^ *\w*PASSWORD: *[^$ ]", text, re.M) == []
    assert re.findall(r"://\w+:[^$@\s]+@", text) == []
    assert "${POSTGRES_PASSWORD:?" in text


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_a_unit_stops_the_main_process_alone_and_may_do_little(path: Path) -> None:
    service = Unit(path)["Service"]
    program, *words = service["ExecStart"].split()
    assert program == PROGRAM
    assert takes(words)
    assert service["KillMode"] == "mixed"
    assert service["User"] == "publisher"
    for bound in ("NoNewPrivileges", "PrivateDevices", "RestrictNamespaces", "PrivateTmp"):
        assert service[bound] == "yes"
    assert service["ProtectSystem"] == "strict"
    assert service["UMask"] == "0077"


def test_the_units_are_what_systemd_understands(tmp_path: Path) -> None:
    """By systemd's own check where there is one, with a program in ours' place that is installed here."""
    names = [path.name for path in UNITS]
    assert names == [
        "publisher-dispatch.service",
        "publisher-web.service",
        "publisher-worker@.service",
        "publisher.service",
    ]
    assert Unit(DEPLOY / "systemd" / "publisher.target")["Install"]["WantedBy"]
    checker = shutil.which("systemd-analyze")
    if checker is None:
        return
    for path in (DEPLOY / "systemd").iterdir():
        (tmp_path / path.name).write_text(path.read_text().replace(PROGRAM, "/bin/true"))
    files = [str(tmp_path / name) for name in names]
    done = subprocess.run(
        [checker, "verify", "--man=no", *files], capture_output=True, text=True, check=False
    )
    assert str(tmp_path) not in done.stderr
    assert not [line for line in done.stderr.splitlines() if line.startswith("publisher")]


def test_every_setting_is_in_the_example_and_in_the_documentation() -> None:
    example = (DEPLOY / "publisher.env.example").read_text()
    named = set(re.findall(r"^#?([A-Z_]+)=", example, re.M))
    assert named == settings()
    documented = (ROOT / "docs" / "operations.md").read_text()
    assert {name for name in settings() if f"`{name}`" not in documented} == set()


def test_the_image_is_made_from_what_the_repository_has() -> None:
    ignore = (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines()
    kept = [line[1:] for line in ignore if line.startswith("!")]
    assert {name for name in kept if not (ROOT / name).exists()} == set()
    assert {"publisher", "channels", "workers", "sandbox", "migrations", "translations"} <= {*kept}
    text = (DEPLOY / "Dockerfile").read_text()
    assert "--require-hashes -r requirements/app.txt" in text
    assert re.search(r"^USER publisher$", text, re.M)


def test_alerts_ask_for_figures_that_there_are() -> None:
    rules = yaml.safe_load((DEPLOY / "prometheus.yaml").read_text())["groups"][0]["rules"]
    source = (ROOT / "publisher" / "health" / "service.py").read_text()
    asked = set(re.findall(r"publisher_(\w+)", " ".join(rule["expr"] for rule in rules)))
    assert len(asked) >= 3
    assert {name for name in asked if f'"{name}"' not in source} == set()
