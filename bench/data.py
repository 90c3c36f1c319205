"""Approved posts by the thousand, inserted in bulk: what the verbs would leave, without their time."""

from __future__ import annotations

import random
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import func, insert, select, text, update

from bench.rig import House, Platform
from publisher import clock
from publisher.accounts import service as accounts
from publisher.accounts.models import Account
from publisher.deliveries.models import Delivery
from publisher.deliveries.rules import SCHEDULED
from publisher.extensions import db
from publisher.people.models import User
from publisher.people.rules import Role
from publisher.storage import writing
from publisher.stories import search
from publisher.stories.models import Post, Revision, Story
from publisher.stories.rules import APPROVED, Draft, content_hash

GRACE = timedelta(hours=2)
COLLEAGUES = 20
BATCH, LINES = 5_000, 500
SENTENCES = (
    "가을 신제품 출시를 앞두고 우리 팀이 배운 것을 나눕니다.",
    "고객이 자주 묻는 질문 다섯 가지와 그 답을 정리했습니다.",
    "현장에서 바로 쓰는 점검표를 공개합니다.",
    "다음 달 웨비나에 여러분을 초대합니다.",
    "데이터로 보는 지난 분기의 변화, 그리고 남은 과제입니다.",
)
FORM = (
    "## 시작하며\n\n{}\n\n### 배운 것\n\n- {}\n- **{}**\n- {}\n\n> {}\n\n"
    "자세한 내용은 [소개 글](https://example.com/intro)에서 볼 수 있습니다."
)
ARTICLE = FORM.format(*SENTENCES)
FIRST, LAST = ord("가"), ord("힣")


def x_accounts(platform: Platform, count: int) -> list[Account]:
    """X accounts of that platform, without spacing."""
    with writing():
        return [
            accounts.connect(
                None,
                kind="twitter",
                slug=f"x{number}",
                credentials=platform.add_x(5000 + number),
                api_url=platform.x_url,
                spacing_s=0.0,
            )
            for number in range(1, count + 1)
        ]


def blog() -> Account:
    """The hosted blog."""
    return accounts.connect(None, kind="blog", slug="blog", label="회사 블로그", credentials={})


def tweets(count: int) -> list[Draft]:
    """Short Korean texts, no two alike."""
    return [Draft(text=f"{SENTENCES[n % len(SENTENCES)]} #{n}") for n in range(count)]


def articles(count: int) -> list[Draft]:
    """Articles with headings, a list, a quotation and a link; no two say the same."""
    return [Draft(title=f"{n}번째 이야기", text=FORM.format(*_sentences(n))) for n in range(count)]


def _sentences(seed: int) -> list[str]:
    """As long as SENTENCES, of other letters."""
    dice = random.Random(seed)
    return [
        "".join(letter if letter in " ,." else chr(dice.randint(FIRST, LAST)) for letter in each)
        for each in SENTENCES
    ]


def schedule(
    house: House, owners: Sequence[Account], drafts: Sequence[Draft], dues: Sequence[datetime]
) -> None:
    """One story with one approved, scheduled post per draft, on `owners` in turn, due at `dues`."""
    with _indexed_at_the_end() if len(drafts) > BATCH else nullcontext():
        for start in range(0, len(drafts), BATCH):
            _insert(
                house.author.id,
                [owners[(start + n) % len(owners)].id for n in range(len(drafts[start:][:BATCH]))],
                drafts[start:][:BATCH],
                dues[start:][:BATCH],
            )


@contextmanager
def _indexed_at_the_end() -> Iterator[None]:
    """Without PostgreSQL's index of words meanwhile, which is built as a whole then, and not line by line."""
    if db.engine.dialect.name != "postgresql":
        yield
        return
    _table, index = search.CREATE["postgresql"]
    with writing() as session:
        session.execute(text(f"DROP INDEX ix_{search.NAME}_grams"))
    yield
    with writing() as session:
        session.execute(text("SET LOCAL statement_timeout = 0"))
        session.execute(text(index))


def _insert(
    author_id: int, account_ids: list[int], drafts: Sequence[Draft], dues: Sequence[datetime]
) -> None:
    """What takes long is put together before the transaction, which the database would end for idling.
    Nobody else adds posts meanwhile."""
    now, first = clock.now(), _newest() + 1
    db.session.rollback()
    rows: list[tuple[dict[str, Any], ...]] = [
        _rows(first + n, author_id, account_ids[n], drafts[n], dues[n], now)
        for n in range(len(drafts))
    ]
    with writing() as session:
        for model, column in zip(
            (Story, Post, Revision, Delivery), zip(*rows, strict=True), strict=True
        ):
            session.execute(insert(model), list(column))
        if search.ready(session):
            for start in range(0, len(rows), LINES):
                search.put(
                    {
                        story["id"]: f"{story['title']}\n{revision['title']}\n{revision['text']}"
                        for story, _post, revision, _delivery in rows[start : start + LINES]
                    }
                )


