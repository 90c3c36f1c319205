"""The editorial state machine, what an approval covers, what is shown, and how posts link to each other."""

from __future__ import annotations

import unicodedata
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.base import PROBLEM_CODES, Problem
from publisher.stories import links, problems, rules
from publisher.stories.links import Node
from publisher.stories.rules import (
    APPROVED,
    ARCHIVED,
    CHANGES_REQUESTED,
    DRAFT,
    IN_REVIEW,
    Draft,
    EditorialStatus,
    MediaUse,
)

VERBS = (
    *("submit", "approve", "request_changes", "edit"),
    *("withdraw", "take_back", "archive", "restore"),
)
LEADS_TO = {
    (DRAFT, "submit"): IN_REVIEW,
    (DRAFT, "edit"): DRAFT,
    (DRAFT, "archive"): ARCHIVED,
    (IN_REVIEW, "approve"): APPROVED,
    (IN_REVIEW, "request_changes"): CHANGES_REQUESTED,
    (IN_REVIEW, "edit"): DRAFT,
    (IN_REVIEW, "withdraw"): DRAFT,
    (IN_REVIEW, "take_back"): IN_REVIEW,
    (IN_REVIEW, "archive"): ARCHIVED,
    (CHANGES_REQUESTED, "submit"): IN_REVIEW,
    (CHANGES_REQUESTED, "edit"): CHANGES_REQUESTED,
    (CHANGES_REQUESTED, "archive"): ARCHIVED,
    (APPROVED, "edit"): DRAFT,
    (APPROVED, "take_back"): IN_REVIEW,
    (APPROVED, "archive"): ARCHIVED,
    (ARCHIVED, "restore"): DRAFT,
}

TEXT = st.text(max_size=40)
USES = st.builds(
    MediaUse,
    st.integers(1, 9),
    TEXT,
    st.sampled_from(["", "16:9", "9:16"]),
    st.integers(-9, 109),
    st.integers(-9, 109),
)
DRAFTS = st.builds(
    Draft,
    title=TEXT,
    text=TEXT,
    link=TEXT,
    media=st.lists(USES, max_size=3).map(tuple),
    thread=st.booleans(),
    when_late=st.dictionaries(
        st.sampled_from(["blog", "link:x"]), st.sampled_from(["hold", "drop", "send_without"])
    ),
)


@pytest.mark.parametrize(("status", "verb"), list(product(EditorialStatus, VERBS)))
def test_each_verb_leads_where_the_house_says_and_nowhere_else(status: EditorialStatus, verb: str):
    assert rules.after(status, verb) is LEADS_TO.get((status, verb))


def test_a_status_read_from_the_database_as_plain_text_is_understood():
    assert rules.after("draft", "submit") is IN_REVIEW  # type: ignore[arg-type]


@given(DRAFTS)
def test_normalising_twice_changes_nothing_and_leaves_nfc(draft: Draft):
    once = draft.normalised()
    assert once.normalised() == once
    assert unicodedata.is_normalized("NFC", once.text)


@given(DRAFTS)
def test_the_hash_is_the_same_for_the_same_content_however_it_was_typed(draft: Draft):
    decomposed = Draft(
        title=unicodedata.normalize("NFD", draft.title),
        text=draft.text.replace("\n", "\r\n"),
        link=draft.link,
        media=draft.media,
        thread=draft.thread,
        when_late=dict(reversed(list(draft.when_late.items()))),
    )
    hashed = rules.content_hash(1, draft.normalised())
    assert rules.content_hash(1, decomposed.normalised()) == hashed


@pytest.mark.parametrize(
    "other",
    [
        Draft(title="u", text="a"),
        Draft(title="t", text="b"),
        Draft(title="t", text="a", link="https://example.com/"),
        Draft(title="t", text="a", media=(MediaUse(1),)),
        Draft(title="t", text="a", media=(MediaUse(1, "alt"),)),
        Draft(title="t", text="a", media=(MediaUse(1, "alt", "16:9"),)),
        Draft(title="t", text="a", thread=True),
        Draft(title="t", text="a", when_late={"blog": "drop"}),
    ],
)
def test_every_part_of_the_content_is_in_the_hash(other: Draft):
    assert rules.content_hash(1, other) != rules.content_hash(1, Draft(title="t", text="a"))


def test_the_same_words_for_another_account_are_another_content():
    assert rules.content_hash(1, Draft(text="a")) != rules.content_hash(2, Draft(text="a"))


