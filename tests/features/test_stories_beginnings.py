"""How stories begin: from templates in either language, and as ideas that an editor hands to an author."""

from __future__ import annotations

import html
from datetime import date, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from publisher import clock
from publisher.accounts import service as accounts
from publisher.accounts.models import Account
from publisher.deliveries import service as deliveries
from publisher.errors import Invalid, NotAllowed, NotFound
from publisher.extensions import db
from publisher.notices import service as notices
from publisher.people import service as people
from publisher.people.models import Event
from publisher.stories import assigning, checks, desk, outlines, queries, review, service
from publisher.stories.models import Story
from publisher.stories.rules import Draft

KEYS = ("consumer_key", "consumer_secret", "access_token", "access_token_secret")
EMPTY = {"brief": "", "category_id": None, "campaign": "", "language": "ko", "author_ids": ()}


@pytest.fixture
def blog(app: Flask) -> Account:
    return accounts.connect(None, kind="blog", slug="blog", label="Blog")


@pytest.fixture
def x(app: Flask) -> Account:
    secrets = dict.fromkeys(KEYS, "a key for tests")
    return accounts.connect(None, kind="twitter", slug="x", label="X", credentials=secrets)


@pytest.fixture
def client_of(app: Flask, sign_in):
    return lambda user: sign_in(app.test_client(), user)


def newest() -> Story:
    db.session.rollback()
    return db.session.query(Story).order_by(Story.id.desc()).first()


def texts(story: Story) -> dict[str, str]:
    return {post.account.slug: post.head.text for post in story.posts}


def begin(client: FlaskClient, **form: object):
    data = {"title": "새 기능", "language": "ko", "category_id": 0, **form}
    return client.post("/stories/new", data=data, follow_redirects=True)


# ---- Templates ----


def test_a_story_begins_as_its_template_says_in_its_own_language(client_of, cast, blog, x):
    ana = client_of(cast.ana)
    for language, heading in (("ko", "## 무엇이 새로운가"), ("en", "## What is new")):
        both = {"account_ids": [blog.id, x.id], "template": "announcement"}
        page = begin(ana, language=language, **both)
        assert page.status_code == 200
        story = newest()
        assert heading in texts(story)["blog"]
        assert texts(story)["x"].endswith("{blog}")
        assert story.brief
        assert story.posts[0].head.title == "새 기능"


def test_every_built_in_template_can_be_measured_and_goes_nowhere_with_its_hints(cast, blog, x):
    for key in outlines.BUILT_IN:
        story = desk.begin(cast.ana, [blog, x], template=key, title="제목", deadline=None, **EMPTY)
        for post in story.posts:
            codes = [problem.code for problem in checks.problems(post)]
            assert "hint_left" in codes, key
            assert not {"text_too_long", "reference_unknown", "cycle"} & set(codes), key
            with pytest.raises(Invalid):
                review.submit(cast.ana, post)


def test_hints_are_replaced_and_the_story_can_go(cast, blog):
    story = desk.begin(cast.ana, [blog], template="report", title="제목", deadline=None, **EMPTY)
    (post,) = story.posts
    words = "\n".join(line for line in post.head.text.splitlines() if "✎" not in line) + "끝."
    service.edit(cast.ana, post, Draft(title="제목", text=words), version=post.version)
    assert checks.problems(post) == []
    review.submit(cast.ana, post)


def test_a_template_links_only_to_posts_that_the_story_has(cast, x):
    story = desk.begin(cast.ana, [x], template="interview", title="제목", deadline=None, **EMPTY)
    assert "{" not in texts(story)["x"]


def test_what_somebody_wrote_themselves_wins_over_the_template(client_of, cast, blog):
    begin(client_of(cast.ana), brief="My own", template="report", account_ids=[blog.id])
    assert newest().brief == "My own"


def test_an_administrator_keeps_a_story_as_a_template_for_everybody(client_of, cast, blog, x):
    ada, ana = client_of(cast.ada), client_of(cast.ana)
    story = service.create_story(cast.ana, title="Weekly", brief="Every Monday")
    service.add_post(cast.ana, story, blog, Draft(title="Weekly", text="## Numbers"))
    service.add_post(cast.ana, story, x, Draft(text="This week {blog} {link:gone}"))
    page = ada.post(
        f"/stories/{story.id}/template", data={"name": " Weekly  notes "}, follow_redirects=True
    )
    assert "Weekly notes" in page.text
    (kept,) = outlines.kept()

    assert "Weekly notes" in ana.get("/stories/new").text
    begin(ana, template=f"own-{kept.id}", account_ids=[blog.id, x.id])
    assert texts(newest()) == {"blog": "## Numbers", "x": "This week {blog}"}
    assert newest().brief == "Every Monday"

    outlines.keep(cast.ada, newest(), "Weekly notes")
    assert len(outlines.kept()) == 1, "one of that name is replaced"
    number = kept.id
    ada.post(f"/stories/templates/{number}/remove")
    assert outlines.kept() == []
    assert begin(ana, template=f"own-{number}").status_code == 422


