"""Saving while somebody writes, revisions that come back, and stories that are copied."""

from __future__ import annotations

from datetime import timedelta

import pytest

from publisher.accounts import service as accounts
from publisher.errors import Conflict, NotAllowed, NotFound, Stale
from publisher.extensions import db
from publisher.people.models import Event, User
from publisher.stories import comments, copies, desk, review, service, shelving
from publisher.stories.autosave import LONGEST_RUN, autosave
from publisher.stories.models import Post
from publisher.stories.rules import Draft


@pytest.fixture
def post(cast) -> Post:
    """Ana and Ben write it together."""
    blog = accounts.connect(None, kind="blog", slug="blog", label="Blog")
    story = service.create_story(cast.ana, title="Together", author_ids=[cast.ben.id])
    return service.add_post(cast.ana, story, blog, Draft(title="T", text="First"))


@pytest.fixture
def ana(app, cast, sign_in):
    return sign_in(app.test_client(), cast.ana)


class Window:
    """An open page: it knows what it has read, as the browser's does."""

    def __init__(self, person: User, post: Post, name: str) -> None:
        self.person, self.post, self.name = person, post, name
        self.read()

    def read(self) -> None:
        self.version, self.base = self.post.version, self.post.head.hash

    def pause(self, text: str) -> None:
        """What it autosaves when the writer pauses."""
        self.lose_answer(text)
        self.read()

    def lose_answer(self, text: str) -> None:
        autosave(
            self.person,
            self.post,
            Draft(title="T", text=text),
            version=self.version,
            base=self.base,
            page=self.name,
        )

    def save(self, text: str) -> None:
        desk.save(
            self.person,
            self.post,
            Draft(title="T", text=text),
            version=self.version,
            base=self.base,
            time=None,
            page=self.name,
        )
        self.read()


def texts(post: Post) -> list[str]:
    return [revision.text for revision in post.revisions]


def test_pauses_fill_one_revision_and_leave_one_event(cast, post):
    window = Window(cast.ana, post, "one")
    before = db.session.query(Event).count()
    for text in ("F", "Fo", "Foo"):
        window.pause(text)
    assert texts(post) == ["First", "Foo"]
    assert db.session.query(Event).count() == before + 1


def test_after_ten_minutes_a_new_revision_begins(cast, post, travel):
    window = Window(cast.ana, post, "one")
    window.pause("Morning")
    travel(LONGEST_RUN + timedelta(seconds=1))
    window.pause("Noon")
    assert texts(post) == ["First", "Morning", "Noon"]


def test_what_was_saved_on_purpose_stays_as_it_is(cast, post):
    window = Window(cast.ana, post, "one")
    window.pause("Kept")
    window.save("Kept")
    window.pause("Later")
    assert texts(post) == ["First", "Kept", "Later"]


def test_the_activity_tells_of_a_pause_and_its_save_once(ana, cast, post):
    window = Window(cast.ana, post, "one")
    window.pause("Kept")
    assert ana.get(f"/stories/{post.story_id}").text.count("· edited") == 1
    window.save("Kept")
    assert ana.get(f"/stories/{post.story_id}").text.count("· edited") == 1
    window.save("Other")
    assert ana.get(f"/stories/{post.story_id}").text.count("· edited") == 2


def test_what_somebody_commented_on_stays_as_it_is(cast, post):
    window = Window(cast.ana, post, "one")
    window.pause("A claim")
    comments.comment(cast.rui, post.story, "Says who?", post)
    window.pause("A proven claim")
    assert texts(post) == ["First", "A claim", "A proven claim"]


def test_what_was_submitted_is_never_filled_again(cast, post):
    window = Window(cast.ana, post, "one")
    window.pause("Submitted")
    review.submit(cast.ana, post)
    review.request_changes(cast.rui, post, "Shorter")
    window.pause("Short")
    assert texts(post) == ["First", "Submitted", "Short"]
    assert post.status == "changes_requested"


@pytest.mark.parametrize("decided", [False, True], ids=["in review", "approved"])
def test_a_pause_calls_no_review_off_and_voids_no_approval(cast, post, decided):
    window = Window(cast.ana, post, "one")
    review.submit(cast.ana, post)
    if decided:
        review.approve(cast.rui, post, post.revision)
    status = post.status
    with pytest.raises(Conflict) as refused:
        window.pause("Another text")
    assert refused.value.code == "held"
    assert (post.status, texts(post)) == (status, ["First"])


def test_two_windows_never_overwrite_each_other(cast, post):
    hers, his = Window(cast.ana, post, "hers"), Window(cast.ben, post, "his")
    hers.pause("Hers")
    with pytest.raises(Stale) as refused:
        his.pause("His")
    assert refused.value.values["theirs"]["text"] == "Hers"
    second = Window(cast.ana, post, "her second")
    hers.pause("Hers, longer")
    with pytest.raises(Stale):
        second.pause("Hers, elsewhere")
    assert texts(post) == ["First", "Hers, longer"]