def _rows(
    number: int, author_id: int, account_id: int, draft: Draft, due: datetime, now: datetime
) -> tuple[dict[str, Any], ...]:
    """The rows of one post; story, post, revision and delivery share one number as their id."""
    hashed = content_hash(account_id, draft)
    story = {
        "id": number,
        "title": draft.title or f"{number}번째 소식",
        "owner_id": author_id,
        "created_at": now,
        "changed_at": now,
    }
    post = {
        "id": number,
        "story_id": number,
        "account_id": account_id,
        "status": APPROVED,
        "approved_hash": hashed,
        "planned_at": due,
        "planned_zone": "Asia/Seoul",
        "delivery_status": str(SCHEDULED),
        "due_at": due,
        "uid": str(uuid4()),
        "shown_status": str(SCHEDULED),
        "shown_at": due,
        "created_at": now,
        "changed_at": now,
    }
    revision = {
        "id": number,
        "post_id": number,
        "number": 1,
        "title": draft.title,
        "text": draft.text,
        "hash": hashed,
        "author_id": author_id,
        "created_at": now,
    }
    delivery = {
        "id": number,
        "post_id": number,
        "revision_id": number,
        "account_id": account_id,
        "due_at": due,
        "zone": "Asia/Seoul",
        "expires_at": due + GRACE,
        "next_at": due,
        "marker": secrets.token_hex(5),
        "changed_at": now,
    }
    return story, post, revision, delivery


def history(house: House, owners: Sequence[Account], count: int) -> None:
    """Posts that twenty colleagues sent out between 100 days and three years ago, as the years leave them
    behind."""
    begin = clock.now() - timedelta(days=100)
    whose = {"first": _colleagues(), "count": COLLEAGUES}
    for start in range(0, count, BATCH):
        some = range(start, min(start + BATCH, count))
        dues = [begin - timedelta(minutes=n * 1_440_000 // max(count, 1)) for n in some]
        before = _newest()
        schedule(house, owners, tweets(len(dues)), dues)
        with writing() as session:
            session.execute(_OUT, {"newest": before})
            session.execute(_SHOWN, {"newest": before})
            session.execute(_OWNED, {"newest": before, "then": begin, **whose})


def _newest() -> int:
    return db.session.scalar(select(func.max(Post.id))) or 0


def _colleagues() -> int:
    """The first id of those colleagues; made once in each installation."""
    domain = "colleagues.example"
    first = select(func.min(User.id)).where(User.email.endswith(f"@{domain}"))
    if db.session.scalar(first) is None:
        with writing() as session:
            people = [
                {
                    "email": f"{n}@{domain}",
                    "name": f"Colleague {n}",
                    "slug": f"colleague-{n}",
                    "role": Role.AUTHOR,
                    "created_at": clock.now(),
                }
                for n in range(COLLEAGUES)
            ]
            session.execute(insert(User), people)
    return db.session.scalars(first).one()


_OUT = text(
    "UPDATE deliveries SET status = 'published', next_at = NULL, published_at = due_at, attempts = 1,"
    " fence = 1, wire_at = due_at WHERE id > :newest"
)
_SHOWN = text(
    "UPDATE posts SET delivery_status = 'published', shown_status = 'published', published_at = due_at,"
    " changed_at = due_at WHERE id > :newest"
)
_OWNED = text(
    "UPDATE stories SET owner_id = :first + id % :count, changed_at = :then WHERE id > :newest"
)


def quieten() -> None:
    """As if nobody had changed anything for an hour, as a calendar mostly is between two polls."""
    long_ago = clock.now() - timedelta(hours=1)
    with writing() as session:
        session.execute(update(Post).values(changed_at=long_ago))
        session.execute(update(Story).values(changed_at=long_ago))


def analyse() -> None:
    """Let PostgreSQL count what it holds, as its autovacuum does in time. Nobody does that on SQLite."""
    if db.engine.dialect.name != "postgresql":
        return
    with writing() as session:
        session.execute(text("SET LOCAL statement_timeout = 0"))
        session.execute(text("ANALYZE"))


def published() -> int:
    """How many deliveries are out, as anybody can see by now."""
    db.session.rollback()
    query = select(func.count()).select_from(Delivery).where(Delivery.status == "published")
    return db.session.scalar(query) or 0
