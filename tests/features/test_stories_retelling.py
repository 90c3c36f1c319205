"""A post for X or Facebook begun from the story's blog post: shortened to fit, never over what was typed."""

from __future__ import annotations

import html

import pytest

from publisher.accounts import service as accounts
from publisher.blog.markdown import opening
from publisher.stories import checks, desk, retelling, service
from publisher.stories.models import Post, Story
from publisher.stories.rules import Draft

X = dict.fromkeys(("consumer_key", "consumer_secret", "access_token", "access_token_secret"), "k")
PAGE = {"page_id": "1", "page_token": "t", "app_secret": "s"}
SENTENCE = "우리는 바다로 나갑니다. "


@pytest.fixture
def story(cast) -> Story:
    for kind, slug, credentials in (
        ("blog", "blog", {}),
        ("twitter", "x", X),
        ("facebook", "page", PAGE),
    ):
        accounts.connect(None, kind=kind, slug=slug, credentials=credentials)
    return service.create_story(cast.ana, title="The sea", language="en")


@pytest.fixture
def write(cast, story):
    def go(text: str, *others: str) -> list[Post]:
        drafts = {"blog": Draft(title="The sea", text=text), **{slug: Draft() for slug in others}}
        return [
            service.add_post(cast.ana, story, accounts.by_slug(slug), draft)
            for slug, draft in drafts.items()
        ]

    return go


@pytest.fixture
def ana(app, cast, sign_in):
    return sign_in(app.test_client(), cast.ana)


def pressed(client, post: Post, **typed: str):
    sent = {"version": str(post.version), "base": post.head.hash, "then": "begin", **typed}
    return client.post(f"/posts/{post.id}/save", data=sent, follow_redirects=True)


def test_the_first_paragraph_is_what_the_article_says_first():
    picture = "![Sea](/media/AAAAAAAAAAAAAAAAAAAAAA/web.webp)"
    text = f"# Title\n\n{picture}\n\n**Bold** [words](https://a.kr)\nof it.\n\nSecond."
    assert opening(text) == "Bold words of it."
    assert opening("# Title\n\n| a |\n|---|\n| b |") == ""


@pytest.mark.parametrize("slug", ["x", "page"])
def test_a_short_paragraph_is_taken_whole(write, slug):
    post = write("One sentence. **Another** one!\n\nAnd more.", slug)[1]
    assert retelling.beginning(post) == "One sentence. Another one!\n\n{blog}"


@pytest.mark.parametrize("slug", ["x", "page"])
@pytest.mark.parametrize("text", [SENTENCE * 60, "물결" * 500, "long words " * 100])
def test_a_long_one_is_shortened_to_fit(write, slug, text):
    post = write(text, slug)[1]
    begun = Draft(text=retelling.beginning(post))
    words = begun.text.removesuffix("\n\n{blog}")
    measured = checks.measure(post, begun)
    room = 280 if slug == "x" else 477
    assert room - 30 <= measured.length <= room
    assert words.endswith("나갑니다." if text.startswith(SENTENCE) else "…")
    assert not [each for each in checks.problems(post, begun) if each.blocking]


def test_hints_of_a_template_are_no_first_paragraph(write):
    assert retelling.beginning(
        write("✎ One sentence: what is new.\n\n## New\n\nIt swims.", "x")[1]
    ) == ("It swims.\n\n{blog}")


def test_the_button_fills_an_empty_text_without_a_script(ana, write):
    post = write("The sea is calm.", "x")[1]
    page = ana.get(f"/stories/{post.story_id}").text
    assert page.count('name="then" value="begin"') == 1
    answer = pressed(ana, post, text="  ")
    assert "Begun from the blog post. Write on from there." in html.unescape(answer.text)
    assert post.head.text == "The sea is calm.\n\n{blog}"
    assert 'value="begin"' not in answer.text


def test_what_was_typed_is_saved_and_never_replaced(ana, write):
    post = write("The sea is calm.", "x")[1]
    answer = pressed(ana, post, text="My own words")
    assert "Begun" not in answer.text
    assert post.head.text == "My own words"


def test_what_else_was_typed_is_kept(ana, write):
    post = write("The sea is calm.", "page")[1]
    pressed(ana, post, text="", link="https://example.com/a")
    assert (post.head.text, post.head.link) == (
        "The sea is calm.\n\n{blog}",
        "https://example.com/a",
    )


@pytest.mark.parametrize("text", ["", "# Only a heading"])
def test_without_a_blog_text_nothing_is_offered_and_nothing_filled_in(ana, write, text):
    post = write(text, "x")[1]
    assert 'value="begin"' not in ana.get(f"/stories/{post.story_id}").text
    pressed(ana, post, text="")
    assert post.head.text == ""


def test_somebody_elses_words_meanwhile_are_a_conflict_and_stay(ana, cast, write):
    post = write("The sea is calm.", "x")[1]
    version, base = post.version, post.head.hash
    desk.save(cast.rui, post, Draft(text="Rui's"), version=version, base=base, time=None)
    answer = pressed(ana, post, text="", version=str(version), base=base)
    assert answer.status_code == 409
    assert post.head.text == "Rui's"


def test_pressing_enter_in_a_field_presses_save(ana, write):
    """A browser presses the first button of a form, and that must not be this one."""
    post = write("The sea is calm.", "page")[1]
    form = ana.get(f"/stories/{post.story_id}").text.split(f'/posts/{post.id}/save"')[1]
    first = form[form.index('<button type="submit"') :]
    assert first.startswith('<button type="submit" hidden>')
