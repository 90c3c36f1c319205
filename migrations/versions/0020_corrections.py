"""Corrections: what people want of a post that is out, and when an article was corrected."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from publisher.storage import Instant

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "corrections",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("post_id", sa.Integer(), nullable=False),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("revision_id", sa.Integer(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("actor_name", sa.String(100), nullable=False),
        sa.Column("asked_at", Instant(), nullable=False),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.Column("outcome", sa.String(20), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["post_id"],
            ["posts.id"],
            name=op.f("fk_corrections_post_id_posts"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["revision_id"], ["revisions.id"], name=op.f("fk_corrections_revision_id_revisions")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_corrections")),
    )
    op.create_index("ix_corrections_post_id", "corrections", ["post_id"])
    open_ = sa.text("ended_at IS NULL")
    op.create_index(
        "ix_corrections_asked_at",
        "corrections",
        ["asked_at"],
        sqlite_where=open_,
        postgresql_where=open_,
    )
    op.add_column("articles", sa.Column("corrected_at", Instant(), nullable=True))


def downgrade() -> None:
    op.drop_column("articles", "corrected_at")
    op.drop_table("corrections")
