"""The pages of a review, as a browser without scripts uses them."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import event

from publisher.accounts import service as accounts
from publisher.accounts.models import Account
from publisher.extensions import db
from publisher.media import service as media
from publisher.people import service as people
from publisher.people.models import User
from publisher.stories import absences, approvals, comments, review, service, taking, waiting
from publisher.stories.models import Comment, Post
from publisher.stories.rules import Draft, MediaUse
from tests.features.sent_again import hidden_in
from tests.plugins.pictures import picture


@pytest.fixture
def blog(app) -> Account:
    return accounts.connect(None, kind="blog", slug="blog", label="Blog")


@pytest.fixture
def kim(cast) -> User:
    return people.add(None, "kim@example.com", "Kim", "editor")


@pytest.fixture
def write(cast, blog) -> Callable[..., Post]:
    """`write(title, text)`: Ana's post, submitted."""

    def go(title: str = "New", text: str = "The price is 10 won.") -> Post:
        story = service.create_story(cast.ana, title=title)
        made = service.add_post(cast.ana, story, blog, Draft(title=title, text=text))
        return review.submit(cast.ana, made)

    return go


@pytest.fixture
def post(write) -> Post:
    return write()


@pytest.fixture
def rui(app, cast, sign_in):
    return sign_in(app.test_client(), cast.rui)


@pytest.fixture
def ada(app, cast, sign_in):
    return sign_in(app.test_client(), cast.ada)


def words(page) -> str:
    """What the page itself says, without the bar above it."""
    main = page.text[page.text.index("<main") :]
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", main)).split())


def test_the_queue_says_how_long_it_waits_and_who_reads_it(rui, cast, kim, write, travel):
    first, second = write("First"), write("Second")
    travel(timedelta(hours=3))
    rui.post(f"/posts/{first.id}/take")
    taking.take(kim, second)
    said = words(rui.get("/review"))
    assert "Has waited 3 hours" in said
    assert "All 2 Mine to review 1 Nobody's yet 0 Kim 1" in said
    assert "You review this" in said
    assert "Second" not in words(rui.get("/review?who=mine"))
    assert "First" not in words(rui.get(f"/review?who={kim.id}"))
    assert "No waiting post is with this person." in words(rui.get("/review?who=free"))
    rui.post(f"/posts/{first.id}/give-back")
    assert waiting.holder(first) is None


def test_a_decision_leads_past_what_others_have_taken(rui, kim, write):
    first, second, third = write("First"), write("Second"), write("Third")
    taking.take(kim, second)
    done = rui.post(f"/posts/{first.id}/approve", data={"revision": 1})
    assert done.location == f"/review/{third.id}"
    sent = rui.post(f"/posts/{third.id}/request-changes", data={"reason": "Shorter"})
    assert sent.location == "/review"


def test_the_queue_takes_no_more_queries_for_more_posts(rui, cast, write):
    def queries() -> int:
        seen: list[str] = []

        def note(_connection, _cursor, statement, *_rest) -> None:
            seen.append(statement)

        event.listen(db.engine, "before_cursor_execute", note)
        try:
            assert rui.get("/review").status_code == 200
        finally:
            event.remove(db.engine, "before_cursor_execute", note)
        return len(seen)

    write("1")
    few = queries()
    for number in range(6):
        write(str(number))
    assert queries() <= few + 1


def test_the_second_approval_is_asked_for_and_the_rule_is_made_on_its_page(
    rui, ada, app, sign_in, kim, blog, post
):
    form = {"category_id": 0, "account_id": blog.id, "word": "price", "needed": 2}
    assert ada.post("/approval-rules", data=form).status_code == 302
    assert "“price”" in words(ada.get("/approval-rules"))
    assert rui.get("/approval-rules").status_code == 403

    assert "0 of 2 approvals" in words(rui.get(f"/review/{post.id}"))
    rui.post(f"/posts/{post.id}/approve", data={"revision": 1})
    page = rui.get(f"/review/{post.id}")
    assert "Your approval counts. 1 more is needed" in words(page)
    assert "You have approved this already." in words(page)
    assert f'action="/posts/{post.id}/approve"' not in page.text
    assert "Approved by Rui" in words(page)
    assert "1 of 2 approvals" in words(rui.get(f"/stories/{post.story_id}"))
    again = rui.post(f"/posts/{post.id}/approve", data={"revision": 1})
    assert again.status_code == 409

    second = sign_in(app.test_client(), kim)
    second.post(f"/posts/{post.id}/approve", data={"revision": 1})
    assert post.status == "approved"
    rule = approvals.all_rules()[0].id
    ada.post(f"/approval-rules/{rule}/remove")
    assert "No rules yet" in words(ada.get("/approval-rules"))


def test_a_rule_that_makes_no_sense_is_refused_and_stays_typed(ada, blog):
    form = {"category_id": 0, "account_id": 0, "word": "x" * 100, "needed": 2}
    page = ada.post("/approval-rules", data=form)
    assert page.status_code == 422
    assert "x" * 100 in page.text
    assert approvals.all_rules() == []