def test_a_text_that_was_filled_since_it_was_read_is_not_overwritten_by_a_save(cast, post):
    hers = Window(cast.ana, post, "hers")
    hers.pause("Her first words")
    his = Window(cast.ben, post, "his")
    hers.pause("Her last words")
    with pytest.raises(Stale):
        his.save("His")
    assert texts(post)[-1] == "Her last words"


def test_a_lost_answer_is_no_conflict(cast, post):
    window = Window(cast.ana, post, "one")
    window.lose_answer("Once")
    window.lose_answer("Twice")
    window.save("Thrice")
    assert texts(post) == ["First", "Twice", "Thrice"]


def test_who_may_not_write_autosaves_nothing(cast, post):
    with pytest.raises(NotFound):
        Window(cast.vic, post, "one").pause("Mine")
    assert texts(post) == ["First"]


def test_autosave_answers_what_the_page_has_read(ana, post):
    form = {"title": "T", "text": "둘", "version": 1, "base": post.head.hash, "page": "one"}
    told = ana.post(f"/posts/{post.id}/autosave", data=form).json
    assert (told["version"], told["base"]) == (post.version, post.head.hash)
    assert told["said"].startswith("Saved ")
    form |= {"text": "셋", "version": told["version"], "base": told["base"], "page": "two"}
    assert ana.post(f"/posts/{post.id}/autosave", data=form).status_code == 200
    late = ana.post(f"/posts/{post.id}/autosave", data=form | {"text": "넷", "page": "three"})
    assert (late.status_code, late.json["code"]) == (409, "stale")
    long = ana.post(f"/posts/{post.id}/autosave", data=form | {"text": "가" * 200_001})
    assert (long.status_code, long.json["code"]) == (422, "invalid")


def test_a_comparison_shows_both_and_escapes_them(ana, post):
    shown = ana.post(f"/posts/{post.id}/compare", data={"title": "T", "text": "<b>Second"}).text
    assert "<ins>&lt;b&gt;Second</ins>" in shown
    assert "<del>First</del>" in shown
    same = ana.post(f"/posts/{post.id}/compare", data={"title": "T", "text": "First\r\n"}).text
    assert "data-same" in same


def test_a_revision_comes_back_as_the_newest_one(ana, cast, post):
    Window(cast.ana, post, "one").save("Second")
    page = ana.get(f"/posts/{post.id}/revisions?from=1&to=2").text
    assert "Restore revision 1" in page
    ana.post(f"/posts/{post.id}/revisions", data={"number": 1})
    assert texts(post) == ["First", "Second", "First"]
    last = db.session.query(Event).order_by(Event.id.desc()).first()
    assert (last.verb, last.detail["restored"]) == ("edit", 1)
    assert ana.post(f"/posts/{post.id}/revisions", data={"number": 9}).status_code == 404


def test_a_revision_that_comes_back_into_an_approved_post_needs_a_new_approval(cast, post):
    Window(cast.ana, post, "one").save("Second")
    review.submit(cast.ana, post)
    review.approve(cast.rui, post, post.revision)
    copies.restore_revision(cast.ana, post, 1)
    assert (post.status, post.approved_hash) == ("draft", None)


def test_a_story_is_copied_with_its_posts_as_drafts_without_times(ana, cast, post):
    review.submit(cast.ana, post)
    answer = ana.post(f"/stories/{post.story_id}/duplicate")
    copy = service.get_story(cast.ana, int(answer.location.rpartition("/")[2]))
    assert (copy.title, copy.owner_id, copy.authors) == ("Together (copy)", cast.ana.id, [])
    (same,) = copy.posts
    assert (same.head.text, same.status, same.planned_at) == ("First", "draft", None)
    assert post.status == "in_review"


def test_a_copy_of_a_long_title_is_no_longer_than_a_title(cast):
    story = service.create_story(cast.ana, title="가" * 200)
    title = copies.duplicate(cast.ana, story).title
    assert len(title) == 200
    assert title.endswith("가 (copy)")


def test_an_archived_story_is_copied_with_the_posts_it_had(cast, post):
    shelving.archive(cast.ana, post.story)
    assert len(copies.duplicate(cast.ana, post.story).posts) == 1


def test_who_only_reads_copies_nothing(cast, post):
    with pytest.raises((NotAllowed, NotFound)):
        copies.duplicate(cast.vic, post.story)


def test_stories_are_archived_and_brought_back_from_the_list(ana, post):
    listed = ana.get("/stories?q=Together").text
    assert f'action="/stories/{post.story_id}/archive"' in listed
    done = ana.post(f"/stories/{post.story_id}/archive", data={"next": "/stories?q=Together"})
    assert done.location == "/stories?q=Together"
    shelf = ana.get("/stories?archived=1").text
    assert f'action="/stories/{post.story_id}/restore"' in shelf


def test_signed_in_again_tells_who_and_strangers_nothing(ana, client, cast):
    assert f'data-signed-in="{cast.ana.id}"' in ana.get("/signed-in").text
    assert client.get("/signed-in").location.startswith("/sign-in?")
