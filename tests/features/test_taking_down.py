"""After publishing: what is taken down is gone everywhere, and may go out once more as another run."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient

from publisher import clock
from publisher.calendar import planning
from publisher.deliveries import again, attention, corrections, dispatch, patch
from publisher.deliveries import service as deliveries
from publisher.deliveries.models import Delivery
from publisher.errors import Conflict, Invalid, NotAllowed
from publisher.extensions import db
from publisher.feeds import service as feeds
from publisher.notices import service as notices
from publisher.people.models import User
from publisher.storage import writing
from publisher.stories.rules import Draft
from tests.features.after_publishing import PATCHED, published, rewrite, wish
from tests.plugins.app import Cast
from tests.plugins.newsroom import Newsroom

SignIn = Callable[[FlaskClient, User], FlaskClient]
THREAD = Draft(text=" ".join(f"낱말{n}" for n in range(150)), thread=True)


@pytest.mark.usefixtures("database_url")
def test_what_is_taken_down_is_gone_everywhere(newsroom: Newsroom, client: FlaskClient) -> None:
    story = published(newsroom)
    article, tweet = newsroom.post(story, "blog"), newsroom.post(story, "x")
    path = f"/blog/{article.url.rpartition('/')[2]}"
    gone = tweet.url
    assert gone in client.get(path).text

    corrections.take_down(newsroom.editor, tweet, "고객 이름이 잘못됨")
    assert (tweet.shown_status, tweet.url) == ("taken_down", "")
    newsroom.work(PATCHED)

    (entry,) = [each for each in newsroom.sandbox.ledger() if each["platform"] == "x"]
    assert entry["deleted"]
    (facebook,) = newsroom.really_posted("facebook")
    assert gone not in facebook and article.url in facebook
    assert gone not in client.get(path).text
    done = wish(tweet)
    assert (done.outcome, done.reason, done.actor_name) == ("done", "고객 이름이 잘못됨", "Rui")
    told = notices.of(newsroom.author, 1).items[0]
    assert (told.kind, told.values["reason"]) == ("taken_down", "고객 이름이 잘못됨")

    corrections.take_down(newsroom.editor, article, "더는 맞지 않음")
    newsroom.work(PATCHED)
    assert client.get(path).status_code == 410
    for listed in ("/blog", "/blog/atom.xml", "/sitemap.xml"):
        assert path not in client.get(listed).text
    (facebook,) = newsroom.really_posted("facebook")
    assert "──" not in facebook, "no sibling is left to link to"


def test_only_editors_take_down_and_only_with_a_reason_what_is_out(newsroom: Newsroom) -> None:
    story = newsroom.story("x", x=Draft(text="글"))
    tweet = newsroom.post(story, "x")
    with pytest.raises(Conflict, match="not out"):
        corrections.take_down(newsroom.editor, tweet, "so")
    newsroom.approve(story)
    newsroom.work()
    with pytest.raises(NotAllowed):
        corrections.take_down(newsroom.author, tweet, "so")
    with pytest.raises(Invalid):
        corrections.take_down(newsroom.editor, tweet, " ")
    corrections.take_down(newsroom.editor, tweet, "so")
    with pytest.raises(Conflict, match="not out"):
        corrections.take_down(newsroom.editor, tweet, "again")


def test_a_post_that_waits_for_what_is_taken_down_keeps_waiting(newsroom: Newsroom) -> None:
    story = newsroom.story("blog", "x")
    article, tweet = newsroom.post(story, "blog"), newsroom.post(story, "x")
    deliveries.approve(newsroom.editor, article, article.revision, clock.now())
    newsroom.work()
    later = clock.now() + timedelta(seconds=1)
    deliveries.approve(newsroom.editor, tweet, tweet.revision, later)
    corrections.take_down(newsroom.editor, article, "틀림")
    assert newsroom.delivery(story, "x").waits_for == "target"
    newsroom.work(2.0)
    assert newsroom.really_posted("x") == []


def test_a_take_down_that_fails_is_shown_until_a_person_has_done_it(newsroom: Newsroom) -> None:
    tweet = newsroom.post(published(newsroom, "x", x=Draft(text="글")), "x")
    newsroom.sandbox.fault("status", match={"method": "DELETE"}, code=503, times=None)
    corrections.take_down(newsroom.editor, tweet, "틀림")
    newsroom.work(0.5)
    assert attention.count() == 1
    with pytest.raises(Conflict) as refused:
        again.publish_again(newsroom.editor, tweet)
    assert refused.value.code == "being_taken_down"
    corrections.done_by_hand(newsroom.editor, wish(tweet))
    assert (wish(tweet).outcome, attention.count()) == ("by_hand", 0)
    with pytest.raises(Conflict):
        corrections.done_by_hand(newsroom.editor, wish(tweet))


def test_what_was_taken_down_goes_out_again_as_another_run(newsroom: Newsroom) -> None:
    story = published(newsroom, "blog", "x")
    tweet, first = newsroom.post(story, "x"), newsroom.post(story, "x").url
    corrections.take_down(newsroom.editor, tweet, "너무 이름")
    newsroom.work(1.0)
    later = clock.now() + timedelta(seconds=2)
    again.publish_again(newsroom.editor, tweet, later, "Asia/Seoul")
    assert newsroom.statuses(story)["x"] == "scheduled"
    newsroom.work(PATCHED)
    assert newsroom.statuses(story)["x"] == "published"
    (run,) = deliveries.of_post(tweet)
    assert run.run == 2 and tweet.url not in {"", first}
    assert [each["deleted"] for each in newsroom.sandbox.ledger()] == [True, False]


def test_a_rewritten_post_that_was_taken_down_goes_out_once_it_is_approved(
    newsroom: Newsroom,
) -> None:
    tweet = newsroom.post(published(newsroom, "x", x=Draft(text="틀린 글")), "x")
    corrections.take_down(newsroom.editor, tweet, "틀림")
    newsroom.work()
    rewrite(newsroom, tweet, text="맞는 글")
    deliveries.approve(newsroom.editor, tweet, tweet.revision, clock.now())
    newsroom.work(1.0)
    assert tweet.shown_status == "published"
    shown = [each for each in newsroom.sandbox.ledger() if not each["deleted"]]
    assert [each["text"] for each in shown] == ["맞는 글"]


def test_a_post_that_is_published_again_shows_its_siblings_again(
    newsroom: Newsroom, client: FlaskClient
) -> None:
    drafts = {"page": Draft(text="긴 소식"), "x": Draft(text="짧은 소식")}
    story = published(newsroom, "blog", "page", "x", **drafts)
    article, page = newsroom.post(story, "blog"), newsroom.post(story, "page")
    for post in (article, page):
        corrections.take_down(newsroom.editor, post, "다시")
        newsroom.work(PATCHED)
        again.publish_again(newsroom.editor, post)
        newsroom.work(PATCHED)
    assert set(newsroom.statuses(story).values()) == {"published"}

    shown = [each for each in newsroom.sandbox.ledger() if not each["deleted"]]
    facebook = next(each["current_text"] for each in shown if each["platform"] == "facebook")
    tweet = newsroom.post(story, "x").url
    assert article.url in facebook and tweet in facebook
    read = client.get(f"/blog/{article.url.rpartition('/')[2]}").text
    assert page.url in read and tweet in read


@pytest.mark.parametrize("ended", ["cancelled", "failed"])
@pytest.mark.usefixtures("database_url")
def test_a_thread_goes_on_with_its_missing_parts_only(newsroom: Newsroom, ended: str) -> None:
    story = newsroom.approve(newsroom.story("x", x=THREAD))
    assert dispatch.work_off()
    tweet = newsroom.post(story, "x")
    if ended == "failed":
        newsroom.sandbox.fault("status", match={"path": "/2/tweets"}, code=403, times=1)
        newsroom.work()
    else:
        deliveries.cancel(newsroom.editor, tweet)
    assert newsroom.statuses(story)["x"] == "partly_published"
    assert again.may_go_again(tweet)

    again.publish_again(newsroom.editor, tweet)
    newsroom.work(1.0)

    run = deliveries.of_post(tweet)
    assert [part.status for part in run] == ["published"] * len(run)
    assert {part.run for part in run} == {2}
    posted = newsroom.sandbox.ledger()
    assert len(posted) == len(run)
    assert [each["reply_to"] for each in posted] == ["", *(each["id"] for each in posted[:-1])]
    assert not again.may_go_again(tweet)

    corrections.take_down(newsroom.editor, tweet, "alles weg")
    newsroom.work()
    assert all(each["deleted"] for each in newsroom.sandbox.ledger())


def test_what_is_out_is_not_published_again(newsroom: Newsroom) -> None:
    tweet = newsroom.post(published(newsroom, "x", x=Draft(text="글")), "x")
    with pytest.raises(Conflict) as refused:
        again.publish_again(newsroom.editor, tweet)
    assert refused.value.code == "already_published"


def test_a_post_found_by_hand_is_taken_down_by_hand(newsroom: Newsroom) -> None:
    tweet = newsroom.post(published(newsroom, "x", x=Draft(text="글")), "x")
    with writing():
        delivery = db.session.query(Delivery).one()
        delivery.remote_id = f"by-hand-{delivery.id}"
    corrections.take_down(newsroom.editor, tweet, "틀림")
    newsroom.work()
    assert wish(tweet).problem == patch.NO_ID


# The pages


def test_an_editor_takes_a_post_down_and_publishes_it_again_on_its_pages(
    newsroom: Newsroom, cast: Cast, client: FlaskClient, sign_in: SignIn
) -> None:
    tweet = newsroom.post(published(newsroom, "x", x=Draft(text="글")), "x")
    sign_in(client, cast.rui)
    desk = client.get(f"/stories/{tweet.story_id}").text
    assert "X lets nobody change a post" in desk
    page = client.get(f"/posts/{tweet.id}/take-down")
    assert tweet.url in page.text
    empty = client.post(f"/posts/{tweet.id}/take-down", data={"reason": " "})
    assert (empty.status_code, "Say why" in empty.text) == (422, True)
    client.post(f"/posts/{tweet.id}/take-down", data={"reason": "이름이 틀림"})
    newsroom.work()
    told = client.get(f"/posts/{tweet.id}/deliveries").text
    assert "Taken down by Rui" in told and "이름이 틀림" in told

    past = {"date": "2020-01-01", "time": "10:00", "zone": "Asia/Seoul"}
    refused = client.post(f"/posts/{tweet.id}/publish-again", data=past)
    assert (refused.status_code, "This time has passed" in refused.text) == (422, True)
    assert "Empty: it goes out now" in client.get(f"/posts/{tweet.id}/publish-again").text
    again_form = {"zone": "Asia/Seoul"}
    planning.add_blackout(
        newsroom.editor, clock.now().astimezone(planning.home()).date(), None, "이전"
    )
    closed = client.post(f"/posts/{tweet.id}/publish-again", data=again_form)
    assert (closed.status_code, "Tick the box below" in closed.text) == (409, True)
    assert tweet.shown_status == "taken_down" and 'name="on_closed_day"' in closed.text
    client.post(f"/posts/{tweet.id}/publish-again", data={**again_form, "on_closed_day": "y"})
    newsroom.work()
    db.session.refresh(tweet)
    assert tweet.shown_status == "published"
    assert "cannot go out again now" in client.get(f"/posts/{tweet.id}/publish-again").text


def test_what_did_not_come_true_is_among_what_needs_attention(
    newsroom: Newsroom, cast: Cast, client: FlaskClient, sign_in: SignIn
) -> None:
    tweet = newsroom.post(published(newsroom, "x", x=Draft(text="글")), "x")
    newsroom.sandbox.fault("status", match={"method": "DELETE"}, code=503, times=None)
    corrections.take_down(newsroom.editor, tweet, "틀림")
    newsroom.work()
    sign_in(client, cast.rui)
    shown = client.get("/attention").text
    assert "It can still be seen" in shown and "X is not available at the moment." in shown
    newsroom.sandbox.clear_faults()
    client.post(f"/corrections/{wish(tweet).id}/try-again")
    newsroom.work()
    assert "It can still be seen" not in client.get("/attention").text
    sign_in(client, cast.ana)
    assert client.get(f"/posts/{tweet.id}/take-down").status_code == 403


def test_feeds_show_what_was_taken_down_as_cancelled(
    newsroom: Newsroom, client: FlaskClient
) -> None:
    tweet = newsroom.post(published(newsroom, "x", x=Draft(text="글")), "x")
    _feed, address = feeds.make(newsroom.editor, "전체", {}, "full", "en")
    corrections.take_down(newsroom.editor, tweet, "틀림")
    calendar = client.get(urlsplit(address).path).text
    assert "STATUS:CANCELLED" in calendar and "Status: Taken down" in calendar