def test_an_edit_shows_whose_approval_no_longer_counts(rui, cast, blog, post):
    approvals.add_rule(None, needed=2)
    review.approve(cast.ada, post, 1)
    service.edit(cast.ana, post, Draft(title="New", text="Other"), version=post.version)
    said = words(rui.get(f"/review/{post.id}"))
    assert "Ada · Revision 1" in said
    assert "no longer counts since" in said


def test_an_editor_edits_and_another_one_decides(rui, cast, post):
    page = rui.get(f"/review/{post.id}")
    assert "Save for another editor" in words(page)
    form = {"version": post.version, "base": post.head.hash, "title": "New", "text": "12 won."}
    done = rui.post(f"/posts/{post.id}/touch-up", data=form)
    assert done.location == "/review"
    assert (post.status, post.head.text, post.head.author) == ("in_review", "12 won.", cast.rui)
    stale = rui.post(f"/posts/{post.id}/touch-up", data={**form, "text": "Mine"})
    assert stale.status_code == 409
    said = words(stale)
    assert "What saving yours would change" in said
    assert "12 won." in said
    assert post.head.text == "12 won."
    again = rui.post(f"/posts/{post.id}/touch-up", data={**form, "text": "Mine"})
    assert again.status_code == 409, "nothing is adopted by pressing once more"

    over = rui.post(f"/posts/{post.id}/touch-up", data=hidden_in(stale))
    assert over.status_code == 302
    assert post.head.text == "Mine"
    assert [each.text for each in post.revisions][-2] == "12 won."


def test_a_text_for_a_post_that_left_the_review_is_shown_to_copy(rui, cast, post):
    form = {"version": post.version, "base": post.head.hash, "title": "New", "text": "12 won."}
    review.request_changes(cast.ada, post, "Look again")
    here = {"Sec-Fetch-Site": "same-origin"}
    page = rui.post(f"/posts/{post.id}/touch-up", data=form, headers=here)
    assert page.status_code == 409
    assert "12 won." in page.text
    said = rui.post(f"/posts/{post.id}/request-changes", data={"reason": "No!"}, headers=here)
    assert said.status_code == 409
    assert "No!" in said.text


class TestWhereOnesOwnWordsMayBeApproved:
    @pytest.fixture
    def config(self, config):
        return replace(config, allow_self_approval=True)

    def test_an_editor_edits_and_approves_in_one_breath(self, rui, post):
        assert "Save and approve" in words(rui.get(f"/review/{post.id}"))
        form = {"version": post.version, "base": post.head.hash, "title": "New", "text": "12."}
        rui.post(f"/posts/{post.id}/touch-up", data=form)
        assert (post.status, post.approved_hash) == ("approved", post.head.hash)
        assert [each.revision.number for each in approvals.history(post)] == [2]


class TestWhereTouchUpsMayBeApproved:
    @pytest.fixture
    def config(self, config):
        return replace(config, allow_touch_up_approval=True)

    def test_an_editor_touches_up_and_approves_and_the_history_says_so(self, rui, post):
        page = words(rui.get(f"/review/{post.id}"))
        assert "Saving approves it at once." in page and "Save and approve" in page
        form = {"version": post.version, "base": post.head.hash, "title": "New", "text": "12."}
        rui.post(f"/posts/{post.id}/touch-up", data=form)
        assert (post.status, post.approved_hash) == ("approved", post.head.hash)
        page = words(rui.get(f"/stories/{post.story_id}/activity"))
        assert "touched up and approved by the same person" in page

    def test_it_can_be_taken_back_and_approved_again_but_what_one_wrote_cannot(
        self, cast, rui, post
    ):
        form = {"version": post.version, "base": post.head.hash, "title": "New", "text": "12."}
        rui.post(f"/posts/{post.id}/touch-up", data=form)
        rui.post(f"/posts/{post.id}/take-back", data={"revision": 2})
        assert post.status == "in_review" and review.may_decide(cast.rui, post)
        assert [each.decides for each in waiting.waiting(cast.rui)] == [True]
        service.edit(cast.rui, post, Draft(title="New", text="Rui's own"), version=post.version)
        review.submit(cast.ana, post)
        assert not review.may_decide(cast.rui, post) and review.may_decide(cast.ada, post)
        assert [each.decides for each in waiting.waiting(cast.rui)] == [False]


def test_an_editor_reads_who_has_to_approve_before_they_edit(cast, rui, ada, post):
    page = words(rui.get(f"/review/{post.id}"))
    assert "Another editor has to approve your edit" in page and "Who can: Ada" in page
    people.deactivate(None, cast.rui)
    page = words(ada.get(f"/review/{post.id}"))
    assert "Nobody else could approve your edit" in page
    assert "PUBLISHER_ALLOW_TOUCH_UP_APPROVAL" in page


