"""Planning: weekly slots of accounts, blackout dates, campaigns by one look-up."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from publisher.storage import Instant

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "queue_slots",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("weekday", sa.Integer(), nullable=False),
        sa.Column("at", sa.String(length=5), nullable=False),
        sa.Column("zone", sa.String(length=60), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
            name=op.f("fk_queue_slots_account_id_accounts"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_queue_slots")),
        sa.UniqueConstraint(
            "account_id",
            "weekday",
            "at",
            "zone",
            name=op.f("uq_queue_slots_account_id_weekday_at_zone"),
        ),
    )
    op.create_table(
        "blackouts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("first", sa.Date(), nullable=False),
        sa.Column("last", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("actor_name", sa.String(length=100), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_blackouts")),
    )
    op.create_index("ix_blackouts_last", "blackouts", ["last"])
    op.create_index("ix_stories_campaign", "stories", ["campaign"])


def downgrade() -> None:
    op.drop_index("ix_stories_campaign", table_name="stories")
    op.drop_index("ix_blackouts_last", table_name="blackouts")
    op.drop_table("blackouts")
    op.drop_table("queue_slots")
