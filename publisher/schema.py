"""The database's schema: bringing it up to date, and asking whether it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection

from publisher.extensions import db
from publisher.paths import data_dir

LOCK = 0x7075626C
"""Any number that nobody else uses on this PostgreSQL."""


def upgrade(target: str = "head") -> None:
    """Run the migrations up to `target`. Two processes may start at once: on SQLite the second waits for the
    first one's write lock, on PostgreSQL for an advisory lock, and then finds nothing to do."""
    with _exclusively() as connection:
        command.upgrade(_config(connection), target)


def downgrade(target: str) -> None:
    """Run the migrations back to `target` (`base` empties the database)."""
    with _exclusively() as connection:
        command.downgrade(_config(connection), target)


def current() -> str | None:
    """The database's revision, or None when it is empty."""
    with db.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def newest() -> str | None:
    """The newest revision that this installation knows."""
    config = AlembicConfig()
    config.set_main_option("script_location", str(data_dir("migrations")))
    return ScriptDirectory.from_config(config).get_current_head()


def known(revision: str) -> bool:
    """Whether this installation knows that revision: an unknown one is of a newer version."""
    config = AlembicConfig()
    config.set_main_option("script_location", str(data_dir("migrations")))
    return revision in {
        each.revision for each in ScriptDirectory.from_config(config).walk_revisions()
    }


def up_to_date() -> bool:
    """Whether the database has the schema that this code expects."""
    return current() == newest()


@contextmanager
def _exclusively() -> Iterator[Connection]:
    """A connection in a write transaction that no other migration can enter."""
    with db.engine.connect().execution_options(writing=True) as connection, connection.begin():
        if connection.dialect.name == "postgresql":
            # Grown tables take their time, and so does whoever waits for another machine's upgrade.
            connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
            connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")
        yield connection


def _config(connection: Connection) -> AlembicConfig:
    config = AlembicConfig()
    config.set_main_option("script_location", str(data_dir("migrations")))
    config.attributes["connection"] = connection
    return config
