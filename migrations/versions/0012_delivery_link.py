"""Deliveries: the link as it went on the wire, beside the text.

Not in batch mode, which on SQLite would build the table anew and take the attempts along.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("deliveries", sa.Column("link", sa.Text(), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("deliveries", "link")
