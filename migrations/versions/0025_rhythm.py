"""Filters kept for the calendar, how often a category should appear, and where merged categories went."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("story_filters") as batch:
        batch.add_column(sa.Column("page", sa.String(20), nullable=False, server_default="stories"))
        batch.drop_constraint(op.f("uq_story_filters_user_id_name"), type_="unique")
        batch.create_unique_constraint(
            op.f("uq_story_filters_user_id_page_name"), ["user_id", "page", "name"]
        )
    op.add_column(
        "categories", sa.Column("rhythm", sa.Integer(), nullable=False, server_default="0")
    )
    op.add_column(
        "categories", sa.Column("rhythm_unit", sa.String(5), nullable=False, server_default="week")
    )
    op.create_table(
        "former_categories",
        sa.Column("slug", sa.String(length=80), nullable=False),
        sa.Column("category_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["category_id"],
            ["categories.id"],
            name=op.f("fk_former_categories_category_id_categories"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("slug", name=op.f("pk_former_categories")),
    )
    op.create_index("ix_former_categories_category_id", "former_categories", ["category_id"])


def downgrade() -> None:
    op.drop_index("ix_former_categories_category_id", table_name="former_categories")
    op.drop_table("former_categories")
    op.drop_column("categories", "rhythm_unit")
    op.drop_column("categories", "rhythm")
    op.execute("DELETE FROM story_filters WHERE page <> 'stories'")
    with op.batch_alter_table("story_filters") as batch:
        batch.drop_constraint(op.f("uq_story_filters_user_id_page_name"), type_="unique")
        batch.drop_column("page")
        batch.create_unique_constraint(op.f("uq_story_filters_user_id_name"), ["user_id", "name"])
