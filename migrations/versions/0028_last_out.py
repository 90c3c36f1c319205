"""An index for when something last went out on an account; no more wishes for backups, which need none."""

from __future__ import annotations

from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_deliveries_account_published", "deliveries", ["account_id", "published_at"])
    op.execute("DELETE FROM effects WHERE kind = 'backup'")


def downgrade() -> None:
    op.drop_index("ix_deliveries_account_published", "deliveries")
