"""The bell: what a person was told."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

blueprint = Blueprint("notices", __name__)

ACCESS: dict[str, Any] = {}
