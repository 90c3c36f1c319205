"""The index of words takes each line at once: gathered lines made now and then one person's save wait for
all of them, on grown tables for longer than a statement may take."""

from __future__ import annotations

from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

INDEX = "ix_story_grams_grams"


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"ALTER INDEX IF EXISTS {INDEX} SET (fastupdate = off)")
        op.execute(f"SELECT gin_clean_pending_list(to_regclass('{INDEX}'))")


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"ALTER INDEX IF EXISTS {INDEX} RESET (fastupdate)")
