"""Reviewing: who decides, on which words, and who is told."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from publisher.accounts import service as accounts
from publisher.accounts.models import Account
from publisher.errors import Conflict, Invalid, NotAllowed, NotFound, Stale
from publisher.extensions import db
from publisher.notices.models import Notice
from publisher.people.models import User
from publisher.stories import comments, queries, review, service, shelving
from publisher.stories.models import Approval, Comment, Post, Story
from publisher.stories.rules import Draft


@pytest.fixture
def blog(app) -> Account:
    return accounts.connect(None, kind="blog", slug="blog", label="Blog")


@pytest.fixture
def story(cast) -> Story:
    return service.create_story(cast.ana, title="New", author_ids=[cast.ben.id])


@pytest.fixture
def post(cast, story, blog) -> Post:
    return service.add_post(cast.ana, story, blog, Draft(title="New", text="Hello"))


@pytest.fixture
def submitted(cast, post) -> Post:
    return review.submit(cast.ana, post)


def told(person) -> list[str]:
    return [notice.kind for notice in db.session.query(Notice).filter_by(user_id=person.id)]


def rewrite(actor, post: Post, text: str) -> Post:
    return service.edit(actor, post, Draft(title="New", text=text), version=post.version)


def test_an_approval_names_the_hash_of_the_words_that_were_read(submitted, cast):
    approval = review.approve(cast.rui, submitted, 1)
    assert submitted.status == "approved"
    assert submitted.approved_hash == approval.hash == submitted.head.hash
    assert (approval.approver, approval.revision) == (cast.rui, submitted.head)
    assert approval.voided_at is None


def test_words_that_changed_since_they_were_read_are_not_approved(submitted, cast):
    rewrite(cast.ben, submitted, "Other words")
    review.submit(cast.ben, submitted)
    with pytest.raises(Stale) as refused:
        review.approve(cast.rui, submitted, 1)
    assert refused.value.values["revision"] == 2
    assert submitted.approved_hash is None
    review.approve(cast.rui, submitted, 2)


def test_only_what_is_in_review_is_approved(post, cast):
    with pytest.raises(Conflict):
        review.approve(cast.rui, post, 1)
    review.submit(cast.ana, post)
    review.approve(cast.rui, post, 1)
    with pytest.raises(Conflict):
        review.approve(cast.ada, post, 1)
    assert db.session.query(Approval).count() == 1


def test_authors_do_not_decide(submitted, cast):
    for author in (cast.ana, cast.ben):
        with pytest.raises(NotAllowed):
            review.approve(author, submitted, 1)
        with pytest.raises(NotAllowed):
            review.request_changes(author, submitted, "No")
    with pytest.raises(NotFound):
        review.approve(cast.vic, submitted, 1)


def test_an_editor_who_wrote_any_revision_may_not_approve_it(post, cast):
    rewrite(cast.rui, post, "Rui's touch")
    rewrite(cast.ana, post, "Ana's last word")
    review.submit(cast.ana, post)
    assert not review.may_decide(cast.rui, post)
    with pytest.raises(NotAllowed) as refused:
        review.approve(cast.rui, post, post.revision)
    assert refused.value.code == "own_post"
    review.approve(cast.ada, post, post.revision)


def test_an_editor_may_not_approve_a_story_of_their_own_that_somebody_else_wrote(cast, blog):
    story = service.create_story(cast.rui, title="Rui's", author_ids=[cast.ben.id])
    post = service.add_post(cast.ben, story, blog, Draft(title="T", text="By Ben"))
    review.submit(cast.ben, post)
    assert not review.may_decide(cast.rui, post)
    assert review.may_decide(cast.ada, post)


class TestWhereTheInstallationAllowsIt:
    @pytest.fixture
    def config(self, config):
        return replace(config, allow_self_approval=True)

    def test_an_editor_approves_their_own_words(self, cast, blog):
        story = service.create_story(cast.rui, title="Rui's")
        post = service.add_post(cast.rui, story, blog, Draft(title="T", text="By Rui"))
        review.submit(cast.rui, post)
        review.approve(cast.rui, post, 1)
        assert post.status == "approved"

    def test_an_author_still_does_not(self, submitted, cast):
        with pytest.raises(NotAllowed):
            review.approve(cast.ana, submitted, 1)


def test_a_problem_that_came_up_since_it_was_submitted_stops_the_approval(story, post, cast):
    keys = ("consumer_key", "consumer_secret", "access_token", "access_token_secret")
    x = accounts.connect(None, kind="twitter", slug="x", credentials=dict.fromkeys(keys, "k"))
    tweet = service.add_post(cast.ana, story, x, Draft(text="Read {blog}"))
    review.submit(cast.ana, tweet)
    shelving.archive_post(cast.ana, post)
    with pytest.raises(Invalid, match="no post of this story"):
        review.approve(cast.rui, tweet, 1)


def test_changes_are_requested_with_a_reason_that_stays_with_the_revision(submitted, cast):
    with pytest.raises(Invalid) as refused:
        review.request_changes(cast.rui, submitted, "  \n ")
    assert "reason" in refused.value.fields
    assert submitted.status == "in_review"

    review.request_changes(cast.rui, submitted, "Name the price.")
    said = db.session.query(Comment).one()
    assert (said.text, said.request, said.revision_id) == (
        "Name the price.",
        True,
        submitted.head.id,
    )
    assert submitted.status == "changes_requested"
    rewrite(cast.ana, submitted, "It costs 10.")
    assert submitted.status == "changes_requested"
    review.submit(cast.ana, submitted)
    assert submitted.status == "in_review"


def test_the_people_concerned_are_told_and_not_the_one_who_did_it(submitted, cast):
    assert told(cast.rui) == told(cast.ada) == ["review_requested"]
    assert told(cast.ana) == told(cast.eve) == []
    review.request_changes(cast.rui, submitted, "Shorter.")
    assert told(cast.ana) == told(cast.ben) == ["changes_requested"]
    review.submit(cast.ana, submitted)
    review.approve(cast.rui, submitted, 1)
    assert told(cast.ana) == ["changes_requested", "approved"]


def test_a_story_is_submitted_whole_or_not_at_all(story, post, blog, cast):
    page = {"page_id": "1", "page_token": "page-token-1"}
    other = accounts.connect(None, kind="facebook", slug="p", label="Second", credentials=page)
    empty = service.add_post(cast.ana, story, other, Draft(title="No text yet"))
    with pytest.raises(Invalid, match="Second: There is no text yet"):
        review.submit_story(cast.ana, story)
    assert {post.status, empty.status} == {"draft"}
    service.edit(cast.ana, empty, Draft(title="T", text="Text"), version=1)
    assert review.submit_story(cast.ana, story) == [post, empty]
    assert told(cast.rui) == ["review_requested"]
    with pytest.raises(Conflict):
        review.submit_story(cast.ana, story)


def test_the_queue_is_ordered_by_the_time_to_go_out_and_the_undated_come_last(cast, blog, travel):
    from datetime import timedelta

    from publisher import clock

    def waiting(title: str, hours: int | None) -> Post:
        story = service.create_story(cast.ana, title=title)
        at = clock.now() + timedelta(hours=hours) if hours else None
        post = service.add_post(
            cast.ana, story, blog, Draft(title=title, text="T"), planned_at=at, zone="UTC"
        )
        return review.submit(cast.ana, post)

    for title, hours in (("undated", None), ("later", 9), ("soon", 1), ("between", 5)):
        waiting(title, hours)
    assert [post.story.title for post in queries.review_queue()] == [
        "soon",
        "between",
        "later",
        "undated",
    ]


def test_comments_are_for_those_who_see_the_story_and_can_be_settled(story, post, cast):
    said = comments.comment(cast.ben, story, "Shall we name the price?", post)
    assert said.revision_id == post.head.id
    assert told(cast.ana) == ["comment"]
    with pytest.raises(NotFound):
        comments.comment(cast.vic, story, "Hello")
    with pytest.raises(NotFound):
        comments.get_comment(cast.vic, said.id)
    with pytest.raises(Invalid):
        comments.comment(cast.ana, story, "   ")
    assert comments.resolve(cast.ana, said).resolved_at is not None
    assert comments.resolve(cast.ana, said).resolved_at is None


def test_a_comment_cannot_be_hung_on_another_storys_post(story, post, cast):
    other = service.create_story(cast.ana, title="Other")
    with pytest.raises(NotFound):
        comments.comment(cast.ana, other, "Hello", post)


def test_the_last_approved_revision_is_what_a_reviewer_compares_with(submitted, cast):
    assert review.last_approved(submitted) is None
    review.approve(cast.rui, submitted, 1)
    rewrite(cast.ana, submitted, "Second")
    rewrite(cast.ana, submitted, "Third")
    review.submit(cast.ana, submitted)
    assert review.last_approved(submitted).number == 1


def test_drafting_reviewing_and_finding_work_on_both_databases(database_url, cast, blog):
    story = service.create_story(cast.ana, title="두 데이터베이스", author_ids=[cast.ben.id])
    post = service.add_post(cast.ana, story, blog, Draft(title="T", text="100% Text"))
    read = post.version
    rewrite(cast.ben, post, "Ben's 100%")
    with pytest.raises(Stale):
        service.edit(cast.ana, post, Draft(title="T", text="Ana's"), version=read)
    review.submit(cast.ana, post)
    assert list(queries.review_queue()) == [post]
    review.approve(cast.rui, post, post.revision)
    rewrite(cast.ana, post, "Once more, 100%")
    assert (post.status, post.approved_hash) == ("draft", None)
    found = queries.stories(cast.ben, queries.Filters(text="데이터 100%", status="draft"))
    assert found.items == [story]
    shelving.archive(cast.ana, story)
    assert queries.stories(cast.ben).total == 0


def test_of_many_who_save_at_the_same_instant_one_wins_and_nothing_is_overwritten(
    database_url, app, cast, post
):
    people = [person.id for person in (cast.ana, cast.ben, cast.rui, cast.ada)]
    post_id, start, outcomes = post.id, threading.Barrier(len(people)), []

    def write(person_id: int) -> None:
        with app.app_context():
            person, mine = db.session.get(User, person_id), db.session.get(Post, post_id)
            start.wait(10)
            try:
                draft = Draft(title="New", text=f"By {person_id}")
                service.edit(person, mine, draft, version=1)
                outcomes.append("saved")
            except Stale as refused:
                outcomes.append(refused.values["mine"]["text"])

    writers = [threading.Thread(target=write, args=(person_id,)) for person_id in people]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(30)
    db.session.rollback()
    assert outcomes.count("saved") == 1
    assert len(outcomes) == len(people)
    assert [revision.number for revision in post.revisions] == [1, 2]
