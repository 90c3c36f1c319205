"""The pages of stories, as a browser without scripts uses them."""

from __future__ import annotations

import html
import io
import re
from datetime import UTC, datetime, timedelta

import pytest
from PIL import Image
from sqlalchemy import text

from publisher import clock
from publisher.accounts import service as accounts
from publisher.accounts.models import Account
from publisher.extensions import db
from publisher.media.models import Media
from publisher.storage import writing
from publisher.stories import review, service
from publisher.stories.models import Post, Story
from publisher.stories.rules import Draft
from tests.features.sent_again import hidden_in

START = {"title": "하루", "language": "ko", "category_id": 0}
KEYS = ("consumer_key", "consumer_secret", "access_token", "access_token_secret")


@pytest.fixture
def blog(app) -> Account:
    return accounts.connect(None, kind="blog", slug="blog", label="Blog")


@pytest.fixture
def x(app) -> Account:
    return accounts.connect(
        None, kind="twitter", slug="x", label="X", credentials=dict.fromkeys(KEYS, "k")
    )


@pytest.fixture
def story(cast) -> Story:
    return service.create_story(cast.ana, title="New & shiny")


@pytest.fixture
def post(cast, story, blog) -> Post:
    return service.add_post(cast.ana, story, blog, Draft(title="New", text="Hello"))


@pytest.fixture
def ana(app, cast, sign_in):
    return sign_in(app.test_client(), cast.ana)


@pytest.fixture
def rui(app, cast, sign_in):
    return sign_in(app.test_client(), cast.rui)


