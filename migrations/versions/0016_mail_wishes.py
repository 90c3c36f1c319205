"""What people want to be mailed about; unread notices, and the audit trail by who, what and when."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from publisher.storage import Instant

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

NO_NEWS = """
UPDATE notices SET mailed_at = at WHERE NOT EXISTS (
    SELECT 1 FROM effects WHERE effects.key = 'mail:notice:' || notices.id AND effects.done_at IS NULL
)
"""
"""What was mailed before this, or never was to be, is in no digest."""


def upgrade() -> None:
    op.create_table(
        "mail_wishes",
        sa.Column("user_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("ways", sa.JSON(), nullable=False),
        sa.Column("digest_at", sa.String(length=5), nullable=False),
        sa.Column("quiet_from", sa.String(length=5), nullable=False),
        sa.Column("quiet_until", sa.String(length=5), nullable=False),
        sa.Column("urgent_anyway", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["users.id"],
            name=op.f("fk_mail_wishes_user_id_users"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_mail_wishes")),
    )
    op.add_column("notices", sa.Column("mailed_at", Instant(), nullable=True))
    op.execute(NO_NEWS)
    op.create_index(
        "ix_notices_unread",
        "notices",
        ["user_id", "id"],
        sqlite_where=sa.text("read_at IS NULL"),
        postgresql_where=sa.text("read_at IS NULL"),
    )
    op.create_index("ix_events_at", "events", ["at"])
    op.create_index("ix_events_actor_id", "events", ["actor_id", "at"])
    op.create_index("ix_events_verb", "events", ["verb", "at"])


def downgrade() -> None:
    op.drop_index("ix_events_verb", table_name="events")
    op.drop_index("ix_events_actor_id", table_name="events")
    op.drop_index("ix_events_at", table_name="events")
    op.drop_index("ix_notices_unread", table_name="notices")
    op.drop_column("notices", "mailed_at")
    op.drop_table("mail_wishes")
