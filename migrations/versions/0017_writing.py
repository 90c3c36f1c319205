"""Writing: an index of stories' words, filters and templates that are kept, and where pictures are used."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

from publisher.storage import Instant

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

INDEX = {
    "sqlite": (
        (
            "CREATE VIRTUAL TABLE IF NOT EXISTS story_grams"
            " USING fts5(grams, tokenize='ascii', detail=none, columnsize=0)"
        ),
    ),
    "postgresql": (
        (
            "CREATE TABLE IF NOT EXISTS story_grams (story_id integer PRIMARY KEY"
            " REFERENCES stories ON DELETE CASCADE, grams text[] NOT NULL)"
        ),
        "CREATE INDEX IF NOT EXISTS ix_story_grams_grams ON story_grams USING gin (grams)",
    ),
}
PRIVATE = {code: 0xE000 + code for code in range(0x21, 0x7F) if not chr(code).isalnum()}
WRITTEN = re.compile(r"/media/([A-Za-z0-9_-]{10,32})/")
AT_ONCE = 200


def upgrade() -> None:
    _tables()
    connection = op.get_bind()
    fts5 = "SELECT count(*) FROM pragma_module_list WHERE name = 'fts5'"
    sqlite = connection.dialect.name == "sqlite"
    indexed = not sqlite or bool(connection.exec_driver_sql(fts5).scalar())
    if indexed:
        for statement in INDEX[connection.dialect.name]:
            op.execute(statement)
    ids = connection.execute(sa.text("SELECT id FROM stories ORDER BY id")).scalars().all()
    pictures = connection.execute(sa.text("SELECT token, id FROM media")).all()
    tokens = {row.token: row.id for row in pictures}
    for first in range(0, len(ids), AT_ONCE):
        _fill(connection, ids[first : first + AT_ONCE], tokens, indexed=indexed)


def downgrade() -> None:
    op.execute("DROP TABLE IF EXISTS story_grams")
    op.drop_index("ix_picture_uses_media_id", table_name="picture_uses")
    op.drop_table("picture_uses")
    op.drop_table("outlines")
    op.drop_table("story_filters")


def _tables() -> None:
    op.create_table(
        "story_filters",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("query", sa.String(length=500), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["users.id"],
            name=op.f("fk_story_filters_user_id_users"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_story_filters")),
        sa.UniqueConstraint("user_id", "name", name=op.f("uq_story_filters_user_id_name")),
    )
    op.create_table(
        "outlines",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("brief", sa.Text(), nullable=False),
        sa.Column("category_id", sa.Integer(), nullable=True),
        sa.Column("texts", sa.JSON(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["category_id"], ["categories.id"], name=op.f("fk_outlines_category_id_categories")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outlines")),
        sa.UniqueConstraint("name", name=op.f("uq_outlines_name")),
    )
    op.create_table(
        "picture_uses",
        sa.Column("post_id", sa.Integer(), nullable=False),
        sa.Column("media_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["media_id"],
            ["media.id"],
            name=op.f("fk_picture_uses_media_id_media"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["post_id"],
            ["posts.id"],
            name=op.f("fk_picture_uses_post_id_posts"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("post_id", "media_id", name=op.f("pk_picture_uses")),
    )
    op.create_index("ix_picture_uses_media_id", "picture_uses", ["media_id"])


def _fill(
    connection: sa.Connection, ids: list[int], tokens: dict[str, int], *, indexed: bool
) -> None:
    """What the verbs would have kept of these stories."""
    numbers = sa.bindparam("ids", expanding=True)
    stories = sa.text("SELECT id, title, brief, campaign FROM stories WHERE id IN :ids")
    heads = sa.text(
        "SELECT posts.story_id, posts.id, revisions.title, revisions.text, revisions.media"
        " FROM posts JOIN revisions"
        " ON revisions.post_id = posts.id AND revisions.number = posts.revision"
        " WHERE posts.story_id IN :ids"
    ).columns(media=sa.JSON())
    said: dict[int, list[str]] = defaultdict(list)
    for row in connection.execute(stories.bindparams(numbers), {"ids": ids}):
        said[row.id] += [row.title, row.brief, row.campaign]
    uses, known = [], {*tokens.values()}
    for row in connection.execute(heads.bindparams(numbers), {"ids": ids}):
        said[row.story_id] += [row.title, row.text]
        shown = {use["id"] for use in row.media or []} & known
        shown |= {tokens[token] for token in WRITTEN.findall(row.text) if token in tokens}
        uses += [{"post": row.id, "media": each} for each in sorted(shown)]
    if uses:
        put = "INSERT INTO picture_uses (post_id, media_id) VALUES (:post, :media)"
        connection.execute(sa.text(put), uses)
    if indexed and said:
        key = "rowid" if connection.dialect.name == "sqlite" else "story_id"
        put = f"INSERT INTO story_grams ({key}, grams) VALUES (:id, :grams)"  # noqa: S608
        connection.execute(sa.text(put), list(_lines(connection.dialect.name, said)))


def _lines(dialect: str, said: dict[int, list[str]]) -> Iterator[dict[str, Any]]:
    for story_id, parts in said.items():
        found = sorted(_grams("\n".join(parts)))
        yield {"id": story_id, "grams": " ".join(found) if dialect == "sqlite" else found}


def _grams(words: str) -> set[str]:
    found: set[str] = set()
    kept = "".join(
        char for char in words if char == "\n" or unicodedata.category(char) not in {"Cc", "Cs"}
    )
    for run in unicodedata.normalize("NFC", kept).casefold().translate(PRIVATE).split():
        found.update(run, (run[at : at + 2] for at in range(len(run) - 1)))
    return found