def words(page) -> str:
    """What a page says, without its markup."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page.text)).split())


def form_of(post: Post, **changes) -> dict[str, object]:
    return {
        "title": post.head.title,
        "text": post.head.text,
        "version": post.version,
        "base": post.head.hash,
        **changes,
    }


def save(client, post: Post, **changes):
    return client.post(f"/posts/{post.id}/save", data=form_of(post, **changes))


def test_a_new_story_gets_a_post_for_each_chosen_account(ana, blog, x):
    form = {"title": "달력", "language": "ko", "category_id": 0, "account_ids": [blog.id, x.id]}
    made = ana.post("/stories/new", data=form)
    assert made.status_code == 302
    story = db.session.query(Story).one()
    assert [post.account.slug for post in story.posts] == ["blog", "x"]
    page = ana.get(made.location)
    assert page.status_code == 200
    assert "달력" in words(page)


def test_a_story_without_a_title_is_asked_for_one_and_keeps_the_rest(ana, blog):
    page = ana.post(
        "/stories/new", data={"title": " ", "brief": "Keep me", "language": "ko", "category_id": 0}
    )
    assert page.status_code == 422
    assert "Keep me" in page.text
    assert db.session.query(Story).count() == 0


def test_saving_keeps_the_text_and_the_time_with_its_zone(ana, post):
    time = {"date": "2027-01-15", "time": "09:30", "zone": "Europe/Berlin"}
    assert save(ana, post, text="Hello again", **time).status_code == 302
    assert post.head.text == "Hello again"
    assert post.planned_at == datetime(2027, 1, 15, 8, 30, tzinfo=UTC)
    assert (post.planned_wall, post.planned_zone) == ("2027-01-15T09:30", "Europe/Berlin")


def test_a_save_without_a_change_of_time_leaves_the_planned_time_alone(ana, cast, post):
    past = clock.now() - timedelta(days=1)
    service.plan(cast.ana, post, past, "Asia/Seoul")
    wall = post.planned_wall
    time = {"date": wall[:10], "time": wall[11:], "zone": "Asia/Seoul"}
    assert save(ana, post, text="Other", **time).status_code == 302
    assert (post.planned_at, post.head.text) == (past, "Other")


def test_an_emptied_time_is_cleared(ana, cast, post):
    service.plan(cast.ana, post, clock.now() + timedelta(days=1), "Asia/Seoul")
    save(ana, post, date="", time="", zone="Asia/Seoul")
    assert post.planned_at is None


def test_half_a_time_is_a_slip_and_nothing_typed_is_lost(ana, post):
    page = save(ana, post, text="Long and precious", date="2027-01-15", time="")
    assert page.status_code == 422
    assert "Add the time to the date." in words(page)
    assert "Long and precious" in page.text
    assert post.head.text == "Hello"


@pytest.mark.parametrize(
    ("day", "at", "offsets"),
    [
        ("2027-11-07", "01:30", {"-04:00": "2027-11-07T05:30", "-05:00": "2027-11-07T06:30"}),
        ("2027-03-14", "02:30", {"-05:00": "2027-03-14T06:30", "-04:00": "2027-03-14T07:30"}),
    ],
)
def test_a_wall_time_shown_twice_or_never_is_asked_about_and_never_guessed(
    ana, post, day, at, offsets
):
    time = {"date": day, "time": at, "zone": "America/New_York", "text": "Precious"}
    page = save(ana, post, **time)
    assert page.status_code == 422
    assert post.planned_at is None
    assert post.head.text == "Hello"
    assert "Precious" in page.text
    choices = re.findall(r'name="instant"[^>]* value="([^"]+)"', page.text)
    assert [choice[:16] for choice in choices] == sorted(offsets.values())
    for offset in offsets:
        assert offset in words(page)

    assert save(ana, post, **time, instant=choices[1]).status_code == 302
    assert post.planned_at == datetime.fromisoformat(choices[1])
    assert post.head.text == "Precious"


def test_an_instant_that_was_not_offered_is_not_taken(ana, post):
    time = {"date": "2027-11-07", "time": "01:30", "zone": "America/New_York"}
    page = save(ana, post, **time, instant="2030-01-01T00:00:00+00:00")
    assert page.status_code == 422
    assert post.planned_at is None


def test_an_author_who_may_not_move_a_scheduled_post_loses_no_words(ana, rui, cast, post):
    review.submit(cast.ana, post)
    time = {"date": "2027-01-15", "time": "09:30", "zone": "UTC"}
    rui.post(f"/posts/{post.id}/approve", data={"revision": 1, **time})
    page = save(ana, post, text="Precious", **{**time, "time": "10:30"})
    assert page.status_code == 403
    assert "Precious" in page.text
    assert 'value="10:30"' in page.text
    assert (post.head.text, post.due_at) == ("Hello", datetime(2027, 1, 15, 9, 30, tzinfo=UTC))


def test_two_people_changing_a_story_choose_between_both_texts(ana, rui, cast, story):
    about = {"title": "Mine", "brief": "My\r\nbrief", "category_id": 0, "language": "en"}
    form = {**about, "version": story.version}
    theirs = {**form, "title": "Theirs", "brief": "Their brief"}
    assert rui.post(f"/stories/{story.id}", data=theirs).status_code == 302
    page = ana.post(f"/stories/{story.id}", data=form)
    assert page.status_code == 409
    said = words(page)
    assert "My brief" in said
    assert "Their brief" in said
    assert ana.post(f"/stories/{story.id}", data=form).status_code == 409, "not by pressing again"
    assert story.title == "Theirs"

    assert ana.post(f"/stories/{story.id}", data=hidden_in(page)).status_code == 302
    assert (story.title, story.brief) == ("Mine", "My\nbrief")
    same = ana.post(f"/stories/{story.id}", data=form)
    assert same.status_code == 302, "both say the same: there is nothing to choose"


def test_two_people_writing_at_once_both_keep_their_text(ana, rui, post):
    mine = form_of(post, text="Ana wrote this", title="Ana's title")
    save(rui, post, text="Rui wrote that")
    page = ana.post(f"/posts/{post.id}/save", data=mine)
    assert page.status_code == 409
    said = words(page)
    assert "Ana wrote this" in said
    assert "Rui wrote that" in said
    assert "<ins>Ana</ins>" in page.text
    assert "<del>Rui</del>" in page.text
    assert post.head.text == "Rui wrote that"


def test_mine_can_be_saved_over_theirs_from_the_conflict_page_and_theirs_stays_in_the_revisions(
    ana, rui, post
):
    mine = form_of(post, text="Ana's\nlines", date="2027-01-15", time="09:30", zone="UTC")
    save(rui, post, text="Rui's")
    page = ana.post(f"/posts/{post.id}/save", data=mine)
    kept = dict(
        re.findall(r'<textarea name="([^"]+)" hidden[^>]*>\n(.*?)</textarea>', page.text, re.S)
    )
    again = {name: html.unescape(value) for name, value in kept.items()}
    again |= dict(
        re.findall(r'<input type="hidden" name="(version|base)" value="(\d+)"', page.text)
    )
    assert ana.post(f"/posts/{post.id}/save", data=again).status_code == 302
    assert [each.text for each in post.revisions] == ["Hello", "Rui's", "Ana's\nlines"]
    assert post.planned_at == datetime(2027, 1, 15, 9, 30, tzinfo=UTC)


def test_submitting_with_problems_saves_and_says_so(ana, story, x, cast):
    tweet = service.add_post(cast.ana, story, x, Draft(text="Hi"))
    sent = ana.post(
        f"/posts/{tweet.id}/save", data=form_of(tweet, text="Read {blog}", then="submit")
    )
    page = ana.get(sent.location)
    assert "Saved, but not submitted" in words(page)
    assert "means no post of this story" in words(page)
    assert (tweet.head.text, tweet.status) == ("Read {blog}", "draft")


def test_save_and_submit_is_one_press(ana, post):
    save(ana, post, text="Ready", then="submit")
    assert (post.head.text, post.status) == ("Ready", "in_review")


def test_the_fragment_counts_unsaved_words_in_the_platforms_way_and_says_the_cost(
    ana, story, post, x, cast
):
    tweet = service.add_post(cast.ana, story, x, Draft(text="Hi"))
    form = form_of(tweet, text="가" * 140 + " {blog}")
    fragment = ana.post(f"/posts/{tweet.id}/measure", data=form)
    assert "304 / 280" in words(fragment)
    assert "US$0.20" in words(fragment)
    assert "<html" not in fragment.text
    assert tweet.head.text == "Hi"


def test_a_picture_is_sent_along_with_the_words_and_described(ana, post):
    picture = io.BytesIO()
    Image.new("RGB", (40, 30), "teal").save(picture, "PNG")
    form = form_of(post, picture=(io.BytesIO(picture.getvalue()), "desk.png"), picture_alt="A desk")
    assert ana.post(f"/posts/{post.id}/save", data=form).status_code == 302
    kept = db.session.query(Media).one()
    assert post.head.media == [{"id": kept.id, "alt": "A desk"}]

    page = ana.get(f"/stories/{post.story_id}")
    assert f'name="alt-{kept.id}" value="A desk"' in page.text
    save(ana, post, media=kept.id, **{f"alt-{kept.id}": "A tidy desk"})
    assert post.head.media == [{"id": kept.id, "alt": "A tidy desk"}]
    save(ana, post)
    assert post.head.media == []


def test_a_file_that_is_no_picture_is_refused_and_the_words_stay_on_the_page(ana, post):
    form = form_of(post, text="Precious", picture=(io.BytesIO(b"not a picture"), "desk.png"))
    page = ana.post(f"/posts/{post.id}/save", data=form)
    assert page.status_code == 422
    assert "Precious" in page.text
    assert post.head.text == "Hello"


def test_what_happens_if_a_link_is_late_is_chosen_per_link(ana, story, post, x, cast):
    tweet = service.add_post(cast.ana, story, x, Draft(text="{blog}"))
    save(ana, tweet, **{"late-blog": "send_without"})
    assert tweet.head.when_late == {"blog": "send_without"}
    page = ana.get(f"/stories/{story.id}")
    assert re.search(r'<option value="send_without" selected', page.text)


def test_a_removed_post_can_be_brought_back(ana, post):
    ana.post(f"/posts/{post.id}/archive")
    assert post.status == "archived"
    assert "Bring back Blog" in words(ana.get(f"/stories/{post.story_id}"))
    ana.post(f"/posts/{post.id}/restore")
    assert post.status == "draft"


def test_a_foreign_story_is_not_there_at_all(app, cast, sign_in, story, post):
    ben = sign_in(app.test_client(), cast.ben)
    for path in (f"/stories/{story.id}", f"/posts/{post.id}/revisions"):
        assert ben.get(path).status_code == 404
    assert save(ben, post, text="Mine").status_code == 404
    assert ben.post(f"/posts/{post.id}/measure", data={"text": "x"}).status_code == 404
    assert "shiny" not in words(ben.get("/stories?q=shiny")).replace("q=shiny", "")


def test_markup_in_words_is_shown_and_never_obeyed(ana, post):
    evil = '<img src=x onerror="alert(1)"> <script>alert(1)</script>'
    save(ana, post, title=evil, text=evil)
    for path in (f"/stories/{post.story_id}", f"/posts/{post.id}/revisions"):
        page = ana.get(path).text
        assert "<img src=x" not in page
        assert "<script>alert" not in page


def test_any_two_revisions_are_compared(ana, post):
    for words_ in ("One two three", "One four three", "One four five"):
        save(ana, post, text=words_)
    page = ana.get(f"/posts/{post.id}/revisions?from=2&to=4")
    assert "<del>two three</del><ins>four five</ins>" in page.text
    assert ana.get(f"/posts/{post.id}/revisions?from=99&to=x").status_code == 200


def test_the_list_says_how_far_a_story_is_and_finds_by_text(ana, post, story):
    page = ana.get("/stories?q=Hello&status=draft")
    assert "New & shiny" in words(page)
    assert "No story matches" in words(ana.get("/stories?q=nowhere"))
    assert ana.get("/stories?page=99&account=x&status=nonsense").status_code == 200


def test_the_list_asks_the_database_a_fixed_number_of_times(ana, cast, blog, count_queries):
    def stories(number: int) -> None:
        for _ in range(number):
            made = service.create_story(cast.ana, title="T")
            service.add_post(cast.ana, made, blog, Draft(title="T", text="T"))

    stories(2)
    few = count_queries(lambda: ana.get("/stories"))
    stories(6)
    assert count_queries(lambda: ana.get("/stories")) == few


@pytest.fixture
def count_queries(app):
    from sqlalchemy import event

    def count(call) -> int:
        seen: list[str] = []

        def note(_connection, _cursor, statement, *_rest) -> None:
            seen.append(statement)

        event.listen(db.engine, "before_cursor_execute", note)
        try:
            call()
        finally:
            event.remove(db.engine, "before_cursor_execute", note)
        return len(seen)

    return count


def test_a_picture_that_is_gone_is_a_problem_and_breaks_no_page(ana, post, cast):
    picture = io.BytesIO()
    Image.new("RGB", (40, 30), "teal").save(picture, "PNG")
    save(ana, post, picture=(io.BytesIO(picture.getvalue()), "desk.png"), picture_alt="A desk")
    with writing() as session:
        session.execute(text("DELETE FROM renditions"))
        session.execute(text("DELETE FROM media"))
    page = ana.get(f"/stories/{post.story_id}")
    assert page.status_code == 200
    assert "A picture of this post is gone." in words(page)
    measured = ana.post(f"/posts/{post.id}/measure", data=form_of(post, media="999"))
    assert measured.status_code == 200


@pytest.mark.usefixtures("blog", "x")
def test_a_story_begun_from_a_day_is_planned_for_its_morning(client, cast, sign_in) -> None:
    sign_in(client, cast.ana)
    day = (clock.now() + timedelta(days=5)).date()
    assert f'value="{day}"' in client.get(f"/stories/new?day={day}").text

    ids = [account.id for account in accounts.all_accounts()]
    client.post("/stories/new", data={**START, "day": str(day), "account_ids": ids})

    planned = {post.planned_wall for post in db.session.query(Post)}
    assert planned == {f"{day}T09:00"}
