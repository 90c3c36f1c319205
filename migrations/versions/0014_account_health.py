"""Account health: silence, quotas, when credentials end; holds by the machine; looking ahead."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from publisher.storage import Instant

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

ACCOUNTS = ("expires_at", "silent_since", "quota_resets_at", "quota_at")


def upgrade() -> None:
    for name in ACCOUNTS:
        op.add_column("accounts", sa.Column(name, Instant(), nullable=True))
    op.add_column(
        "accounts", sa.Column("strikes", sa.Integer(), nullable=False, server_default="0")
    )
    op.add_column("accounts", sa.Column("quota_left", sa.Integer(), nullable=True))
    op.add_column("accounts", sa.Column("quota_percent", sa.Double(), nullable=True))
    op.add_column("holds", sa.Column("code", sa.String(20), nullable=False, server_default=""))
    op.add_column("holds", sa.Column("values", sa.JSON(), nullable=False, server_default="{}"))
    op.create_table(
        "host_clocks",
        sa.Column("host", sa.String(length=120), nullable=False),
        sa.Column("wall", sa.Double(), nullable=False),
        sa.Column("boot", sa.Double(), nullable=False),
        sa.Column("boot_id", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("host", name=op.f("pk_host_clocks")),
    )
    op.add_column("deliveries", sa.Column("look_at", Instant(), nullable=True))
    op.add_column(
        "deliveries", sa.Column("concerns", sa.String(200), nullable=False, server_default="")
    )
    op.create_index(
        "ix_deliveries_look_at",
        "deliveries",
        ["look_at"],
        sqlite_where=sa.text("look_at IS NOT NULL"),
        postgresql_where=sa.text("look_at IS NOT NULL"),
    )
    op.create_index(
        "ix_deliveries_concerns",
        "deliveries",
        ["due_at"],
        sqlite_where=sa.text("concerns != ''"),
        postgresql_where=sa.text("concerns != ''"),
    )
    op.execute("UPDATE deliveries SET look_at = changed_at WHERE status = 'scheduled' AND part = 1")


def downgrade() -> None:
    op.drop_index("ix_deliveries_concerns", table_name="deliveries")
    op.drop_index("ix_deliveries_look_at", table_name="deliveries")
    for name in ("concerns", "look_at"):
        op.drop_column("deliveries", name)
    op.drop_table("host_clocks")
    op.execute("DELETE FROM holds WHERE scope < 0")
    for name in ("values", "code"):
        op.drop_column("holds", name)
    for name in (*ACCOUNTS, "strikes", "quota_left", "quota_percent"):
        op.drop_column("accounts", name)
