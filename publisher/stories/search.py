"""Finding stories by their words: an index of pairs of letters, which suits Korean as well as English.

Korean words of two syllables are common, and an index of three letters could not find them. What the index
finds is looked at again by the caller: it may name a story too many, never one too few.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    column,
    event,
    func,
    literal_column,
    select,
    table,
    text,
)
from sqlalchemy.orm import Session

from publisher.extensions import Base, db
from publisher.stories import rules
from publisher.stories.models import Post, Revision, Story

NAME = "story_grams"
"""The index: on SQLite a table of FTS5, on PostgreSQL one with a GIN index, neither a model of ours."""

CREATE = {
    "sqlite": (
        (
            f"CREATE VIRTUAL TABLE IF NOT EXISTS {NAME}"
            " USING fts5(grams, tokenize='ascii', detail=none, columnsize=0)"
        ),
    ),
    "postgresql": (
        (
            f"CREATE TABLE IF NOT EXISTS {NAME} (story_id integer PRIMARY KEY"
            " REFERENCES stories ON DELETE CASCADE, grams text[] NOT NULL)"
        ),
        # Gathered lines would make now and then one person's save wait for the index to take them all.
        (
            f"CREATE INDEX IF NOT EXISTS ix_{NAME}_grams ON {NAME} USING gin (grams)"
            " WITH (fastupdate = off)"
        ),
    ),
}
ENOUGH = 40
"""More pairs than this make no search sharper."""
FAR = 1_000
"""How many stories a search looks through at most, from the newest back."""
PRIVATE = {code: 0xE000 + code for code in range(0x21, 0x7F) if not chr(code).isalnum()}
"""Punctuation in signs that no tokenizer takes for a gap between words."""


def grams(words: str) -> set[str]:
    """Every letter of `words` and every two that stand beside each other, whatever their case."""
    found: set[str] = set()
    for run in rules.clean(words).casefold().translate(PRIVATE).split():
        found.update(run, (run[at : at + 2] for at in range(len(run) - 1)))
    return found


def wanted(word: str) -> set[str]:
    """What the grams of a text hold if `word` stands in it: its pairs, or its only letter."""
    found = grams(word)
    return {gram for gram in found if len(gram) == 2} or found


def keep(story: Story) -> None:
    """Bring the story's line of the index up to date. Call inside `writing()`, after what it says changed."""
    session = db.session()
    session.flush()
    if not ready(session):
        return
    posts = select(Revision.title, Revision.text).join(
        Post, (Post.id == Revision.post_id) & (Post.revision == Revision.number)
    )
    said = session.execute(posts.where(Post.story_id == story.id)).all()
    parts = [story.title, story.brief, story.campaign, *(part for row in said for part in row)]
    put({story.id: "\n".join(parts)})


def put(said: Mapping[int, str]) -> None:
    """Write the lines of these stories: by id, what they say. Call inside `writing()`, only when `ready`."""
    session = db.session()
    found = {story_id: sorted(grams(words)) for story_id, words in said.items()}
    if session.get_bind().dialect.name == "postgresql":
        session.execute(
            text(
                f"INSERT INTO {NAME} (story_id, grams) VALUES (:id, :grams)"  # noqa: S608 - our own name
                " ON CONFLICT (story_id) DO UPDATE SET grams = excluded.grams"
            ),
            [{"id": story_id, "grams": each} for story_id, each in found.items()],
        )
        return
    rows = [{"id": story_id, "grams": " ".join(each)} for story_id, each in found.items()]
    session.execute(text(f"DELETE FROM {NAME} WHERE rowid = :id"), rows)  # noqa: S608
    session.execute(
        text(f"INSERT INTO {NAME} (rowid, grams) VALUES (:id, :grams)"),  # noqa: S608
        rows,
    )


def nearest(words: Sequence[str], among: Select[Story]) -> list[int] | None:
    """The stories `among` these that can hold all of `words`, the last begun first: at most `FAR` and one,
    which says that there are more. None where there is no index to ask.

    Both databases read from the newest end and stop at enough, so that a word that stands in all stories
    costs no more than one that stands in a thousand.
    """
    session = db.session()
    found = sorted({gram for word in words for gram in wanted(word)})[:ENOUGH]
    if not found or not ready(session):
        return None
    if session.get_bind().dialect.name == "postgresql":
        # Prepared once for all words, a plan reads every story for a word that hardly any holds.
        session.execute(text("SET LOCAL plan_cache_mode = force_custom_plan"))
        index = table(NAME, column("story_id"), column("grams"))
        key: ColumnElement[int] = index.c.story_id
        holds = index.c.grams.op("@>")(func.string_to_array(" ".join(found), " "))
    else:
        index = table(NAME, column("rowid"))
        key = index.c.rowid
        asked = " AND ".join(f'"{gram}"' for gram in found)
        holds = literal_column(NAME).op("MATCH")(asked)
    chosen = among.with_only_columns(Story.id).join(index, key == Story.id).where(holds)
    return [*session.scalars(chosen.order_by(key.desc()).limit(FAR + 1))]


def ready(session: Session) -> bool:
    """Whether there is an index: a SQLite that was built without FTS5 has none, and its texts are read."""
    if session.get_bind().dialect.name == "postgresql":
        return session.scalar(text(f"SELECT to_regclass('{NAME}')")) is not None
    there = text("SELECT count(*) FROM sqlite_master WHERE name = :name")
    return bool(session.scalar(there, {"name": NAME})) and _speaks_fts5(session.connection())


def _speaks_fts5(connection: Connection) -> bool:
    built = "SELECT count(*) FROM pragma_module_list WHERE name = 'fts5'"
    return bool(connection.exec_driver_sql(built).scalar())


@event.listens_for(Base.metadata, "after_create")
def _create(_metadata: object, connection: Connection, **_kw: Any) -> None:
    if connection.dialect.name == "sqlite" and not _speaks_fts5(connection):
        return
    for statement in CREATE[connection.dialect.name]:
        connection.exec_driver_sql(statement)


@event.listens_for(Base.metadata, "before_drop")
def _drop(_metadata: object, connection: Connection, **_kw: Any) -> None:
    connection.exec_driver_sql(f"DROP TABLE IF EXISTS {NAME}")
