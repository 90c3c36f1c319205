"""Background work that gave up is found and counted without reading what is done."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

STUCK = sa.text("next_at IS NULL AND done_at IS NULL")


def upgrade() -> None:
    op.create_index(
        "ix_effects_stuck",
        "effects",
        ["id"],
        unique=False,
        sqlite_where=STUCK,
        postgresql_where=STUCK,
    )


def downgrade() -> None:
    op.drop_index("ix_effects_stuck", table_name="effects")
