"""Alembic's entry: runs the numbered versions on the connection that `publisher.schema` hands in."""

from __future__ import annotations

from alembic import context

from publisher.extensions import db

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=db.metadata,
    render_as_batch=True,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
