"""The migrations: they make what the models describe, and take nothing along on the way back."""

from __future__ import annotations

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config as AlembicConfig
from alembic.migration import MigrationContext
from sqlalchemy import select, text

from publisher import clock, schema
from publisher.accounts import timekeeping
from publisher.accounts.models import Hold
from publisher.deliveries.models import Attempt
from publisher.extensions import db
from publisher.storage import writing
from publisher.stories import queries, search
from publisher.stories.queries import Filters
from publisher.stories.rules import Draft
from tests.plugins.newsroom import Newsroom


@pytest.mark.usefixtures("database_url", "app")
def test_the_migrations_make_what_the_models_describe() -> None:
    db.drop_all()
    schema.upgrade()
    with db.engine.connect() as connection:
        ours = {"include_name": lambda name, kind, _parents: kind != "table" or _is_model(name)}
        context = MigrationContext.configure(connection, opts=ours)
        differences = compare_metadata(context, db.metadata)
    assert differences == []


def _is_model(name: str | None) -> bool:
    """The index of words is made by both ways, but is no model: its kind depends on the database."""
    return not (name or "").startswith(search.NAME)


@pytest.mark.usefixtures("database_url", "app")
def test_no_save_waits_for_lines_that_the_index_of_words_has_gathered() -> None:
    """PostgreSQL: a line of a grown index's pending list costs nothing, and the last one seconds."""
    made = _options_of_the_index()
    db.drop_all()
    schema.upgrade()
    assert _options_of_the_index() == made
    assert made == ([] if db.engine.dialect.name == "sqlite" else ["fastupdate=off"])


def _options_of_the_index() -> list[str]:
    db.session.rollback()
    if db.engine.dialect.name == "sqlite":
        return []
    query = "SELECT reloptions FROM pg_class WHERE relname = :name"
    return db.session.scalar(text(query), {"name": f"ix_{search.NAME}_grams"}) or []


@pytest.mark.usefixtures("database_url")
def test_one_migration_back_and_forth_keeps_the_attempts(newsroom: Newsroom) -> None:
    newsroom.approve(newsroom.story("x", x=Draft(text="가")))
    newsroom.work()
    _migrated()
    schema.downgrade("0011")
    schema.upgrade()
    assert db.session.query(Attempt).count() == 1
    assert queries.stories(None, Filters(text="이야기")).total == 1, "the index is filled again"


@pytest.mark.usefixtures("database_url", "app")
def test_a_moved_clock_is_still_named_after_an_upgrade() -> None:
    with writing() as session:
        held = Hold(scope=timekeeping.SCOPE, code=timekeeping.CODE, reason="", actor_name="")
        held.at, held.values = clock.now(), {"shifts": {"first": 7200}}
        session.add(held)
    _migrated()

    schema.downgrade("0022")
    assert _said() == {"host": "first", "shift_s": 7200}
    schema.upgrade()
    assert _said() == {"shifts": {"first": 7200}}


def _migrated() -> None:
    """Say that the models' tables were made by the migrations."""
    db.session.rollback()
    with db.engine.connect().execution_options(writing=True) as connection, connection.begin():
        connection.exec_driver_sql("CREATE TABLE alembic_version (version_num varchar(32))")
        connection.exec_driver_sql(f"INSERT INTO alembic_version VALUES ('{schema.newest()}')")


def _said() -> object:
    db.session.rollback()
    return db.session.scalar(select(Hold.values).where(Hold.code == timekeeping.CODE))


@pytest.mark.usefixtures("database_url", "app")
def test_an_upgrade_may_take_longer_than_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """Grown tables take their time, and another machine's upgrade is waited for."""
    seen: list[str] = []

    def upgraded(config: AlembicConfig, _target: str) -> None:
        connection = config.attributes["connection"]
        if connection.dialect.name == "postgresql":
            seen.append(connection.exec_driver_sql("SHOW statement_timeout").scalar())

    monkeypatch.setattr(schema.command, "upgrade", upgraded)
    schema.upgrade()
    assert seen in ([], ["0"])