@pytest.mark.parametrize(
    ("status", "delivery", "shown"),
    [
        (DRAFT, None, "draft"),
        (IN_REVIEW, None, "in_review"),
        (APPROVED, None, "approved"),
        (APPROVED, "scheduled", "scheduled"),
        (APPROVED, "waiting", "waiting"),
        (APPROVED, "cancelled", "cancelled"),
        (DRAFT, "scheduled", "draft"),
        (IN_REVIEW, "cancelled", "in_review"),
        (DRAFT, "published", "published"),
        (ARCHIVED, "published", "published"),
        (APPROVED, "failed", "failed"),
        (APPROVED, "needs_attention", "needs_attention"),
        (ARCHIVED, None, "cancelled"),
        (ARCHIVED, "scheduled", "cancelled"),
    ],
)
def test_what_is_out_or_in_trouble_outranks_the_editors_view(status, delivery, shown):
    assert rules.shown(status, delivery) == shown


def test_a_story_shows_its_most_worrying_post_and_counts_the_published_ones():
    line = rules.progress(["published", "failed", "scheduled", "cancelled"])
    assert (line.status, line.done, line.total) == ("failed", 1, 3)
    assert rules.progress([]).status == "idea"


@pytest.mark.parametrize("status", rules.CARE)
def test_every_status_that_can_be_shown_has_its_place_in_the_order_of_care(status: str):
    assert rules.progress([status]).status == status


# ---- The link plan ----


def node(
    post_id: int, text: str = "", *, account: str = "", kind: str = "twitter", at=None
) -> Node:
    return Node(post_id, account or f"a{post_id}", kind, (text, ""), at)


BLOG = node(1, account="blog", kind="blog")


def codes(post: Node, *others: Node) -> list[str]:
    return [problem.code for problem in problems.of_plan(post, [post, *others])]


def test_a_reference_to_the_one_blog_post_is_fine():
    assert codes(node(2, "Read {blog}"), BLOG) == []


def test_a_reference_that_means_no_post_is_a_problem():
    assert codes(node(2, "Read {blog} and {link:page}")) == ["reference_unknown"] * 2


def test_a_reference_that_could_mean_two_posts_is_a_problem():
    second = node(3, account="blog2", kind="blog")
    assert codes(node(2, "Read {blog}"), BLOG, second) == ["reference_ambiguous"]
    assert codes(node(2, "Read {link:blog2}"), BLOG, second) == []


def test_a_post_planned_before_its_target_is_a_problem_and_at_the_same_time_is_not():
    blog = node(1, kind="blog", at=100.0)
    assert codes(node(2, "{blog}", at=99.0), blog) == ["before_target"]
    assert codes(node(2, "{blog}", at=100.0), blog) == []
    assert codes(node(2, "{blog}"), blog) == []


def test_posts_that_wait_for_each_other_are_a_problem_of_each_of_them():
    first, second = node(2, "{link:a3}"), node(3, "{link:a2}")
    assert codes(first, second) == codes(second, first) == ["cycle"]


def test_a_circle_elsewhere_in_the_story_is_not_this_posts_problem():
    first, second = node(2, "{link:a3}"), node(3, "{link:a2}")
    assert codes(node(4, "{blog}"), BLOG, first, second) == []
    assert codes(node(4, "{link:a2}"), first, second) == ["cycle"]


def test_a_post_cannot_refer_to_itself():
    assert codes(node(2, "{link:a2}")) == ["reference_unknown"]


def test_a_link_that_is_left_out_takes_its_blank_and_its_empty_line_along():
    assert links.render("Read it: {blog}\n{link:x}\nBye", lambda _r: None) == "Read it:\nBye"


def test_every_known_problem_has_a_sentence_with_its_values(app):
    values = {"reference": "{blog}", "account": "X", "length": 304, "limit": 280, "over": 24}
    values |= {"count": 5, "image": 1, "cost": "0.20", "size": 9, "ratio": "16:9"}
    for code in problems.SENTENCES:
        said = problems.sentence(Problem(code, values))
        assert said and code not in said and "%(" not in said


def test_every_problem_of_a_channel_has_a_sentence():
    assert set(problems.SENTENCES) >= PROBLEM_CODES


def test_an_unknown_problem_is_named_rather_than_hidden(app):
    assert "brand_new" in problems.sentence(Problem("brand_new"))
    assert "text_too_long" in problems.sentence(Problem("text_too_long"))
