"""After publishing: an approved correction changes the same post in its place, or says why it cannot."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from publisher import clock
from publisher.accounts import service as accounts
from publisher.blog.models import Article
from publisher.deliveries import attention, corrections, patch, sweep
from publisher.deliveries import service as deliveries
from publisher.effects import service as effects
from publisher.errors import Conflict
from publisher.extensions import db
from publisher.stories.models import Post
from publisher.stories.rules import Draft
from tests.features.after_publishing import PATCHED, corrected, published, rewrite, shown_hash, wish
from tests.plugins.newsroom import Newsroom


@pytest.mark.usefixtures("database_url")
def test_an_approved_correction_changes_the_same_post_and_keeps_its_links(
    newsroom: Newsroom, client: FlaskClient
) -> None:
    story = published(newsroom, "blog", "page")
    article, page = newsroom.post(story, "blog"), newsroom.post(story, "page")
    before = {post.id: (post.url, post.sequence) for post in (article, page)}

    rewrite(newsroom, article, title="고친 제목", text="고친 본문입니다.")
    rewrite(newsroom, page, text="고친 소식\n{blog}")
    newsroom.work(PATCHED)
    (facebook,) = newsroom.really_posted("facebook")
    assert facebook.startswith("긴 소식"), "nothing changes before it is approved"
    assert newsroom.statuses(story)["blog"] == "published"

    for post in (article, page):
        deliveries.approve(newsroom.editor, post, post.revision)
    newsroom.work(PATCHED)

    (facebook,) = newsroom.really_posted("facebook")
    assert facebook.startswith(f"고친 소식\n{article.url}")
    assert "──" in facebook, "the block of links is kept"
    read = client.get(f"/blog/{article.url.rpartition('/')[2]}").text
    assert "고친 제목" in read and "고친 본문" in read and page.url in read
    for post in (article, page):
        assert shown_hash(post) == post.approved_hash
        assert (post.url, post.sequence > before[post.id][1]) == (before[post.id][0], True)
        assert wish(post).outcome == "done"
        assert len(deliveries.of_post(post)) == 1
    assert len(newsroom.sandbox.ledger()) == 1


def test_a_corrected_article_says_when_it_was_updated(
    newsroom: Newsroom, client: FlaskClient
) -> None:
    article = newsroom.post(published(newsroom, "blog"), "blog")
    address = f"/blog/{article.url.rpartition('/')[2]}"
    assert "고침" not in client.get(address).text and "Updated" not in client.get(address).text
    corrected(newsroom, article, text="고친 본문")
    newsroom.work()
    kept = db.session.query(Article).one()
    assert kept.corrected_at is not None and kept.corrected_at > kept.published_at
    assert kept.corrected_at.isoformat() in client.get(address).text


@pytest.mark.parametrize(
    ("slug", "changes"),
    [("x", {"text": "고친 글"}), ("page", {"link": "https://example.com/other"})],
)
def test_what_a_channel_cannot_change_is_refused_before_anything_happens(
    newsroom: Newsroom, slug: str, changes: dict[str, object]
) -> None:
    draft = Draft(text="글", link="https://example.com" if slug == "page" else "")
    post = newsroom.post(published(newsroom, slug, **{slug: draft}), slug)
    rewrite(newsroom, post, **changes)
    with pytest.raises(Conflict) as refused:
        deliveries.approve(newsroom.editor, post, post.revision)
    assert refused.value.code == "uncorrectable"
    newsroom.work(1.0)
    db.session.refresh(post)
    assert (post.status, list(patch.of_post(post))) == ("in_review", [])
    (entry,) = newsroom.sandbox.ledger()
    assert entry["edits"] == []


def test_a_correction_may_not_link_to_what_is_not_out(newsroom: Newsroom) -> None:
    story = newsroom.story("x", "page", x=Draft(text="소식"), page=Draft(text="글"))
    page = newsroom.post(story, "page")
    deliveries.approve(newsroom.editor, page, page.revision, clock.now())
    newsroom.work()
    rewrite(newsroom, page, text="글 {link:x}")
    with pytest.raises(Conflict, match="not out yet"):
        deliveries.approve(newsroom.editor, page, page.revision)


def test_a_correction_that_fails_is_shown_and_makes_no_second_post(newsroom: Newsroom) -> None:
    page = newsroom.post(published(newsroom, "page", page=Draft(text="teh")), "page")
    newsroom.sandbox.fault(
        "status", match={"path": f"*{remote(page)}", "method": "POST"}, code=500, times=None
    )
    corrected(newsroom, page, text="the")
    newsroom.work(1.0)

    assert [each.id for each in corrections.troubled()] == [wish(page).id]
    assert attention.count() == 1
    assert wish(page).problem
    assert shown_hash(page) != page.approved_hash
    assert newsroom.really_posted("facebook") == ["teh"]

    newsroom.sandbox.clear_faults()
    corrections.try_again(newsroom.editor, wish(page))
    newsroom.work()
    assert newsroom.really_posted("facebook") == ["the"]
    assert (wish(page).outcome, attention.count()) == ("done", 0)


def remote(post: Post) -> str:
    return str(deliveries.of_post(post)[0].remote_id)


def test_a_correction_whose_text_was_changed_again_is_not_made(newsroom: Newsroom) -> None:
    page = newsroom.post(published(newsroom, "page", page=Draft(text="하나")), "page")
    corrected(newsroom, page, text="둘")
    rewrite(newsroom, page, text="셋")
    newsroom.work(1.0)
    assert newsroom.really_posted("facebook") == ["하나"]
    assert wish(page).outcome == "void"
    deliveries.approve(newsroom.editor, page, page.revision)
    newsroom.work(1.0)
    assert newsroom.really_posted("facebook") == ["셋"]


def test_a_slow_older_correction_does_not_stay_above_a_newer_one(newsroom: Newsroom) -> None:
    page = newsroom.post(published(newsroom, "page", page=Draft(text="하나")), "page")
    corrected(newsroom, page, text="둘")
    older = {"correction_id": wish(page).id}
    real = patch.accounts.open_channel

    def slowly(account: accounts.Account) -> object:
        """The older one has its words and its connection when the newer one overtakes it."""
        channel = real(account)
        edit, channel.edit = channel.edit, lambda *words: None  # type: ignore[attr-defined]

        def late(remote_id: str, content: object) -> None:
            patch.accounts.open_channel = real  # type: ignore[assignment]
            corrected(newsroom, page, text="셋")
            newsroom.work()
            assert newsroom.really_posted("facebook") == ["셋"]
            edit(remote_id, content)

        channel.edit = late  # type: ignore[attr-defined]
        return channel

    patch.accounts.open_channel = slowly  # type: ignore[assignment]
    try:
        patch.bring_correction(older)
    finally:
        patch.accounts.open_channel = real  # type: ignore[assignment]
    assert newsroom.really_posted("facebook") == ["둘"]
    newsroom.work(1.0)
    assert newsroom.really_posted("facebook") == ["셋"]
    assert shown_hash(page) == page.approved_hash


def test_a_correction_whose_link_is_taken_down_meanwhile_waits_and_says_so(
    newsroom: Newsroom,
) -> None:
    story = published(newsroom, "x", "page", x=Draft(text="소식"), page=Draft(text="글"))
    page, target = newsroom.post(story, "page"), newsroom.post(story, "x")
    accounts.hold(newsroom.editor, "확인 중", account=page.account)
    corrected(newsroom, page, text="글 {link:x}")
    desired = {"correction_id": wish(page).id}
    corrections.take_down(newsroom.editor, target, "틀림")
    accounts.release(newsroom.editor, page.account)
    with pytest.raises(effects.Later):
        patch.bring_correction(desired)
    assert (wish(page).ended_at, wish(page).problem) == (None, patch.LINK_MISSING)
    assert newsroom.really_posted("facebook")[0].startswith("글")


def test_a_text_changed_while_the_platform_is_reached_is_not_corrected(
    newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = newsroom.post(published(newsroom, "page", page=Draft(text="하나")), "page")
    corrected(newsroom, page, text="둘")
    real = accounts.open_channel

    def opened(account: accounts.Account) -> object:
        rewrite(newsroom, page, text="셋")
        return real(account)

    monkeypatch.setattr(patch.accounts, "open_channel", opened)
    patch.bring_correction({"correction_id": wish(page).id})
    assert wish(page).outcome == "void"
    assert newsroom.really_posted("facebook") == ["하나"]


def test_while_everything_is_held_nothing_is_corrected_but_it_can_be_taken_down(
    newsroom: Newsroom,
) -> None:
    page = newsroom.post(published(newsroom, "page", page=Draft(text="하나")), "page")
    accounts.hold(newsroom.editor, "사고 확인 중")
    corrected(newsroom, page, text="둘")
    newsroom.work(2.0)
    assert newsroom.really_posted("facebook") == ["하나"]
    corrections.take_down(newsroom.editor, page, "잘못된 내용")
    newsroom.work()
    (entry,) = newsroom.sandbox.ledger()
    assert entry["deleted"]


def test_an_effect_that_comes_late_does_nothing(newsroom: Newsroom) -> None:
    page = newsroom.post(published(newsroom, "page", page=Draft(text="하나")), "page")
    corrected(newsroom, page, text="둘")
    old = {"correction_id": wish(page).id}
    corrections.take_down(newsroom.editor, page, "틀림")
    patch.bring_correction(old)
    newsroom.work(1.0)
    sweep.sweep()
    assert not effects.work_off()
    (entry,) = newsroom.sandbox.ledger()
    assert entry["deleted"] and entry["edits"] == []


class Killed(BaseException):
    """The process died here."""


def test_dying_before_it_is_written_down_makes_the_same_change_again(
    newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = newsroom.post(published(newsroom, "page", page=Draft(text="하나")), "page")
    corrected(newsroom, page, text="둘")

    def die(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as dying:
        dying.setattr(patch, "_corrected", die)
        with pytest.raises(Killed):
            newsroom.work()
    db.session.rollback()
    assert wish(page).ended_at is None

    newsroom.travel(timedelta(seconds=effects.LEASE_S + 1))
    newsroom.work()
    assert newsroom.really_posted("facebook") == ["둘"]
    assert (wish(page).outcome, shown_hash(page)) == ("done", page.approved_hash)
