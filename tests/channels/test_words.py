"""Every sentence of an adapter can be said in every language."""

from __future__ import annotations

import ast
from pathlib import Path

import channels
from publisher.accounts.platform_words import SENTENCES

LABELS = ("X", "Facebook")


def sentences() -> set[str]:
    """The whole sentences in channels/ that are no docstrings; with each label, where one is filled in."""
    found: set[str] = set()
    for path in Path(channels.__file__).parent.glob("*.py"):
        tree = ast.parse(path.read_text("utf-8"))
        nodes = list(ast.walk(tree))
        loose = {
            id(node.value)
            for node in nodes
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        }
        for node in nodes:
            if isinstance(node, ast.Constant) and id(node) not in loose:
                text = node.value
                if isinstance(text, str) and text[:1].isupper() and " " in text:
                    found |= {text} if text.endswith(".") else set()
            elif isinstance(node, ast.JoinedStr) and isinstance(node.values[-1], ast.Constant):
                rest = str(node.values[-1].value)
                if len(node.values) == 2 and rest.startswith(" ") and rest.endswith("."):
                    found |= {label + rest for label in LABELS}
    return found


def test_every_sentence_of_a_platform_is_listed_for_translation() -> None:
    assert {str(sentence) for sentence in SENTENCES} == sentences()
