"""Drafting: revisions, planned times, the counters' problems, and who may see what."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from publisher import clock
from publisher.accounts import service as accounts
from publisher.accounts.models import Account
from publisher.errors import Conflict, Invalid, NotAllowed, NotFound, Stale
from publisher.extensions import db
from publisher.people.models import Event
from publisher.stories import access, checks, links, queries, review, service, shelving
from publisher.stories.models import Approval, Post, Story
from publisher.stories.queries import Filters
from publisher.stories.rules import Draft, MediaUse

NOON = datetime(2026, 12, 1, 3, 0, tzinfo=UTC)
KEYS = ("consumer_key", "consumer_secret", "access_token", "access_token_secret")


@pytest.fixture
def blog(app) -> Account:
    return accounts.connect(None, kind="blog", slug="blog", label="Blog")


@pytest.fixture
def x(app) -> Account:
    secrets = dict.fromkeys(KEYS, "a key for tests")
    return accounts.connect(None, kind="twitter", slug="x", label="X", credentials=secrets)


@pytest.fixture
def story(cast) -> Story:
    return service.create_story(cast.ana, title="새 기능", brief="What is new")


@pytest.fixture
def post(cast, story, blog) -> Post:
    return service.add_post(cast.ana, story, blog, Draft(title="New", text="Hello"))


def rewrite(actor, post: Post, **changes) -> Post:
    draft = Draft(**{"title": "New", "text": "Hello", **changes})
    return service.edit(actor, post, draft, version=post.version)


# ---- Revisions ----


def test_a_new_post_is_a_draft_with_its_first_revision(post, cast):
    assert (post.status, post.revision, post.version) == ("draft", 1, 1)
    assert (post.head.text, post.head.author) == ("Hello", cast.ana)


def test_saving_other_words_adds_a_revision_and_keeps_the_old_one_as_it_was(post, cast):
    rewrite(cast.ana, post, text="Hello again")
    assert (post.revision, post.version) == (2, 2)
    assert [revision.text for revision in post.revisions] == ["Hello", "Hello again"]
    assert post.revisions[0].hash != post.revisions[1].hash


def test_saving_the_same_words_changes_nothing_however_they_are_encoded(post, cast):
    rewrite(cast.ana, post, text="He\u0301llo")
    before = (post.revision, post.version, post.sequence)
    rewrite(cast.ana, post, text="H\u00e9llo\r\n")
    assert (post.revision, post.version, post.sequence) == before


def test_the_second_of_two_savers_is_refused_and_gets_both_texts(post, cast):
    read = post.version
    rewrite(cast.ana, post, text="Ana's words")
    with pytest.raises(Stale) as refused:
        service.edit(cast.rui, post, Draft(title="New", text="Rui's words"), version=read)
    assert refused.value.values["theirs"]["text"] == "Ana's words"
    assert refused.value.values["mine"]["text"] == "Rui's words"
    assert refused.value.values["version"] == post.version
    assert post.head.text == "Ana's words"


def test_two_who_save_the_same_words_do_not_conflict(post, cast):
    read = post.version
    rewrite(cast.ana, post, text="The same")
    service.edit(cast.rui, post, Draft(title="New", text="The same"), version=read)
    assert post.revision == 2


def test_a_time_that_was_moved_meanwhile_does_not_refuse_the_text(post, cast):
    read, base = post.version, post.head.hash
    service.plan(cast.rui, post, NOON, "Asia/Seoul")
    service.edit(cast.ana, post, Draft(title="New", text="Mine"), version=read, base=base)
    assert (post.head.text, post.planned_at) == ("Mine", NOON)


def test_a_picture_that_is_gone_is_refused_with_a_sentence(post, cast):
    with pytest.raises(Invalid, match="picture"):
        rewrite(cast.ana, post, media=(MediaUse(99, "A desk"),))


def test_every_change_leaves_an_event(post, cast):
    rewrite(cast.ana, post, text="Other")
    review.submit(cast.ana, post)
    verbs = [
        event.verb
        for event in db.session.query(Event).filter_by(subject="post", subject_id=post.id)
    ]
    assert verbs == ["create", "edit", "submit"]


# ---- The planned time ----


def test_the_planned_time_keeps_the_wall_and_zone_that_were_meant(post, cast):
    service.plan(cast.ana, post, NOON, "Asia/Seoul")
    assert (post.planned_at, post.planned_zone) == (NOON, "Asia/Seoul")
    assert post.planned_wall == "2026-12-01T12:00"
    service.plan(cast.ana, post, None, "")
    assert (post.planned_at, post.planned_zone, post.planned_wall) == (None, "", "")


def test_planning_keeps_the_approval_and_editing_voids_it_and_keeps_the_time(post, cast):
    review.submit(cast.ana, post)
    review.approve(cast.rui, post, post.revision)
    service.plan(cast.ana, post, NOON, "UTC")
    assert post.status == "approved"
    assert post.approved_hash == post.head.hash

    rewrite(cast.ana, post, text="Other words")
    assert (post.status, post.approved_hash, post.planned_at) == ("draft", None, NOON)
    approval = db.session.query(Approval).one()
    assert approval.voided_at is not None
    assert approval.revision.text == "Hello"


@pytest.mark.parametrize(
    "changes",
    [{"title": "Newer"}, {"link": "https://example.com/"}, {"thread": True}],
)
def test_changing_any_part_of_the_content_voids_the_approval(post, cast, changes):
    review.submit(cast.ana, post)
    review.approve(cast.rui, post, post.revision)
    rewrite(cast.ana, post, **changes)
    assert post.approved_hash is None


def test_a_text_under_review_goes_back_to_draft_when_it_changes(post, cast):
    review.submit(cast.ana, post)
    rewrite(cast.ana, post, text="Other")
    assert post.status == "draft"


# ---- What calendar and feeds read ----


def test_the_sequence_rises_with_each_visible_change_and_only_then(post, cast):
    seen = post.sequence
    rewrite(cast.ana, post, text="The text is not shown on the calendar")
    assert post.sequence == seen
    rewrite(cast.ana, post, title="Another title")
    assert post.sequence == seen + 1
    service.plan(cast.ana, post, NOON, "UTC")
    assert (post.sequence, post.shown_at) == (seen + 2, NOON)
    review.submit(cast.ana, post)
    assert (post.sequence, post.shown_status) == (seen + 3, "in_review")


def test_a_new_story_title_is_a_visible_change_of_all_its_posts(post, story, cast):
    seen = post.sequence
    parts = {"brief": "", "category_id": None, "campaign": "", "language": "ko", "author_ids": ()}
    service.update_story(
        cast.ana, story, version=story.version, title="Other", deadline=None, **parts
    )
    assert post.sequence == seen + 1
    with pytest.raises(Stale):
        service.update_story(cast.ana, story, version=1, title="Third", deadline=None, **parts)


# ---- Problems ----


def codes(post: Post) -> dict[str, dict]:
    return {each.code: dict(each.values) for each in checks.problems(post) if each.blocking}


def test_140_hangul_and_a_link_are_refused_on_x_with_their_count_and_128_fit(story, post, x, cast):
    tweet = service.add_post(cast.ana, story, x, Draft(text="가" * 140 + " {blog}"))
    assert codes(tweet)["text_too_long"]["length"] == 140 * 2 + 1 + 23
    with pytest.raises(Invalid, match="304") as refused:
        review.submit(cast.ana, tweet)
    assert refused.value.code == "problems"
    assert tweet.status == "draft"

    service.edit(cast.ana, tweet, Draft(text="가" * 128 + " {blog}"), version=tweet.version)
    assert checks.measure(tweet).length == 280
    assert codes(tweet) == {}
    review.submit(cast.ana, tweet)
    assert tweet.status == "in_review"


def test_a_long_text_may_become_a_thread(story, post, x, cast):
    tweet = service.add_post(cast.ana, story, x, Draft(text="가나다라 " * 100))
    assert "text_too_long" in codes(tweet)
    service.edit(cast.ana, tweet, Draft(text="가나다라 " * 100, thread=True), version=1)
    assert codes(tweet) == {}


def test_problems_block_submitting_but_never_saving(story, x, cast):
    tweet = service.add_post(cast.ana, story, x, Draft(text="Read {blog}"))
    assert set(codes(tweet)) == {"reference_unknown"}
    service.edit(cast.ana, tweet, Draft(text="Read {blog} {link:nobody}"), version=1)
    assert tweet.revision == 2
    with pytest.raises(Invalid, match="no post of this story"):
        review.submit(cast.ana, tweet)


def test_posts_that_wait_for_each_other_cannot_be_submitted(story, blog, x, cast):
    article = service.add_post(cast.ana, story, blog, Draft(title="T", text="{link:x}"))
    tweet = service.add_post(cast.ana, story, x, Draft(text="{blog}"))
    assert "cycle" in codes(article)
    assert "cycle" in codes(tweet)
    with pytest.raises(Invalid, match="circle"):
        review.submit_story(cast.ana, story)
    assert {article.status, tweet.status} == {"draft"}


def test_a_post_planned_before_its_target_cannot_be_submitted(story, post, x, cast):
    service.plan(cast.ana, post, NOON, "UTC")
    tweet = service.add_post(
        cast.ana, story, x, Draft(text="{blog}"), planned_at=NOON - timedelta(minutes=1), zone="UTC"
    )
    assert set(codes(tweet)) == {"before_target"}
    service.plan(cast.ana, tweet, NOON, "UTC")
    assert codes(tweet) == {}


def test_a_removed_post_is_no_target(story, post, x, cast):
    tweet = service.add_post(cast.ana, story, x, Draft(text="{blog}"))
    shelving.archive_post(cast.ana, post)
    assert set(codes(tweet)) == {"reference_unknown"}


def test_a_paused_account_and_a_time_in_the_past_are_said_but_do_not_block(story, post, blog, cast):
    service.plan(cast.ana, post, clock.now() - timedelta(hours=1), "UTC")
    accounts.pause(None, blog, "The token has expired.")
    said = {each.code for each in checks.problems(post)}
    assert {"account_paused", "planned_past"} <= said
    assert codes(post) == {}


def test_the_content_has_its_addresses_filled_in_and_may_go_without(story, post, x, cast):
    tweet = service.add_post(cast.ana, story, x, Draft(text="Read it:\n{blog}"))
    with_it = service.content(
        tweet.head, address=lambda reference: f"https://b.example/{reference}"
    )
    assert with_it.text == "Read it:\nhttps://b.example/blog"
    assert service.content(tweet.head, address=lambda _r: None).text == "Read it:"
    assert (with_it.author.name, with_it.language) == ("Ana", story.language)


# ---- Archiving ----


def test_an_archived_story_comes_back_as_drafts_but_not_what_was_removed_before(
    story, post, x, cast
):
    tweet = service.add_post(cast.ana, story, x, Draft(text="Hi"))
    shelving.archive_post(cast.ana, tweet)
    review.submit(cast.ana, post)
    shelving.archive(cast.ana, story)
    assert {post.status, tweet.status} == {"archived"}
    with pytest.raises(Conflict):
        rewrite(cast.ana, post, text="Other")
    shelving.restore(cast.ana, story)
    assert (post.status, tweet.status) == ("draft", "archived")


# ---- Who may ----


def test_authors_open_their_own_and_shared_stories_and_learn_of_no_other(story, post, cast):
    for nobody in (cast.ben, cast.vic):
        with pytest.raises(NotFound):
            service.get_story(nobody, story.id)
        with pytest.raises(NotFound):
            service.get_post(nobody, post.id)
        with pytest.raises(NotFound):
            rewrite(nobody, post, text="Mine")
        assert queries.stories(nobody).total == 0
    for somebody in (cast.ana, cast.rui, cast.ada):
        assert service.get_story(somebody, story.id) is story
        assert queries.stories(somebody).total == 1


def test_a_co_author_sees_and_edits(cast, blog):
    story = service.create_story(cast.ana, title="Ours", author_ids=[cast.ben.id])
    post = service.add_post(cast.ben, story, blog, Draft(title="T", text="By Ben"))
    assert queries.stories(cast.ben).items == [story]
    rewrite(cast.ben, post, text="More by Ben")
    assert post.head.author == cast.ben


def test_viewers_write_nothing(cast):
    with pytest.raises(NotAllowed):
        service.create_story(cast.vic, title="No")
    story = service.create_story(cast.ana, title="Shared", author_ids=[cast.vic.id])
    assert access.sees(cast.vic, story)
    assert not access.edits(cast.vic, story)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"title": "  "}, "title"),
        ({"title": "a" * 201}, "title"),
        ({"category_id": 99}, "category_id"),
        ({"language": "fr"}, "language"),
        ({"author_ids": [99]}, "author_ids"),
    ],
)
def test_a_story_that_makes_no_sense_is_refused_naming_the_field(cast, wrong, field):
    with pytest.raises(Invalid) as refused:
        service.create_story(cast.ana, **{"title": "T", **wrong})
    assert field in refused.value.fields


# ---- Lists ----


def test_stories_are_found_by_words_of_titles_and_newest_texts(story, post, cast):
    rewrite(cast.ana, post, text="100% about 구독 달력")
    found = {
        words: queries.stories(cast.ana, Filters(text=words)).total
        for words in ("기능", "구독 달력", "100%", "Hello", "nothing", "%")
    }
    assert found == {"기능": 1, "구독 달력": 1, "100%": 1, "Hello": 0, "nothing": 0, "%": 1}


def test_stories_are_filtered_by_status_account_person_and_archive(story, post, x, cast):
    def total(**filters) -> int:
        return queries.stories(cast.rui, Filters(**filters)).total

    assert total(status="draft") == total(account_id=post.account_id) == 1
    assert total(person_id=cast.ana.id) == 1
    assert total(status="published") == total(account_id=x.id) == total(person_id=cast.ben.id) == 0
    assert total(status="draft", account_id=x.id) == 0
    shelving.archive(cast.ana, story)
    assert (total(), total(archived=True)) == (0, 1)


def test_references_in_any_text_are_links_of_the_plan():
    assert links.references("{blog} {link:x} {blog}", "{link:page}") == [
        "blog",
        "link:x",
        "link:page",
    ]
