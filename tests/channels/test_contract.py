"""What all channels promise, offline: their limits, their problems, their costs."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from channels import REGISTRY, channel_class
from channels.base import (
    PROBLEM_CODES,
    Channel,
    Content,
    Edits,
    Finds,
    Gathers,
    Identifies,
    Image,
    Link,
    Links,
    Problem,
    Receipt,
    Retracts,
    Stages,
)  # fmt: skip
from channels.blog import Blog
from channels.errors import Rejected

POWERS = (Stages, Finds, Edits, Retracts, Gathers, Links, Identifies)
HUGE = Image(1, b"x" * 6_000_000, "image/webp", 1, 1, "a" * 1001)
BARE = Image(2, b"x", "image/png", 1, 1)


def codes(problems: Sequence[Problem], *, blocking: bool = True) -> set[str]:
    return {problem.code for problem in problems if problem.blocking is blocking}


@pytest.mark.parametrize("kind", REGISTRY)
def test_each_kind_has_its_adapter(kind: str) -> None:
    found = channel_class(kind)
    assert issubclass(found, Channel)
    assert found.kind == kind
    assert found.limits.text > 0
    assert found.limits.grace_s > 0


def test_an_unknown_kind_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        channel_class("fax")


@pytest.mark.parametrize("kind", REGISTRY)
def test_every_problem_has_a_known_code(kind: str) -> None:
    contents = [
        Content(""),
        Content("가" * 300_000, title="t" * 300, link="ftp://x", media=(HUGE, BARE) * 30),
        Content("$A $B \ufeff https://a.co"),
    ]
    for content in contents:
        assert {problem.code for problem in channel_class(kind).check(content)} <= PROBLEM_CODES


@pytest.mark.parametrize("kind", ["twitter", "facebook"])
def test_images_need_alt_text_and_have_limits(kind: str) -> None:
    found = codes(channel_class(kind).check(Content("hi", media=(HUGE, BARE) * 6)))
    assert found == {
        "too_many_images", "alt_text_missing", "alt_text_too_long", "image_too_large",
        "image_type_unsupported",
    }  # fmt: skip


@pytest.mark.parametrize("kind", REGISTRY)
def test_a_good_post_has_no_problem(kind: str) -> None:
    image = Image(1, b"x", "image/png", 1, 1, "alt")
    assert channel_class(kind).check(Content("hello", title="Title", media=(image,))) == []


def test_128_hangul_letters_and_a_link_fit_on_x_and_140_do_not() -> None:
    twitter = channel_class("twitter")
    link = " https://blog.example.com/launch"
    assert codes(twitter.check(Content("가" * 128 + link))) == set()
    (problem,) = [p for p in twitter.check(Content("가" * 140 + link)) if p.blocking]
    assert problem == Problem("text_too_long", {"length": 304, "limit": 280, "over": 24})
    measure = twitter.measure(Content("가" * 140 + link))
    assert (measure.length, measure.left, measure.over_at) == (304, -24, 140)


def test_a_post_with_an_address_costs_more_on_x_and_says_so() -> None:
    twitter = channel_class("twitter")
    image = Image(1, b"x", "image/png", 1, 1, "alt")
    assert twitter.measure(Content("hello")).cost_usd == 0.015
    assert twitter.measure(Content("hello a.dev")).cost_usd == 0.2
    assert twitter.measure(Content("hello", media=(image, image))).cost_usd == 0.025
    assert codes(twitter.check(Content("hello")), blocking=False) == set()
    assert codes(twitter.check(Content("hello a.dev")), blocking=False) == {"costs_more"}


@pytest.mark.parametrize(
    ("text", "code"),
    [("", "text_empty"), (" \n", "text_empty"), ("$A $B", "too_many_cashtags"),
     ("a\ufeffb", "invalid_characters")],
)  # fmt: skip
def test_what_x_refuses_is_told_before(text: str, code: str) -> None:
    assert codes(channel_class("twitter").check(Content(text))) == {code}


def test_facebook_counts_characters_and_wants_a_web_address() -> None:
    facebook = channel_class("facebook")
    assert facebook.measure(Content("가" * 100)).length == 100
    assert codes(facebook.check(Content("가" * 63_207))) == {"text_too_long"}
    assert codes(facebook.check(Content("x", link="javascript:alert(1)"))) == {"link_invalid"}
    assert facebook.check(Content("", link="https://example.com")) == []


class Desk:
    """A shelf that remembers."""

    def __init__(self) -> None:
        self.said: list[object] = []

    def put(self, content: Content, *, key: str) -> Receipt:
        if not content.title:
            raise Rejected("An article needs a title.")
        self.said.append((content.title, key))
        return Receipt("7", "https://blog.example.com/title")

    def put_all(self, parcels: Sequence[tuple[str, Content]]) -> list[Receipt | Rejected]:
        return [self.put(content, key=key) for key, content in parcels]

    def edit(self, remote_id: str, content: Content) -> None:
        self.said.append((remote_id, content.text))

    def withdraw(self, remote_id: str) -> None:
        self.said.append((remote_id, "withdrawn"))

    def show_links(self, remote_id: str, links: Sequence[Link]) -> None:
        self.said.append((remote_id, list(links)))


def test_the_blog_writes_through_its_shelf() -> None:
    desk, rung = Desk(), []
    blog = Blog({}, lambda token: None, shelf=desk)
    assert [power for power in POWERS if isinstance(blog, power)] == [
        Edits,
        Retracts,
        Gathers,
        Links,
    ]
    assert blog.transactional
    receipt = blog.publish(Content("text", title="Title"), key="k1", on_wire=lambda: rung.append(1))
    assert receipt == Receipt("7", "https://blog.example.com/title")
    blog.edit("7", Content("better"))
    link = Link("twitter", "X", "https://x.com/acme/status/1")
    blog.show_links("7", Content("better"), [link])
    blog.retract("7")
    assert desk.said == [("Title", "k1"), ("7", "better"), ("7", [link]), ("7", "withdrawn")]
    assert rung == [1]
    with pytest.raises(Rejected):
        blog.publish(Content("text"), key="k2", on_wire=lambda: None)


def test_the_blog_wants_a_title_and_a_text() -> None:
    assert codes(Blog.check(Content(""))) == {"title_missing", "text_empty"}
    assert codes(Blog.check(Content("x" * 200_001, title="t" * 201))) == {
        "title_too_long",
        "text_too_long",
    }
    assert Blog.measure(Content("x" * 200_001)).over_at == 200_000
