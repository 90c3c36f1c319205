"""The composer shows what the platform will show: cards, folds, threads, what is too long."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from publisher.media import service as media
from publisher.stories import gauges, service
from publisher.stories.previews import Shared
from publisher.stories.rules import Draft, MediaUse
from tests.plugins.newsroom import Newsroom
from tests.plugins.pictures import picture

ARTICLE = Draft(title='바다의 "하루"', text="# 아침\n\n**바다**로 나갑니다. " + "물결이 " * 80)
WIDE, SMALL = (1200, 630), (60, 40)


def shared(newsroom: Newsroom, story, slug: str) -> Shared:
    post = newsroom.post(story, slug)
    found = gauges.measured(post, post.head.draft).parts[0].shared
    assert found is not None
    return found


def pictured(newsroom: Newsroom, draft: Draft, size: tuple[int, int]) -> Draft:
    kept = media.upload(newsroom.author, "a.png", picture(size=size), "푸른 바다")
    return replace(draft, media=(MediaUse(kept.id, "푸른 바다"),))


def told(page: str) -> dict[str, str]:
    """What a page tells crawlers of itself."""
    return dict(re.findall(r'<meta (?:property|name)="([^"]+)" content="([^"]*)">', page))


@pytest.fixture
def ana(app, cast, sign_in):
    return sign_in(app.test_client(), cast.ana)


def measured(client, post, **sent) -> str:
    page = client.post(f"/posts/{post.id}/measure", data=sent)
    assert page.status_code == 200
    return page.text


def test_the_card_that_is_previewed_is_the_card_that_the_article_puts_out(newsroom, client):
    story = newsroom.story(blog=pictured(newsroom, ARTICLE, WIDE))
    cards = [shared(newsroom, story, slug).card for slug in ("x", "page")]
    newsroom.approve(story)
    newsroom.work(2)
    page = told(client.get(newsroom.post(story, "blog").url).text)
    for card in cards:
        assert page["og:title"] == card.title.replace('"', "&#34;")
        assert page["og:description"] == page["description"] == card.description
        assert page["og:site_name"] == card.site
        assert page["og:url"] == card.url
        assert page["og:image"] == "http://localhost" + card.picture.sent
        assert page["og:image:alt"] == card.picture.alt
        assert page["twitter:card"] == ("summary_large_image" if card.large else "summary")
    assert [shared(newsroom, story, slug).card for slug in ("x", "page")] == cards


@pytest.mark.parametrize(("size", "wide"), [(WIDE, True), (SMALL, False), (None, False)])
def test_a_picture_is_shown_wide_only_if_it_is_large_enough(newsroom, size, wide):
    draft = pictured(newsroom, ARTICLE, size) if size else ARTICLE
    story = newsroom.story(blog=draft)
    assert [shared(newsroom, story, slug).wide for slug in ("x", "page")] == [wide, wide]


def test_an_address_of_our_own_article_has_its_card_too(newsroom):
    first = newsroom.story("blog", blog=ARTICLE)
    newsroom.approve(first)
    newsroom.work(2)
    url = newsroom.post(first, "blog").url
    second = newsroom.story("page", page=Draft(text=f"다시: {url}"))
    assert shared(newsroom, second, "page").card.title == ARTICLE.title


def test_without_a_title_or_beside_pictures_it_is_said_why_there_is_no_card(newsroom, ana):
    story = service.create_story(newsroom.author, title="T", language="en")
    for slug, draft in {
        "blog": Draft(text="Text"),
        "x": Draft(text="{blog}"),
        "page": pictured(newsroom, Draft(text="News", link="{blog}"), SMALL),
    }.items():
        service.add_post(newsroom.author, story, newsroom.accounts[slug], draft)
    page = ana.get(f"/stories/{story.id}").text
    assert "The card is shown here once the article has a title." in page
    assert "Beside pictures there is no card." in page


def test_facebook_folds_a_long_text_and_shows_the_rest_below(newsroom, ana):
    post = newsroom.post(newsroom.story("page", page=Draft(text="x")), "page")
    page = measured(ana, post, text="word " * 120 + "end")
    before, after = re.findall(r'<p class="preview-text[^"]*">(.*?)</p>', page)
    assert len(before) <= 477 < len(before) + len(after)
    assert before.endswith("word") and after.endswith("end")
    assert "See more" in page
    assert "See more" not in measured(ana, post, text="short")


def test_what_x_does_not_take_any_more_is_marked_and_said(newsroom, ana):
    post = newsroom.post(newsroom.story("x", x=Draft(text="x")), "x")
    page = measured(ana, post, text="가" * 140 + "나머지")
    assert "<mark>나머지</mark>" in page
    assert "What is marked does not fit any more." in page
    assert "does not fit" not in measured(ana, post, text="가" * 140)


def test_a_thread_is_shown_post_by_post_with_the_card_where_the_address_stands(newsroom, ana):
    story = newsroom.story("blog", "x", blog=ARTICLE)
    page = measured(ana, newsroom.post(story, "x"), text="가나 " * 120 + "{blog}", thread="1")
    parts = re.split(r"<li><div", page)[1:]
    assert len(parts) > 1
    assert [f"{number} / {len(parts)}" in part for number, part in enumerate(parts, 1)] == [
        True
    ] * len(parts)
    assert ["바다의" in part for part in parts] == [False] * (len(parts) - 1) + [True]


def test_the_front_page_shows_what_the_composer_showed(newsroom, ana, client):
    story = newsroom.story("blog", blog=ARTICLE)
    post = newsroom.post(story, "blog")
    excerpt = gauges.measured(post, post.head.draft).card.description
    assert f"<p>{excerpt}</p>" in ana.get(f"/stories/{story.id}").text
    newsroom.approve(story)
    newsroom.work(2)
    assert excerpt in client.get("/blog").text


def test_each_problem_leads_to_the_field_in_which_it_is_put_right(newsroom, ana):
    story = service.create_story(newsroom.author, title="T", language="en")
    kept = media.upload(newsroom.author, "a.png", picture(), "")
    for slug, draft in {
        "blog": Draft(text="✎ Write here", media=(MediaUse(kept.id),)),
        "x": Draft(text="가" * 200 + "{link:nobody}"),
        "page": Draft(link="no address"),
    }.items():
        service.add_post(newsroom.author, story, newsroom.accounts[slug], draft)
    page = ana.get(f"/stories/{story.id}").text
    ids = {post.account.slug: post.id for post in story.posts}
    wanted = {
        f"#p{ids['blog']}-title",
        f"#p{ids['blog']}-text",
        f"#p{ids['blog']}-media-{kept.id}-alt",
        f"#p{ids['x']}-text",
        f"#p{ids['page']}-link",
    }
    led = set(re.findall(r'<a href="(#p\d+-[^"]+)">Repair', page))
    assert led == wanted
    assert not [target for target in led if f'id="{target[1:]}"' not in page]


def test_where_nothing_is_written_problems_lead_nowhere(newsroom, app, cast, sign_in):
    post = newsroom.post(newsroom.story("x", x=Draft(text="https://a.kr")), "x")
    page = sign_in(app.test_client(), cast.rui).get(f"/review/{post.id}").text
    assert "13 times" in page
    assert "Repair" not in page


def test_a_broken_address_can_still_be_written_read_and_mended(newsroom, ana):
    """Whoever leaves a bracket where the address shall stand gets the page back, not an error."""
    broken = "자세히: https://[블로그 주소] http://localhost/blog/%00"
    story = newsroom.story("x", x=Draft(text=broken))
    assert "https://[" in ana.get(f"/stories/{story.id}").text
    assert "자세히" in measured(ana, newsroom.post(story, "x"), text=broken)
