"""Review: who reads what, how many approvals, what a comment speaks of."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from publisher.storage import Instant

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "approvals", sa.Column("complete", sa.Boolean(), nullable=False, server_default=sa.true())
    )
    op.add_column("comments", sa.Column("quote", sa.Text(), nullable=False, server_default=""))
    op.add_column("comments", sa.Column("quote_at", sa.Integer(), nullable=True))
    op.create_table(
        "reviews_taken",
        sa.Column("post_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["post_id"],
            ["posts.id"],
            name=op.f("fk_reviews_taken_post_id_posts"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["users.id"],
            name=op.f("fk_reviews_taken_user_id_users"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("post_id", name=op.f("pk_reviews_taken")),
    )
    op.create_index(op.f("ix_reviews_taken_user_id"), "reviews_taken", ["user_id"])
    op.create_table(
        "approval_rules",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("category_id", sa.Integer(), nullable=True),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("word", sa.String(length=80), nullable=False),
        sa.Column("needed", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["category_id"],
            ["categories.id"],
            name=op.f("fk_approval_rules_category_id_categories"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
            name=op.f("fk_approval_rules_account_id_accounts"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval_rules")),
    )
    op.create_index(op.f("ix_approval_rules_category_id"), "approval_rules", ["category_id"])
    op.create_index(op.f("ix_approval_rules_account_id"), "approval_rules", ["account_id"])


def downgrade() -> None:
    op.drop_table("approval_rules")
    op.drop_table("reviews_taken")
    for name in ("quote_at", "quote"):
        op.drop_column("comments", name)
    op.drop_column("approvals", "complete")
