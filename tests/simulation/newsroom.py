"""The newsroom that every run begins with: three accounts, and stories that wait for their approval."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import event

import channels
from publisher import clock, crashes, queue
from publisher.accounts import service as accounts
from publisher.accounts import timekeeping
from publisher.config import Config
from publisher.deliveries import claim, deliver, sweep
from publisher.extensions import db
from publisher.people import service as people
from publisher.people.rules import Role
from publisher.stories import contents, review
from publisher.stories import service as stories
from publisher.stories.rules import Draft
from tests.plugins.app import running
from tests.simulation import platform
from tests.simulation.ledger import Fact
from tests.simulation.world import START, World

CREDENTIALS = {
    "blog": {},
    "twitter": dict.fromkeys(
        ("consumer_key", "consumer_secret", "access_token", "access_token_secret"), "secret"
    ),
    "facebook": {"page_id": "2002", "page_token": "secret"},
}
ACCOUNTS = {"blog": "blog", "x": "twitter", "page": "facebook"}
STORIES: tuple[tuple[tuple[str, str], ...], ...] = (
    (("blog", ""), ("x", "{blog}"), ("page", "{link:x}")),
    (("x", "thread"),),
    (("x", ""),),
    (("page", ""),),
    (("blog", ""), ("x", "{blog} send_without")),
    (("page", ""), ("x", "{link:page} drop")),
)
"""Each post's account, and what it links to: by default it holds until that is out."""

ARTICLE, ITS_TWEET, ITS_PAGE, THREAD, TWEET, PAGE, LONE_ARTICLE, EAGER_TWEET = range(1, 9)
"""The posts' ids, in the order of the stories."""


def words(post_id: int, version: int, plan: str) -> Draft:
    """A draft that carries its own name, so that the ledger knows it wherever it turns up."""
    name = f"p{post_id}v{version}"
    reference, _, when_late = plan.partition(" ")
    if plan == "thread":
        return Draft(
            text=" ".join(f"{name} 그리고 이어지는 이야기입니다." for _ in range(18)), thread=True
        )
    late = {reference.strip("{}"): when_late} if when_late else {}
    return Draft(title=name, text=f"{name} {reference}".strip(), when_late=late)


def write(world: World, plans: tuple[tuple[str, str], ...]) -> None:
    """A story in review, with one post for each plan."""
    ana = world.person("Ana")
    story = stories.create_story(ana, title="이야기", language="ko")
    written: list[Fact] = []
    for slug, plan in plans:
        post = stories.add_post(ana, story, accounts.by_slug(slug), Draft(title="t", text="t"))
        draft = words(post.id, 1, plan)
        stories.edit(ana, post, draft, version=post.version)
        fact = Fact(post.id, slug, plan=plan)
        fact.parts = len(contents.parts(draft, ACCOUNTS[slug]))
        if plan.startswith("{"):
            wanted = "blog" if plan.startswith("{blog") else plan[6:].partition("}")[0]
            fact.linked = next(each.post_id for each in written if each.account == wanted)
            fact.needs_link = "send_without" not in plan
        written.append(fact)
    review.submit_story(ana, story)
    db.session.rollback()
    world.ledger.facts |= {fact.post_id: fact for fact in written}


@contextmanager
def newsroom(home: Path) -> Iterator[World]:
    """The product on a database that need not survive a power cut, with everything around it simulated."""
    config = Config(
        home=home,
        database_url=f"sqlite:///{home / 'simulation.sqlite3'}",
        secret_key="a key for tests only",
        vault_keys=(Fernet.generate_key().decode(),),
        public_url="http://localhost",
        language="en",
        environment="test",
    )
    with pytest.MonkeyPatch.context() as patch, running(config) as app:
        _hurry()
        file = db.engine.raw_connection()
        world = World(app, file.driver_connection)
        _take_over(world, patch)
        for name, role in (("Ana", Role.AUTHOR), ("Rui", Role.EDITOR)):
            people.add(None, f"{name.lower()}@example.com", name, role)
        for slug, kind in ACCOUNTS.items():
            accounts.connect(None, kind=kind, slug=slug, credentials=CREDENTIALS[kind])
        for plans in STORIES:
            write(world, plans)
        timekeeping.begin()
        world.keep()
        try:
            yield world
        finally:
            world.begin()
            crashes.arm(None)
            clock.set_source(None)
            timekeeping.set_source(None)
            file.close()


def _hurry() -> None:
    @event.listens_for(db.engine, "connect")
    def _connect(connection: object, _record: object) -> None:
        connection.execute("PRAGMA synchronous=OFF")  # type: ignore[attr-defined]

    db.session.remove()
    db.engine.dispose()


def _take_over(world: World, patch: pytest.MonkeyPatch) -> None:
    """What the machine gives a product, given by the simulation: time, processes, Redis and the platforms."""
    clock.set_source(world.clock, world.sleep)
    timekeeping.set_source(world.reading)
    crashes.arm(world.strike)
    patch.setattr(platform, "desk", world, raising=False)
    patch.setitem(channels.REGISTRY, "twitter", "tests.simulation.platform:SimulatedX")
    patch.setitem(channels.REGISTRY, "facebook", "tests.simulation.platform:SimulatedPage")
    patch.setattr(queue, "ring", world.ring)
    patch.setattr(claim, "owner", world.owner)
    patch.setattr(sweep, "started", world.started)
    patch.setattr(
        deliver, "TURN_S", 3600.0
    )  # a turn's real seconds would make a run depend on the machine
    assert clock.now() == START
