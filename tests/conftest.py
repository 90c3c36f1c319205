"""What every test may use."""

from __future__ import annotations

pytest_plugins = [
    "tests.plugins.app",
    "tests.plugins.chromium",
    "tests.plugins.databases",
    "tests.plugins.elsewhere",
    "tests.plugins.newsroom",
    "tests.plugins.valkey",
]
