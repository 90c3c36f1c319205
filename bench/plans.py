"""What a database means to do for each query of a call: which tables it would read from end to end, and
which rows it would sort."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Set
from contextlib import contextmanager
from functools import partial
from typing import Any

from sqlalchemy import event

from publisher.extensions import db

Statement = tuple[str, Any]
Look = Callable[[Any, str, Any], Iterator[str]]


@contextmanager
def collected() -> Iterator[list[Statement]]:
    """The SELECTs that are run within the block, each with its values."""
    found: list[Statement] = []

    def keep(_connection: object, _cursor: object, statement: str, values: Any, *_: object) -> None:
        if statement.startswith("SELECT"):
            found.append((statement, values))

    event.listen(db.engine, "before_cursor_execute", keep)
    try:
        yield found
    finally:
        event.remove(db.engine, "before_cursor_execute", keep)


def scans(call: Callable[[], object], walked: Set[str] = frozenset()) -> dict[str, str]:
    """Table → the query that reads all of it, for each such query that `call` makes. Those that may be
    `walked` are none where a query goes along them as they lie until its LIMIT is reached."""
    look = _postgresql if db.engine.dialect.name == "postgresql" else _sqlite
    return _found(call, partial(look, walked=walked))


def sorts(call: Callable[[], object]) -> dict[str, str]:
    """Step of the plan → the query that it belongs to, for each that orders rows after reading them."""
    postgresql = db.engine.dialect.name == "postgresql"
    return _found(call, _postgresql_sorts if postgresql else _sqlite_sorts)


def _found(call: Callable[[], object], look: Look) -> dict[str, str]:
    with collected() as statements:
        call()
    db.session.rollback()
    with db.engine.connect() as connection:
        return {
            found: statement
            for statement, values in dict.fromkeys(map(_hashable, statements))
            for found in look(connection.connection.cursor(), statement, values)
        }


def _hashable(statement: Statement) -> Statement:
    text, values = statement
    return text, (tuple(values.items()) if isinstance(values, dict) else tuple(values))


def _sqlite(cursor: Any, statement: str, values: Any, walked: Set[str]) -> Iterator[str]:
    """A row of the plan begins with SCAN where a table, or all of an index, is read. All of an index that
    holds a few rows only, because it says which, is no scan."""
    steps = _sqlite_steps(cursor, statement, values)
    stops = "LIMIT" in statement and not any(step.endswith("FOR ORDER BY") for step in steps)
    for words in map(str.split, steps):
        if words[0] != "SCAN" or _of_a_few(cursor, words) or (stops and words[1] in walked):
            continue
        yield words[1]


def _sqlite_sorts(cursor: Any, statement: str, values: Any) -> Iterator[str]:
    for step in _sqlite_steps(cursor, statement, values):
        if step.startswith("USE TEMP B-TREE"):
            yield step


def _sqlite_steps(cursor: Any, statement: str, values: Any) -> list[str]:
    rows = cursor.execute(f"EXPLAIN QUERY PLAN {statement}", values).fetchall()
    return [row[3] for row in rows]


def _of_a_few(cursor: Any, words: list[str]) -> bool:
    if "INDEX" not in words:
        return False
    name = words[words.index("INDEX") + 1]
    found = cursor.execute("SELECT sql FROM sqlite_master WHERE name = ?", (name,)).fetchone()
    return bool(found and found[0] and " WHERE " in found[0])


def _postgresql(cursor: Any, statement: str, values: Any, walked: Set[str]) -> Iterator[str]:
    """With the ways of reading everything forbidden, they are what is left where no index leads to the rows;
    so is reading an index without a condition. So the answer does not hang on how many rows there are."""
    for way in ("seqscan", "hashjoin", "mergejoin"):
        cursor.execute(f"SET LOCAL enable_{way} = off")
    nodes = list(_postgresql_nodes(cursor, statement, values))
    stops = "Limit" in (kinds := {node["Node Type"] for node in nodes}) and "Sort" not in kinds
    for node in nodes:
        kind, table = node["Node Type"], node.get("Relation Name")
        whole = kind.startswith("Index") and "Index Cond" not in node
        if stops and table in walked:
            continue
        if kind == "Seq Scan" or (whole and not _holds_a_few(cursor, node["Index Name"])):
            yield table


def _postgresql_sorts(cursor: Any, statement: str, values: Any) -> Iterator[str]:
    for node in _postgresql_nodes(cursor, statement, values):
        if "Sort" in node["Node Type"]:
            yield f"{node['Node Type']} by {node['Sort Key']}"


def _postgresql_nodes(cursor: Any, statement: str, values: Any) -> Iterator[dict[str, Any]]:
    cursor.execute(f"EXPLAIN (FORMAT JSON) {statement}", dict(values))
    (found,) = cursor.fetchone()
    plan = json.loads(found) if isinstance(found, str) else found
    nodes = [plan[0]["Plan"]]
    for node in nodes:
        nodes += node.get("Plans", [])
        yield node


def _holds_a_few(cursor: Any, index: str) -> bool:
    cursor.execute(
        "SELECT indexdef LIKE %s FROM pg_indexes WHERE indexname = %s", ("% WHERE %", index)
    )
    (found,) = cursor.fetchone()
    return bool(found)
