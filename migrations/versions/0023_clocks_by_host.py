"""Open holds of a moved clock: by how much each machine's was moved, not only the first one's."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

HOLDS = sa.table(
    "holds", sa.column("id", sa.Integer), sa.column("code", sa.String), sa.column("values", sa.JSON)
)


def upgrade() -> None:
    for number, said in _said("shift_s"):
        _write(number, {"shifts": {said["host"]: said["shift_s"]}})


def downgrade() -> None:
    for number, said in _said("shifts"):
        host, shift = next(iter(said["shifts"].items()))
        _write(number, {"host": host, "shift_s": shift})


def _said(key: str) -> list[tuple[int, dict[str, Any]]]:
    rows = op.get_bind().execute(
        sa.select(HOLDS.c.id, HOLDS.c["values"]).where(HOLDS.c.code == "clock")
    )
    return [(row.id, row[1]) for row in rows if key in row[1]]


def _write(number: int, said: dict[str, Any]) -> None:
    op.execute(HOLDS.update().where(HOLDS.c.id == number).values({"values": said}))
