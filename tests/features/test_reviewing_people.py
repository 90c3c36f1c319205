"""What reviewers say of passages and to whom, and who stands in for them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from publisher.accounts import service as accounts
from publisher.accounts.models import Account
from publisher.errors import Conflict, Invalid, NotAllowed, NotFound
from publisher.extensions import db
from publisher.notices.models import Notice
from publisher.people import service as people
from publisher.people.models import User
from publisher.stories import (
    absences,
    comments,
    review,
    service,
    taking,
    waiting,
)
from publisher.stories.models import Comment, Post, Story
from publisher.stories.rules import Draft


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


class TestComments:
    def test_a_comment_speaks_of_a_passage_also_when_the_text_around_it_changes(self, cast, post):
        said = comments.comment(
            cast.rui, post.story, "Which price?", post, quote="price  is", near=4
        )
        assert (said.quote, said.quote_at, said.revision_id) == ("price is", 4, post.head.id)
        rewrite(cast.ana, post, "From today on the price is 12 won.")
        where = comments.anchored(post, [said])[0]
        assert post.head.text[where.start : where.end] == "price is"
        assert comments.lost([said]) == set()
        rewrite(cast.ana, post, "It costs 12 won.")
        assert comments.anchored(post, [said]) == []
        assert comments.lost([said]) == {said.id}

    def test_only_words_that_stand_there_are_quoted(self, cast, post):
        for wrong in ({"quote": "not there"}, {"quote": "x" * 600}):
            with pytest.raises(Invalid) as refused:
                comments.comment(cast.rui, post.story, "What?", post, **wrong)
            assert "quote" in refused.value.fields
        with pytest.raises(Invalid):
            comments.comment(cast.rui, post.story, "What?", quote="price")
        assert db.session.query(Comment).count() == 0

    def test_settling_twice_settles_once(self, cast, post):
        said = comments.comment(cast.rui, post.story, "Which price?", post)
        comments.resolve(cast.ana, said, done=True)
        at = said.resolved_at
        assert comments.resolve(cast.rui, said, done=True).resolved_at == at
        assert comments.resolve(cast.rui, said, done=False).resolved_at is None

    def test_who_is_called_by_name_is_told_where_and_others_are_not(self, cast, kim, post):
        said = comments.comment(cast.rui, post.story, "@Kim님, @ana — is this right?", post)
        assert told(kim)[-1] == "mention"
        assert told(cast.ana) == ["mention"], "not a second time as the owner"
        assert told(cast.ada) == ["review_requested"]
        notice = db.session.query(Notice).filter_by(user_id=kim.id, kind="mention").one()
        assert notice.path == f"/stories/{post.story_id}?post={post.id}#comment-{said.id}"

    def test_who_cannot_open_the_story_is_told_nothing_and_one_learns_so(self, cast, post):
        said = comments.comment(cast.rui, post.story, "@Ben and @Eve, look", post)
        assert told(cast.ben) == told(cast.eve) == []
        assert comments.unreached(said) == [cast.ben]


class TestAway:
    def today(self, person, days: int = 0):
        return absences.today(person) + timedelta(days=days)

    def test_review_news_and_what_was_taken_go_to_who_stands_in(self, cast, kim, post, travel):
        taking.take(kim, post)
        absences.add(kim, cast.rui.id, self.today(kim), self.today(kim, 2))
        before = told(cast.ada).count("review_requested")
        review.request_changes(cast.rui, post, "Shorter")
        review.submit(cast.ana, post)
        assert told(kim).count("review_requested") == 2
        assert told(cast.rui).count("review_requested") == 2
        assert told(cast.ada).count("review_requested") == before
        mine = waiting.waiting(cast.rui)[0]
        assert (mine.mine, mine.stands_in, mine.open) == (False, True, True)
        assert waiting.chosen([mine], waiting.MINE, cast.rui) == [mine]
        travel(timedelta(days=4))
        assert not waiting.waiting(cast.rui)[0].stands_in, "Kim is back"

    def test_who_stands_in_for_a_delegate_that_is_away_too_is_found(self, cast, kim):
        day = self.today(kim)
        absences.add(kim, cast.rui.id, day, day)
        absences.add(cast.rui, cast.ada.id, day, day)
        assert absences.delegates() == {kim.id: cast.ada, cast.rui.id: cast.ada}
        absences.add(cast.ada, kim.id, day, day)
        assert absences.delegates() == {}, "nobody is left"

    def test_one_names_another_editor_and_days_that_make_sense(self, cast, kim):
        day = self.today(kim)
        for wrong in (
            (kim.id, day, day),
            (cast.ana.id, day, day),
            (cast.eve.id, day, day),
            (99, day, day),
            (cast.rui.id, day, day - timedelta(days=1)),
            (cast.rui.id, day, day + timedelta(days=400)),
        ):
            with pytest.raises(Invalid):
                absences.add(kim, *wrong)
        with pytest.raises(NotAllowed):
            absences.add(cast.ana, cast.rui.id, day, day)
        first = absences.add(kim, cast.rui.id, day, day + timedelta(days=3))
        with pytest.raises(Conflict):
            absences.add(kim, cast.ada.id, day + timedelta(days=3), day + timedelta(days=9))
        with pytest.raises(NotFound):
            absences.end(cast.rui, first.id)
        absences.end(kim, first.id)
        assert list(absences.of(kim)) == []
