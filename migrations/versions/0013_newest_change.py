"""Newest change: when anything on the calendar changed last, by one look-up."""

from __future__ import annotations

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_posts_changed_at", "posts", ["changed_at"])


def downgrade() -> None:
    op.drop_index("ix_posts_changed_at", table_name="posts")
