"""Reviewing together: who reads what, how many approve, what comments speak of, what expires."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from publisher import clock
from publisher.accounts import service as accounts
from publisher.accounts.models import Account
from publisher.deliveries import service as deliveries
from publisher.errors import Conflict, Invalid, NotAllowed, NotFound, Stale
from publisher.extensions import db
from publisher.media import service as media
from publisher.notices.models import Notice
from publisher.people import service as people
from publisher.people.models import Event, User
from publisher.stories import (
    approvals,
    assigning,
    categories,
    comparing,
    review,
    reviewing,
    service,
    taking,
    waiting,
)
from publisher.stories.models import Approval, Post, Story, Taken
from publisher.stories.rules import Draft, MediaUse
from tests.plugins.pictures import picture


@pytest.fixture
def blog(app) -> Account:
    return accounts.connect(None, kind="blog", slug="blog", label="Blog")


@pytest.fixture
def kim(cast) -> User:
    """A second editor."""
    return people.add(None, "kim@example.com", "Kim", "editor")


@pytest.fixture
def story(cast) -> Story:
    return service.create_story(cast.ana, title="New")


@pytest.fixture
def post(cast, story, blog) -> Post:
    made = service.add_post(cast.ana, story, blog, Draft(title="New", text="The price is 10 won."))
    return review.submit(cast.ana, made)


def rewrite(actor, post: Post, text: str) -> Post:
    return service.edit(actor, post, Draft(title="New", text=text), version=post.version)


def told(person) -> list[str]:
    return [notice.kind for notice in db.session.query(Notice).filter_by(user_id=person.id)]


def verbs(post: Post) -> list[str]:
    events = db.session.query(Event).filter_by(subject="post", subject_id=post.id)
    return [event.verb for event in events.order_by(Event.id)]


class TestQueue:
    def test_it_says_who_reads_what_and_whose_own_words_these_are(self, cast, kim, post, blog):
        own = service.create_story(cast.rui, title="Rui's")
        mine = service.add_post(cast.rui, own, blog, Draft(title="T", text="By Rui"))
        review.submit(cast.rui, mine)
        taking.take(kim, post)
        line = {each.post.id: each for each in waiting.waiting(cast.rui)}
        assert (line[mine.id].own, line[mine.id].decides, line[mine.id].open) == (
            True,
            False,
            False,
        )
        assert (line[post.id].taken_by, line[post.id].open) == (kim, False), "Kim reads it"
        of_kim = {each.post.id: each for each in waiting.waiting(kim)}
        assert of_kim[post.id].mine
        assert of_kim[post.id].open
        assert [(load.person, load.count) for load in waiting.loads(line.values())] == [
            (None, 1),
            (kim, 1),
        ]

    def test_the_next_one_is_the_next_that_waits_for_this_editor(self, cast, kim, story, blog):
        made = [
            review.submit(
                cast.ana, service.add_post(cast.ana, story, blog, Draft(title="T", text=str(n)))
            )
            for n in range(4)
        ]
        taking.take(kim, made[2])
        ahead = waiting.after(waiting.waiting(cast.rui), made[1])
        assert ahead == [made[3].id, made[0].id], "round to the beginning, without Kim's"
        review.approve(cast.ada, made[3], 1)
        assert waiting.still_waiting(ahead) == made[0].id
        review.approve(cast.ada, made[0], 1)
        assert waiting.still_waiting(ahead) is None

    def test_what_one_editor_reads_is_given_to_another_and_given_back(self, cast, kim, post):
        taking.take(cast.rui, post)
        taking.take(cast.rui, post)
        taking.take(kim, post)
        assert waiting.holder(post) == kim
        taking.give_back(cast.rui, post)
        assert waiting.holder(post) is None
        assert verbs(post)[-3:] == ["take", "take", "give_back"]

    def test_a_reviewer_keeps_a_post_that_comes_back_and_alone_is_told(self, cast, kim, post):
        taking.take(kim, post)
        review.request_changes(cast.rui, post, "Shorter")
        before = told(cast.rui).count("review_requested")
        review.submit(cast.ana, post)
        assert told(kim)[-1] == "review_requested"
        assert told(cast.rui).count("review_requested") == before
        review.approve(kim, post, 1)
        assert db.session.query(Taken).count() == 0

    def test_only_editors_take_and_only_what_is_in_review(self, cast, kim, post):
        with pytest.raises(NotAllowed):
            taking.take(cast.ana, post)
        with pytest.raises(NotFound):
            taking.take(cast.ben, post)
        review.approve(cast.rui, post, 1)
        with pytest.raises(Conflict):
            taking.take(kim, post)


class TestComparing:
    def test_a_first_version_has_nothing_to_compare_with(self, post):
        assert comparing.bases(post) == []

    def test_before_the_first_approval_it_is_compared_with_what_was_submitted(self, cast, post):
        review.request_changes(cast.rui, post, "Shorter")
        rewrite(cast.ana, post, "Second")
        review.submit(cast.ana, post)
        review.request_changes(cast.rui, post, "Shorter still")
        rewrite(cast.ana, post, "Third")
        review.submit(cast.ana, post)
        found = [(base.why, base.revision.number) for base in comparing.bases(post)]
        assert found == [("submitted", 1), ("sent_back", 2)]

    def test_after_it_with_the_last_approval(self, cast, post):
        review.approve(cast.rui, post, 1)
        rewrite(cast.ana, post, "Second")
        review.submit(cast.ana, post)
        assert [base.why for base in comparing.bases(post)] == ["approved"]


class TestSeveralApprovals:
    @pytest.fixture(autouse=True)
    def two(self, cast, story, blog) -> None:
        approvals.add_rule(cast.ada, needed=2, account_id=blog.id)

    def test_the_second_editor_approves_it_and_nobody_counts_twice(self, cast, kim, post):
        first = review.approve(cast.rui, post, 1)
        assert (post.status, post.approved_hash, first.complete) == ("in_review", None, False)
        assert approvals.standing(post).by == (cast.rui,)
        with pytest.raises(Conflict) as refused:
            review.approve(cast.rui, post, 1)
        assert refused.value.code == "approved_already"
        assert review.last_approved(post) is None, "half an approval is none to compare with"
        review.approve(kim, post, 1)
        assert (post.status, post.approved_hash) == ("approved", post.head.hash)
        assert told(cast.ana) == ["approved"]
        assert verbs(post)[-2:] == ["approve_in_part", "approve"]

    def test_it_goes_on_the_calendar_with_the_last_approval_at_the_time_of_the_first(
        self, cast, kim, post
    ):
        at = (clock.now() + timedelta(days=1)).replace(microsecond=0)
        deliveries.approve(cast.rui, post, 1, at, "Asia/Seoul")
        assert (post.planned_at, post.delivery_status) == (at, None)
        deliveries.approve(kim, post, 1)
        assert (post.delivery_status, post.due_at) == ("scheduled", at)

    def test_an_edit_voids_what_was_given_and_says_whose(self, cast, kim, post):
        review.approve(cast.rui, post, 1)
        rewrite(cast.ana, post, "Other words")
        event = db.session.query(Event).filter_by(verb="edit").one()
        assert event.detail["voided"] == ["Rui"]
        review.submit(cast.ana, post)
        assert approvals.standing(post).missing == 2
        assert [each.voided_at is not None for each in approvals.history(post)] == [True]
        review.approve(cast.rui, post, 2)
        review.approve(kim, post, 2)
        assert post.status == "approved"

    def test_sending_it_back_voids_what_was_given(self, cast, kim, post):
        review.approve(cast.rui, post, 1)
        review.request_changes(kim, post, "Name the source")
        review.submit(cast.ana, post)
        assert approvals.standing(post).by == ()

    def test_who_is_no_editor_any_more_does_not_count(self, cast, kim, post):
        review.approve(kim, post, 1)
        people.deactivate(cast.ada, kim)
        assert approvals.standing(post).missing == 2

    def test_a_rule_that_is_gone_asks_for_nothing(self, cast, post):
        review.approve(cast.rui, post, 1)
        approvals.remove_rule(cast.ada, approvals.all_rules()[0].id)
        review.approve(cast.rui, post, 1)
        assert post.status == "approved"

    def test_the_queue_says_what_is_missing_and_goes_past_what_one_has_done(self, cast, kim, post):
        review.approve(cast.rui, post, 1)
        assert approvals.left_to_others(cast.rui, [post]) == {post.id}
        assert approvals.left_to_others(kim, [post]) == set()
        mine, other = waiting.waiting(cast.rui)[0], waiting.waiting(kim)[0]
        assert (mine.done, mine.open, mine.needed, mine.approved_by) == (
            True,
            False,
            2,
            (cast.rui,),
        )
        assert other.open


def test_a_risky_word_or_a_category_asks_for_more(cast, story, post):
    news = categories.add_category(cast.ada, slug="news", name_ko="소식", name_en="News")
    approvals.add_rule(cast.ada, needed=2, word="price")
    approvals.add_rule(cast.ada, needed=3, category_id=news.id)
    assert approvals.needed(post) == 2
    rewrite(cast.ana, post, "Priceless")
    assert approvals.needed(post) == 1
    service.update_story(
        cast.ana, story, version=1, title="New", brief="", category_id=news.id, campaign="",
        language="en", deadline=None, author_ids=(),
    )  # fmt: skip
    assert approvals.needed(post) == 3


def test_an_author_takes_no_approved_post_into_another_category(cast, story, post):
    news = categories.add_category(cast.ada, slug="news", name_ko="소식", name_en="News")
    review.approve(cast.rui, post, 1)
    outcome = assigning.change_all(cast.ana, [story], category_id=news.id)
    assert (outcome.done, outcome.refused[0][0], story.category) == (0, "New", None)
    assert assigning.change_all(cast.ana, [story], campaign="Spring").done == 1
    assert assigning.change_all(cast.rui, [story], category_id=news.id).done == 1


def test_only_administrators_make_rules_and_only_sensible_ones(cast, blog):
    with pytest.raises(NotAllowed):
        approvals.add_rule(cast.rui, needed=2)
    for wrong in ({"needed": 1}, {"needed": 6}, {"needed": 2, "account_id": 99}):
        with pytest.raises(Invalid):
            approvals.add_rule(cast.ada, **wrong)
    rule = approvals.add_rule(cast.ada, needed=2)
    with pytest.raises(NotAllowed):
        approvals.remove_rule(cast.rui, rule.id)
    approvals.remove_rule(cast.ada, rule.id)
    with pytest.raises(NotFound):
        approvals.remove_rule(cast.ada, rule.id)


class TestExpiry:
    @pytest.fixture
    def config(self, config):
        return replace(config, approval_days=30)

    def test_what_found_no_time_for_too_long_waits_for_a_decision_again(self, cast, post, travel):
        review.approve(cast.rui, post, 1)
        travel(timedelta(days=29))
        approvals.expire_old({})
        assert post.status == "approved"
        assert approvals.expires_at(post) > clock.now()
        travel(timedelta(days=2))
        approvals.expire_old({})
        assert (post.status, post.approved_hash) == ("in_review", None)
        assert told(cast.ana)[-1] == "approval_expired"
        assert told(cast.rui)[-1] == "review_requested"
        review.approve(cast.rui, post, 1)
        assert post.status == "approved"

    def test_what_stands_on_the_calendar_keeps_its_approval(self, cast, post, travel):
        at = clock.now() + timedelta(days=60)
        deliveries.approve(cast.rui, post, 1, at, "UTC")
        travel(timedelta(days=40))
        approvals.expire_old({})
        assert (post.status, post.delivery_status) == ("approved", "scheduled")
        assert approvals.expires_at(post) is None
        deliveries.cancel(cast.rui, post)
        approvals.expire_old({})
        assert post.shown_status == "cancelled", "somebody took it off on purpose"

    def test_an_old_approval_that_was_renewed_is_not_old(self, cast, post, travel):
        review.approve(cast.rui, post, 1)
        travel(timedelta(days=31))
        rewrite(cast.ana, post, "Other words")
        review.submit(cast.ana, post)
        review.approve(cast.rui, post, 2)
        approvals.expire_old({})
        assert post.status == "approved"


class TestTouchUp:
    def touch(self, actor, post: Post, text: str = "The price is 12 won.") -> None:
        review.touch_up(actor, post, Draft(title="New", text=text), version=post.version)

    def test_the_author_is_told_the_others_are_asked_and_another_editor_decides(
        self, cast, kim, post, travel
    ):
        since = post.submitted_at
        travel(timedelta(hours=2))
        self.touch(cast.rui, post)
        assert (post.status, post.revision, post.submitted_at) == ("in_review", 2, since)
        assert told(cast.ana) == ["edited"]
        assert told(kim)[-1] == "review_requested"
        assert verbs(post)[-2:] == ["edit", "submit"]
        with pytest.raises(NotAllowed) as refused:
            review.approve(cast.rui, post, 2)
        assert refused.value.code == "own_post"
        review.approve(kim, post, 2)

    def test_it_voids_nothing_silently(self, cast, kim, post, blog):
        approvals.add_rule(cast.ada, needed=2)
        review.approve(kim, post, 1)
        self.touch(cast.rui, post)
        event = db.session.query(Event).filter_by(verb="edit").one()
        assert event.detail["voided"] == ["Kim"]
        assert db.session.query(Approval).one().voided_at is not None

    def test_words_with_a_problem_are_not_kept_and_unchanged_ones_are_no_revision(self, cast, post):
        with pytest.raises(Invalid):
            self.touch(cast.rui, post, "")
        assert (post.status, post.revision) == ("in_review", 1)
        self.touch(cast.rui, post, "The price is 10 won.")
        assert (post.status, post.revision) == ("in_review", 1)

    def test_what_the_form_does_not_show_has_to_be_what_was_read_too(self, cast, post):
        words, read = Draft(title="New", text="The price is 10 won."), post.head.hash
        other = media.upload(cast.ana, "new.png", picture(), "New")
        swapped = replace(words, media=(MediaUse(other.id, "New"),))
        service.edit(cast.ana, post, swapped, version=post.version)
        review.submit(cast.ana, post)
        with pytest.raises(Stale) as refused:
            review.touch_up(cast.rui, post, swapped, version=1, base=read)
        assert refused.value.values["base"] == post.head.hash
        with pytest.raises(Stale):
            review.touch_up(cast.rui, post, swapped, version=1)

    def test_saved_for_another_editor_it_is_approved_by_nobody(self, cast, post):
        same = post.head.draft
        reviewing.touch_up_and_approve(cast.rui, post, same, version=post.version, base=None)
        assert (post.status, post.revision) == ("in_review", 1)

    def test_it_is_for_editors_and_for_what_is_in_review(self, cast, kim, post):
        with pytest.raises(NotAllowed):
            self.touch(cast.ana, post)
        review.approve(kim, post, 1)
        with pytest.raises(Conflict):
            self.touch(cast.rui, post)
