"""Every guard, in the order in which a post meets them."""

from __future__ import annotations

from tests.mutants.after import AFTER
from tests.mutants.before import BEFORE

MUTANTS = (*BEFORE, *AFTER)