def test_only_administrators_change_templates(client_of, cast, blog):
    story = service.create_story(cast.ana, title="Weekly")
    with pytest.raises(NotAllowed):
        outlines.keep(cast.rui, story, "Mine")
    kept = outlines.keep(cast.ada, story, "Ours")
    with pytest.raises(NotAllowed):
        outlines.drop(cast.rui, kept)
    assert client_of(cast.rui).post(f"/stories/{story.id}/template").status_code == 403
    with pytest.raises(Invalid):
        outlines.keep(cast.ada, story, "  ")
    with pytest.raises(NotFound):
        outlines.beginning("own-x", [blog], title="t", language="ko")


# ---- Handing out ----


def test_an_editor_hands_an_idea_to_an_author_who_is_told_and_finds_it(client_of, cast, blog, x):
    rui, ana = client_of(cast.rui), client_of(cast.ana)
    tomorrow = date.today() + timedelta(days=1)  # noqa: DTZ011 - any day ahead
    page = begin(
        rui,
        title="Plant tour",
        brief="Show it",
        owner_id=cast.ana.id,
        deadline=tomorrow.isoformat(),
    )
    assert "An idea so far" in page.text
    story = newest()
    assert (story.owner.name, story.authors, story.posts) == ("Ana", [], [])
    assert story.deadline is not None

    (told,) = notices.of(cast.ana, 1).items
    assert (told.kind, told.path) == ("assigned", f"/stories/{story.id}")
    assert "Rui gave you “Plant tour” to write by " in html.unescape(ana.get("/notices").text)
    listed = html.unescape(ana.get(f"/stories?status=idea&person={cast.ana.id}").text)
    assert "Plant tour" in listed
    assert "Deadline" in listed

    ana.post(f"/stories/{story.id}/posts", data={"account_id": [blog.id, x.id]})
    assert {post.account.slug for post in newest().posts} == {"blog", "x"}
    assert queries.progress(newest()).status == "draft"


def test_who_hands_a_story_out_has_not_written_it_and_may_approve_it(client_of, cast, blog):
    begin(client_of(cast.rui), owner_id=cast.ana.id, account_ids=[blog.id])
    (post,) = newest().posts
    service.edit(cast.ana, post, Draft(title="Tour", text="Welcome."), version=post.version)
    review.submit(cast.ana, post)
    assert deliveries.approve(cast.rui, post, post.revision).status == "approved"


def test_a_story_changes_hands_and_who_wrote_it_keeps_seeing_it(client_of, cast, blog):
    story = service.create_story(cast.ana, title="Tour")
    service.add_post(cast.ana, story, blog, Draft(text="Half of it"))
    rui = client_of(cast.rui)
    page = rui.post(
        f"/stories/{story.id}/assign",
        data={"owner_id": cast.ben.id},
        follow_redirects=True,
    )
    assert "Ben writes this story now." in page.text
    db.session.rollback()
    assert story.owner.name == "Ben"
    assert [author.name for author in story.authors] == ["Ana"]
    assert (notices.unread(cast.ben), notices.unread(cast.ana)) == (1, 0)
    assert db.session.query(Event).filter_by(verb="assign").one().detail["to"] == "Ben"

    assigning.hand_to(cast.rui, story, cast.ben)
    assert notices.unread(cast.ben) == 1, "to whom it is already"
    assigning.hand_to(cast.rui, story, cast.ana)
    assert [author.name for author in story.authors] == [], "Ben wrote nothing"


def test_only_editors_hand_out_and_only_to_people_who_write(client_of, cast):
    story = service.create_story(cast.ana, title="Tour")
    with pytest.raises(NotAllowed):
        assigning.hand_to(cast.ana, story, cast.ben)
    for nobody in (cast.vic, cast.eve):
        with pytest.raises(Invalid):
            assigning.hand_to(cast.rui, story, people.get(nobody.id))
    ana = client_of(cast.ana)
    assert ana.post(f"/stories/{story.id}/assign", data={"owner_id": 2}).status_code == 403
    assert "Who writes it" not in ana.get("/stories/new").text
    begin(ana, title="Mine", owner_id=cast.ben.id)
    assert newest().owner.name == "Ana", "an author is not asked, and not believed"


def test_the_desk_shows_how_the_story_goes_out(client_of, cast, blog, x):
    story = service.create_story(cast.ana, title="Tour")
    at = clock.now().replace(minute=0, second=0, microsecond=0) + timedelta(days=1)
    first = service.add_post(
        cast.ana, story, blog, Draft(title="T", text="a"), planned_at=at, zone="UTC"
    )
    service.add_post(
        cast.ana, story, x, Draft(text="b {blog}"), planned_at=at + timedelta(minutes=2), zone="UTC"
    )
    page = html.unescape(client_of(cast.ana).get(f"/stories/{story.id}").text)
    assert page.index("How it goes out") < page.index("waits for Blog")
    assert "Links are written back" in page
    review.submit_story(cast.ana, story)
    assert "How it goes out" in client_of(cast.rui).get(f"/review/{first.id}").text
