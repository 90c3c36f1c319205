"""Story authors: whose stories, by one look-up."""

from __future__ import annotations

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_story_authors_user_id", "story_authors", ["user_id"])


def downgrade() -> None:
    op.drop_index("ix_story_authors_user_id", table_name="story_authors")