def test_what_has_changed_is_shown_for_links_pictures_and_descriptions(rui, cast, blog):
    story = service.create_story(cast.ana, title="New")
    one, two = (
        media.upload(cast.ana, f"{n}.png", picture(size=(40 * n, 40)), f"P{n}") for n in (1, 2)
    )
    old = Draft(title="T", text="Text", media=(MediaUse(one.id, "A factory"),))
    made = service.add_post(cast.ana, story, blog, old)
    review.submit(cast.ana, made)
    review.approve(cast.rui, made, 1)
    new = replace(
        old,
        title="Title",
        media=(MediaUse(one.id, "A white factory"), MediaUse(two.id, "A robot")),
    )
    service.edit(cast.ana, made, new, version=made.version)
    review.submit(cast.ana, made)
    page = rui.get(f"/review/{made.id}")
    assert "A <ins>white </ins>factory" in page.text
    assert "Picture added" in words(page)
    assert "Description changed" in words(page)
    assert "<del>T</del><ins>Title</ins>" in page.text
    alone = rui.get(f"/review/{made.id}?since=nothing")
    assert "<ins>" not in alone.text


def test_before_the_first_approval_the_first_submission_is_compared_with(rui, cast, post):
    assert "Changes since" not in words(rui.get(f"/review/{post.id}"))
    review.request_changes(cast.rui, post, "Name it")
    service.edit(cast.ana, post, Draft(title="New", text="It is 10 won."), version=post.version)
    review.submit(cast.ana, post)
    page = rui.get(f"/review/{post.id}")
    assert "Changes since it was first submitted" in words(page)
    assert "<ins>It</ins>" in page.text


def test_a_comment_marks_its_words_until_it_is_settled(rui, cast, post):
    form = {"text": "Which one, @Ana?", "quote": "price is", "quote_at": "4"}
    done = rui.post(f"/posts/{post.id}/comments", data=form)
    said = db.session.query(Comment).one()
    assert done.location == f"/review/{post.id}#comment-{said.id}"
    page = rui.get(f"/review/{post.id}").text
    assert (
        f'<a class="passage" href="#comment-{said.id}" id="passage-{said.id}">price is</a>' in page
    )
    back = f"/review/{post.id}#comments"
    settled = rui.post(f"/comments/{said.id}/resolve", data={"done": "yes", "next": back})
    assert settled.location == back
    rui.post(f"/comments/{said.id}/resolve", data={"done": "yes"})
    assert said.resolved_at is not None
    assert "passage-" not in rui.get(f"/review/{post.id}").text
    service.edit(cast.ana, post, Draft(title="New", text="10 won."), version=post.version)
    assert "The passage has changed since." in words(rui.get(f"/stories/{post.story_id}"))


def test_words_that_are_not_there_are_refused_and_what_was_typed_stays(rui, post):
    page = rui.post(f"/posts/{post.id}/comments", data={"text": "Hm?", "quote": "nowhere"})
    assert page.status_code == 422
    assert "These words are not in the text." in words(page)
    assert "Hm?" in page.text
    story = rui.post(
        f"/stories/{post.story_id}/comments", data={"text": "Hm?", "quote": "price", "post_id": 0}
    )
    assert story.status_code == 422
    assert "Choose the post that these words are in." in words(story)
    assert db.session.query(Comment).count() == 0


def test_one_learns_whom_a_mention_did_not_reach(rui, cast, post):
    rui.post(f"/posts/{post.id}/comments", data={"text": "@Ben, look"})
    assert "was not told: Ben" in words(rui.get(f"/review/{post.id}"))


def test_open_comments_are_counted_beside_the_decision(rui, cast, post):
    comments.comment(cast.ada, post.story, "Hm", post)
    assert "1 open comment" in words(rui.get(f"/review/{post.id}"))


def test_an_editor_says_who_stands_in_and_comes_back(rui, kim):
    day = absences.today(kim)
    form = {"delegate_id": kim.id, "first": day.isoformat(), "last": day.isoformat()}
    assert rui.post("/review/away", data=form).status_code == 302
    assert "Kim" in words(rui.get("/review/away"))
    again = rui.post("/review/away", data=form)
    assert again.status_code == 422
    assert "You are away on some of these days already." in words(again)
    assert rui.post("/review/away", data={**form, "last": ""}).status_code == 422
    rui.post("/absences/1/end")
    assert "You are here." in words(rui.get("/review/away"))


def test_approving_a_whole_story_says_what_somebody_else_has_to_approve_too(
    cast, write, blog, rui
) -> None:
    page = {"page_id": "1", "page_token": "page-token-1"}
    notes = accounts.connect(None, kind="facebook", slug="n", label="Notes", credentials=page)
    first = write()
    story = first.story
    second = review.submit(
        cast.ana, service.add_post(cast.ana, story, notes, Draft(title="B", text="B"))
    )
    approvals.add_rule(None, needed=2, account_id=notes.id)
    sent = {f"revision-{post.id}": post.revision for post in (first, second)}
    path = f"/stories/{story.id}/approve"

    page = rui.post(path, data=sent, follow_redirects=True).text

    assert "Approved: 1 post." in page
    assert "Somebody else has to approve these, too: Notes." in page
    assert path not in page  # there is nothing left for this editor
    db.session.expire_all()
    assert (first.status, second.status) == ("approved", "in_review")
