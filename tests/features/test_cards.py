"""Cards of other people's pages: read in the background after saving, then shown, refreshed when old."""

from __future__ import annotations

import threading
from datetime import timedelta
from functools import partial
from io import BytesIO

import pytest
from PIL import Image

from publisher import retention
from publisher.accounts import service as accounts
from publisher.cards import service as cards
from publisher.cards.models import LinkedPage
from publisher.effects import service as effects
from publisher.effects import stuck
from publisher.effects.models import Effect
from publisher.extensions import db
from publisher.storage import writing
from publisher.stories import desk, service
from publisher.stories.autosave import autosave
from publisher.stories.models import Post
from publisher.stories.rules import Draft
from tests.features.racing import in_thread
from tests.plugins.elsewhere import Elsewhere
from tests.plugins.pictures import picture

HEAD = '<title>{}</title><meta property="og:description" content="About the sea">'
KEYS = ("consumer_key", "consumer_secret", "access_token", "access_token_secret")


@pytest.fixture
def post(cast) -> Post:
    x = accounts.connect(
        None, kind="twitter", slug="x", label="X", credentials=dict.fromkeys(KEYS, "k")
    )
    story = service.create_story(cast.ana, title="The sea", language="en")
    return service.add_post(cast.ana, story, x, Draft(text="Nothing yet"))


@pytest.fixture
def ana(app, cast, sign_in):
    return sign_in(app.test_client(), cast.ana)


@pytest.fixture
def work(travel):
    def go() -> None:
        travel(cards.SOON + timedelta(seconds=1))
        while effects.work_off():
            pass
        db.session.rollback()

    return go


def save(cast, post: Post, text: str) -> None:
    desk.save(cast.ana, post, Draft(text=text), version=post.version, base=None, time=None)


def shown(client, post: Post) -> str:
    return client.get(f"/stories/{post.story_id}").text


def test_after_saving_the_card_is_read_and_shown(ana, cast, post, elsewhere: Elsewhere, work):
    elsewhere.page("/a.png", picture(size=(1200, 630)), kind="image/png")
    url = elsewhere.page(
        "/sea", HEAD.format("Sea &lt;b&gt;") + '<meta property="og:image" content="/a.png">'
    )
    save(cast, post, f"Look: {url}")
    assert "The card of this page is not known yet." in shown(ana, post)
    assert elsewhere.asked == []
    work()
    page = shown(ana, post)
    assert "Sea &lt;b&gt;" in page and "About the sea" in page
    path = cards.known(url).picture.shown
    assert f'src="{path}"' in page
    answer = ana.get(path)
    assert (answer.status_code, answer.mimetype) == (200, "image/webp")
    assert Image.open(BytesIO(answer.data)).format == "WEBP"
    assert ana.get("/cards/none.webp").status_code == 404


@pytest.mark.usefixtures("database_url")
@pytest.mark.parametrize("ends", [("one", "two"), ("one", "one")])
def test_who_saves_links_that_others_save_at_the_same_moment_waits_for_nobody(
    app, cast, post, ends
):
    """Two stories name the same new pages, in another order: no save fails, none waits in a circle."""
    urls = [f"https://example.com/{end}" for end in ends]
    story = service.create_story(cast.ana, title="The land", language="en")
    page = accounts.by_slug("x")
    drafts = [Draft(text="One"), Draft(text="Two")]
    theirs = [service.add_post(cast.ana, story, page, each) for each in drafts]
    mine = [post, service.add_post(cast.ana, post.story, page, drafts[1])]
    together = threading.Barrier(2, timeout=5)
    work = [
        [(each.id, url) for each, url in zip(posts, order, strict=True)]
        for posts, order in ((mine, urls), (theirs, urls[::-1]))
    ]
    db.session.rollback()

    def save_all(saves: list[tuple[int, str]]) -> None:
        with writing():
            for post_id, url in saves:
                own = db.session.get_one(Post, post_id)
                service.edit(None, own, Draft(text=url), version=own.version)
                db.session.flush()
                if db.engine.dialect.name == "postgresql":  # SQLite lets one write at a time
                    together.wait()

    threads = [in_thread(app, partial(save_all, each)) for each in work]
    for thread, _said in threads:
        thread.join()

    assert [said for _thread, said in threads] == [[None], [None]]
    wanted = db.session.query(Effect).filter_by(kind="card")
    assert {each.desired["url"] for each in wanted} == set(urls)


def test_strangers_do_not_see_the_pictures(client, cast, post, elsewhere, work):
    elsewhere.page("/a.png", picture(), kind="image/png")
    url = elsewhere.page("/sea", HEAD.format("Sea") + '<meta property="og:image" content="/a.png">')
    save(cast, post, url)
    work()
    assert client.get(cards.known(url).picture.shown).status_code == 302


def test_a_half_typed_address_is_not_asked_for(cast, post, elsewhere, work):
    whole = elsewhere.page("/whole", HEAD.format("Whole"))
    half = elsewhere.page("/wh", HEAD.format("Half"))
    for text in (half, whole):
        autosave(cast.ana, post, Draft(text=text), version=post.version, base=None, page="one")
    work()
    assert list(elsewhere.requests) == ["/whole"]
    assert cards.known(half) is None


@pytest.mark.parametrize("status", [404, 200])
def test_a_page_without_a_card_is_said_to_have_none_and_troubles_nobody(
    ana, cast, post, elsewhere, work, status
):
    url = elsewhere.page("/sea", "<p>Text</p>", status=status)
    save(cast, post, url)
    work()
    assert "This page has no card, or could not be read." in shown(ana, post)
    assert stuck.waiting() == []
    save(cast, post, f"Again: {url}")
    work()
    assert len(elsewhere.asked) == 1


def test_an_old_card_is_read_again_and_stays_while_its_page_is_out_of_order(
    cast, post, elsewhere, work, travel
):
    url = elsewhere.page("/sea", HEAD.format("Old"))
    save(cast, post, url)
    work()
    save(cast, post, f"Again {url}")
    work()
    assert len(elsewhere.asked) == 1
    for title, status, expected in (("New", 200, "New"), ("Broken", 500, "New")):
        elsewhere.page("/sea", HEAD.format(title), status=status)
        travel(cards.FRESH + timedelta(minutes=1))
        save(cast, post, f"Again {url}")
        work()
        assert cards.known(url).title == expected
    assert len(elsewhere.asked) == 3


def test_an_address_inside_is_never_asked_for_and_saving_it_works(ana, cast, post, elsewhere, work):
    save(cast, post, "http://169.254.169.254/latest")
    work()
    assert elsewhere.asked == []
    assert post.head.text == "http://169.254.169.254/latest"
    save(cast, post, "http://out.example.com:8080/ and more")
    assert db.session.query(Effect).filter_by(kind="card").count() == 1


def test_cards_that_nobody_saves_any_more_are_forgotten(cast, post, elsewhere, work, travel):
    url = elsewhere.page("/sea", HEAD.format("Old"))
    save(cast, post, url)
    work()
    travel(cards.FORGOTTEN + timedelta(days=1))
    retention.prune({})
    assert db.session.query(LinkedPage).count() == 0
