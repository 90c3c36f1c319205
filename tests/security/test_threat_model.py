"""docs/security.md claims nothing that no test holds."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MODEL = (ROOT / "docs/security.md").read_text(encoding="utf-8")


def known_tests() -> set[str]:
    """The name of every test function there is."""
    return {
        node.name
        for path in (ROOT / "tests").rglob("test_*.py")
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


def test_every_test_that_the_threat_model_names_exists() -> None:
    named = set(re.findall(r"`(test_\w+)`", MODEL))
    assert len(named) > 50
    assert sorted(named - known_tests()) == []


def test_every_attack_has_a_measure_and_a_test() -> None:
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in MODEL.splitlines()
        if line.startswith("| ") and not line.startswith(("| attack", "| asset"))
    ]
    attacks = [row for row in rows if len(row) == 3]
    assert len(attacks) > 20
    assert [row[0] for row in attacks if not row[1] or "`test_" not in row[2]] == []


def test_every_test_of_this_folder_stands_in_the_threat_model_or_beside_one_that_does() -> None:
    """No file here attacks something that the model does not speak of."""
    silent = []
    for path in Path(__file__).parent.glob("test_*.py"):
        names = set(re.findall(r"^def (test_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE))
        if path != Path(__file__) and not [name for name in names if f"`{name}`" in MODEL]:
            silent.append(path.name)
    assert silent == []
