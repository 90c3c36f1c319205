"""What needs a person, and the one right button for each."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from channels.base import Receipt
from publisher import clock
from publisher.accounts import authority
from publisher.accounts import service as accounts
from publisher.deliveries import attention, state
from publisher.deliveries.models import Delivery
from publisher.deliveries.rules import FAILED, NEEDS_ATTENTION, SENDING, DeliveryStatus
from publisher.effects import service as effects
from publisher.effects import stuck
from publisher.effects.models import Effect
from publisher.errors import NotAllowed, NotFound
from publisher.extensions import db
from publisher.people.models import Event, User
from publisher.storage import writing
from publisher.stories.rules import Draft
from tests.plugins.app import Cast
from tests.plugins.newsroom import Newsroom

SignIn = Callable[[FlaskClient, User], FlaskClient]
TOKEN_GONE = "Facebook no longer accepts this Page's token. Connect it again."


@pytest.fixture
def rui(app: Flask, cast: Cast, sign_in: SignIn) -> FlaskClient:
    return sign_in(app.test_client(), cast.rui)


def stopped(room: Newsroom, slug: str, status: DeliveryStatus, **columns: str) -> Delivery:
    """A delivery of one post that went as far as that."""
    story = room.approve(room.story(slug, **{slug: Draft(text="한 글")}), in_s=3600)
    delivery = room.delivery(story, slug)
    with writing():
        state.locked(delivery.id)
        state.move(delivery, SENDING)
        state.move(delivery, status, next_at=None, **columns)
    return delivery


def given_up(kind: str = "mail", problem: str = "SMTPException") -> int:
    """Work that was tried as often as it is tried."""
    with writing() as session:
        effect = Effect(
            kind=kind,
            key=f"{kind}:1",
            desired={"post_id": 1, "links": []},
            created_at=clock.now(),
            attempts=7,
            problem=problem,
        )
        session.add(effect)
    return effect.id


# Stopped posts


def test_a_refused_post_is_edited_or_tried_as_it_is(newsroom: Newsroom, rui: FlaskClient) -> None:
    delivery = stopped(newsroom, "x", FAILED, problem="X already has a post with this text.")
    page = rui.get("/attention").text
    assert "X already has a post with this text." in page
    assert f"/stories/{delivery.post.story_id}?post={delivery.post_id}" in page
    back = rui.post(f"/posts/{delivery.post_id}/publish-now", data={"next": "/attention"})
    assert back.location == "/attention"
    newsroom.work()
    assert newsroom.really_posted("x") == ["한 글"]
    assert "Nothing waits for you" in rui.get("/attention").text


def test_a_missed_post_gets_a_time(newsroom: Newsroom, rui: FlaskClient) -> None:
    story = newsroom.approve(newsroom.story("blog"), in_s=60)
    accounts.pause(None, accounts.by_slug("blog"), "")
    newsroom.travel(timedelta(days=3))
    newsroom.work()
    page = rui.get("/attention").text
    assert f"/calendar/posts/{story.posts[0].id}/move?next=/attention" in page


def test_an_address_that_was_refused_stays_in_its_field(
    newsroom: Newsroom, rui: FlaskClient
) -> None:
    delivery = stopped(newsroom, "x", NEEDS_ATTENTION, problem_code="no_verdict")
    path = f"/deliveries/{delivery.id}/settle"
    answer = rui.post(path, data={"verdict": "there", "url": "not an address"})
    assert answer.status_code == 422
    assert 'value="not an address"' in answer.text
    assert "Give the address where it can be seen" in answer.text
    assert 'value="there" id="verdict-' in answer.text and "required checked" in answer.text
    good = {"verdict": "there", "url": "https://x.com/acme/status/7", "next": "/attention"}
    assert rui.post(path, data=good).location == "/attention"
    assert newsroom.statuses(delivery.post.story) == {"x": "published"}
    assert Receipt(delivery.remote_id or "", delivery.url).url == good["url"]


# Accounts


@pytest.mark.parametrize(
    ("problem", "who", "button"),
    [
        (TOKEN_GONE, "ada", "#renew"),
        (TOKEN_GONE, "rui", "Only administrators can renew"),
        ("Facebook has restricted posting for this Page.", "rui", "/accounts/page/resume"),
    ],
)
def test_a_paused_account_has_the_button_that_mends_it(
    problem: str,
    who: str,
    button: str,
    newsroom: Newsroom,
    cast: Cast,
    app: Flask,
    sign_in: SignIn,
) -> None:
    newsroom.approve(newsroom.story("page", page=Draft(text="글")), in_s=3600)
    page = accounts.by_slug("page")
    authority.lose(page, problem, used=page.credentials)
    page = sign_in(app.test_client(), getattr(cast, who)).get("/attention").text
    assert button in page
    assert ("/accounts/page/resume" in page) == ("resume" in button)


# Work that gave up


def test_work_that_gave_up_is_shown_counted_and_tried_again(
    app: Flask, cast: Cast, rui: FlaskClient
) -> None:
    calls: list[dict[str, object]] = []
    effects.register("mail", calls.append)
    effect_id = given_up()
    assert attention.count() == 1
    assert "A mail could not be sent" in rui.get("/attention").text
    assert rui.post(f"/background/{effect_id}/again").location == "/attention"
    assert attention.count() == 0
    assert effects.work_off() and len(calls) == 1
    assert rui.post(f"/background/{effect_id}/again").status_code == 302, "twice is once"
    assert not effects.work_off() and len(calls) == 1
    told = db.session.query(Event).filter_by(verb="effect.again").first()
    assert told and told.actor_name == "Rui"


def test_work_that_gave_up_can_be_let_go(cast: Cast, rui: FlaskClient) -> None:
    effect_id = given_up()
    rui.post(f"/background/{effect_id}/let-go")
    assert not stuck.waiting() and not effects.work_off()
    assert "Nothing waits for you" in rui.get("/attention").text


def test_every_kind_of_work_is_named_in_plain_words(cast: Cast, rui: FlaskClient) -> None:
    for kind in ("links", "stage", "mail", "backup", "prune", "check"):
        given_up(kind, "Facebook did not change the post." if kind == "links" else "OSError")
    page = rui.get("/attention").text
    for words in (
        "The links between published posts are not up to date",
        "Facebook did not change the post.",
        "Pictures could not be uploaded ahead of time",
        "The hourly copy of the database failed",
        "An account could not be checked ahead of time",
        "Something in the background gave up",
    ):
        assert words in page
    assert page.count("/let-go") == 5, "each but the links, which the world sees missing"


def test_only_editors_decide_about_work_that_gave_up(cast: Cast) -> None:
    effect_id = given_up()
    for verb in (attention.work_again, attention.let_go):
        with pytest.raises(NotAllowed):
            verb(cast.ana, effect_id)
        with pytest.raises(NotFound):
            verb(cast.rui, effect_id + 1)
    assert len(stuck.waiting()) == 1
