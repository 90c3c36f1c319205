"""Our counter against the published one, npm's twitter-text, over thousands of hard texts."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from channels import _urls, text
from tests.channels.hard_texts import handmade, seeded

ROOT = Path(__file__).resolve().parents[2]
ORACLE = Path(__file__).with_name("oracle.cjs")
MODULES = ROOT / "node_modules"


def _node() -> str:
    found = shutil.which("node") or shutil.which("node", path=str(ROOT / ".venv" / "bin"))
    if found is None or not (MODULES / "twitter-text").is_dir():
        pytest.fail("Node or the package twitter-text is missing. Run `make setup` first.")
    return found


def _ask_oracle(texts: list[str]) -> list[dict[str, Any]]:
    done = subprocess.run(
        [_node(), str(ORACLE), str(MODULES / "twitter-text")],
        input=json.dumps(texts), capture_output=True, text=True, timeout=90, check=True,
    )  # fmt: skip
    answers: list[dict[str, Any]] = json.loads(done.stdout)
    return answers


def _ours(sample: str) -> dict[str, Any]:
    units = _urls.utf16_units(text.nfc(sample))
    return {
        "length": text.weighted_length(sample),
        "urls": [[start, end - start] for start, end in _urls.find_urls(units)],
        "cashtags": text.count_cashtags(sample),
        "invalid": text.has_invalid_characters(sample),
    }


@pytest.mark.parametrize("group", ["handmade", "seeded"])
def test_every_text_counts_as_the_published_library_counts_it(group: str) -> None:
    texts = handmade() if group == "handmade" else seeded(8000, seed=20261123)
    answers = _ask_oracle(texts)
    assert len(answers) == len(texts)
    wrong = [
        (ascii(sample[:200]), expected, ours)
        for sample, expected in zip(texts, answers, strict=True)
        if (ours := _ours(sample)) != expected
    ]
    assert wrong == []
    assert sum(len(answer["urls"]) for answer in answers) > 1000
