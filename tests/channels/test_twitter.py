"""The X adapter against a strict local X."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from channels import http
from channels.base import Content, Edits, Finds, Identifies, Image, Links, Retracts, Stages
from channels.errors import ChannelError, Disconnected, Rejected, Unavailable, Unconfirmed
from channels.twitter import Twitter
from sandbox.server import Sandbox

Send = Callable[..., str]
MARKED = "https://blog.example.com/launch?p=3f9a"


def test_it_has_the_powers_it_says() -> None:
    assert all(issubclass(Twitter, power) for power in (Stages, Finds, Retracts, Identifies))
    assert not any(issubclass(Twitter, power) for power in (Edits, Links))


def test_a_text_goes_out_once_and_its_receipt_leads_to_it(
    x: Twitter, sandbox: Sandbox, on_wire: Any
) -> None:
    receipt = x.publish(Content("한글과 English & <tags>"), key="1", on_wire=on_wire)
    (post,) = sandbox.ledger()
    assert (post["id"], post["text"]) == (receipt.remote_id, "한글과 English & <tags>")
    assert receipt.url == f"https://x.com/i/web/status/{receipt.remote_id}"
    assert on_wire.rung == 1


def test_the_address_names_the_account_once_it_is_known(x: Twitter, on_wire: Any) -> None:
    assert x.identify() == "@acme"
    receipt = x.publish(Content("hello"), key="1", on_wire=on_wire)
    assert receipt.url == f"https://x.com/acme/status/{receipt.remote_id}"


def test_the_address_names_the_account_that_its_owner_knows(x: Twitter, on_wire: Any) -> None:
    x.known_as = "@acme"
    receipt = x.publish(Content("hello"), key="1", on_wire=on_wire)
    assert receipt.url == f"https://x.com/acme/status/{receipt.remote_id}"


def test_when_on_wire_refuses_nothing_was_sent(x: Twitter, sandbox: Sandbox) -> None:
    class Cancelled(OSError):
        pass

    def refuse() -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        x.publish(Content("never"), key="1", on_wire=refuse)
    assert sandbox.ledger() == []
    assert not [entry for entry in sandbox.requests() if entry["path"].endswith("/2/tweets")]


def test_a_thread_replies_to_its_own_last_part(x: Twitter, sandbox: Sandbox, send: Send) -> None:
    first = send(x, "part 1/2")
    send(x, Content("part 2/2", reply_to=first))
    assert [post["reply_to"] for post in sandbox.ledger()] == ["", first]


def test_images_go_up_in_parts_with_their_alt_text_before_the_wire(
    x: Twitter, sandbox: Sandbox, make_picture: Callable[..., Image]
) -> None:
    large = make_picture(1, "노이즈", size=1000)
    assert len(large.data) > 1024 * 1024
    seen: list[list[str]] = []
    content = Content("look", media=(large, make_picture(2)))
    x.publish(content, key="1", on_wire=lambda: seen.append(_paths(sandbox)))
    (post,) = sandbox.ledger()
    assert [media["alt"] for media in post["media"]] == ["노이즈", "A red square"]
    assert sum(path.endswith("/append") for path in seen[0]) == 3
    assert sum(path.endswith("/2/media/metadata") for path in seen[0]) == 2
    assert not any(path.endswith("/2/tweets") for path in seen[0])


def test_a_staged_image_is_not_uploaded_again(
    x: Twitter, sandbox: Sandbox, make_picture: Callable[..., Image], send: Send
) -> None:
    image = make_picture()
    staged, expires_at = x.stage(image)
    assert timedelta(hours=20) < expires_at - datetime.now(UTC) < timedelta(hours=25)
    before = len(sandbox.requests())
    send(x, Content("look", media=(image,), staged={image.id: staged}))
    assert len(sandbox.requests()) == before + 1
    assert len(sandbox.ledger()[0]["media"]) == 1


def test_an_image_that_x_is_still_working_on_is_waited_for(
    x: Twitter, sandbox: Sandbox, make_picture: Callable[..., Image], send: Send
) -> None:
    sandbox.settings(media_processing_seconds=1.0)
    send(x, Content("look", media=(make_picture(),)))
    assert len(sandbox.ledger()) == 1


def test_an_image_that_x_cannot_read_is_rejected(
    x: Twitter, sandbox: Sandbox, make_picture: Callable[..., Image], on_wire: Any
) -> None:
    sandbox.settings(media_processing_fails=True, media_processing_seconds=0.1)
    with pytest.raises(Rejected):
        x.publish(Content("look", media=(make_picture(),)), key="1", on_wire=on_wire)
    assert on_wire.rung == 0


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"kind": "unauthorized"}, Disconnected),
        ({"kind": "credits_gone"}, Disconnected),
        ({"kind": "rate_limited"}, Unavailable),
        ({"kind": "duplicate"}, Rejected),
        ({"kind": "reject_then_5xx"}, Unconfirmed),
        ({"kind": "accept_then_5xx"}, Unconfirmed),
        ({"kind": "accept_then_reset"}, Unconfirmed),
        ({"kind": "cut_body"}, Unconfirmed),
        ({"kind": "bad_json"}, Unconfirmed),
        ({"kind": "html_502"}, Unconfirmed),
        ({"kind": "status", "code": 418}, Rejected),
        ({"kind": "status", "code": 302, "headers": {"Location": "/elsewhere"}}, Unconfirmed),
        ({"kind": "status", "code": 200, "body": {"errors": [{"title": "x"}]}}, Unconfirmed),
        ({"kind": "status", "code": 201, "body": {"data": {"id": 17}}}, Unconfirmed),
    ],
)
def test_each_answer_ends_in_one_error(
    x: Twitter, sandbox: Sandbox, on_wire: Any, fault: dict[str, Any], error: type[ChannelError]
) -> None:
    sandbox.fault(match={"path": "/2/tweets", "method": "POST"}, **fault)
    with pytest.raises(ChannelError) as caught:
        x.publish(Content("hello"), key="1", on_wire=on_wire)
    assert type(caught.value) is error
    assert on_wire.rung == 1
    assert caught.value.message.startswith(("X ", "X's ", "The X "))
    assert not any(secret in caught.value.detail for secret in x.credentials.values())


def test_a_missing_content_type_hides_no_receipt(x: Twitter, sandbox: Sandbox, send: Send) -> None:
    sandbox.fault("missing_content_type")
    assert send(x, "hello") == sandbox.ledger()[0]["id"]


def test_a_timeout_is_unconfirmed_and_found_on_the_timeline(
    x: Twitter, sandbox: Sandbox, soon: datetime, on_wire: Any
) -> None:
    http.configure(http.Deadlines(connect_s=0.2, call_s=0.4))
    sandbox.fault("accept_then_hang", {"path": "/2/tweets"}, seconds=30)
    with pytest.raises(Unconfirmed):
        x.publish(Content("once & only"), key="1", on_wire=on_wire)
    http.configure(http.Deadlines())
    (found,) = x.find(Content("once & only"), since=soon)
    assert found.remote_id == sandbox.ledger()[0]["id"]
    assert found.url == f"https://x.com/acme/status/{found.remote_id}"


def test_a_refused_connection_is_surely_not_sent(on_wire: Any) -> None:
    names = ("consumer_key", "consumer_secret", "access_token", "access_token_secret")
    nobody = Twitter(
        dict.fromkeys(names, "1-abcd"), lambda token: None, api_url="http://127.0.0.1:9"
    )
    with pytest.raises(Unavailable) as caught:
        nobody.publish(Content("hello"), key="1", on_wire=on_wire)
    assert not caught.value.throttled
    assert on_wire.rung == 0


@pytest.mark.parametrize("daily", [False, True])
def test_too_many_posts_wait_until_the_window_that_is_used_up_resets(
    x: Twitter, sandbox: Sandbox, on_wire: Any, daily: bool
) -> None:
    sandbox.fault("rate_limited", daily=daily, reset_after=600)
    with pytest.raises(Unavailable) as caught:
        x.publish(Content("hello"), key="1", on_wire=on_wire)
    assert caught.value.throttled
    assert caught.value.retry_after is not None
    away = caught.value.retry_after - datetime.now(UTC)
    assert timedelta(minutes=9) < away < timedelta(minutes=11)
    assert x.quota is not None
    assert x.quota.remaining == 0


def test_the_quota_is_read_from_each_answer(x: Twitter, send: Send) -> None:
    send(x, "one")
    assert x.quota is not None
    assert x.quota.remaining == 99
    send(x, "two")
    assert x.quota.remaining == 98


def test_posting_the_same_again_is_a_duplicate(x: Twitter, send: Send) -> None:
    send(x, "the same")
    with pytest.raises(Rejected) as caught:
        send(x, "the same")
    assert caught.value.duplicate


def test_what_is_too_long_is_refused_for_good(x: Twitter, sandbox: Sandbox, send: Send) -> None:
    with pytest.raises(Rejected) as caught:
        send(x, "가" * 141)
    assert not caught.value.duplicate
    assert sandbox.ledger() == []


@pytest.mark.parametrize("state", ["revoked", "read_only", "locked"])
def test_an_account_without_authority_is_disconnected(
    sandbox: Sandbox, send: Send, state: str
) -> None:
    credentials = sandbox.add_x("1003", "gone", state=state)
    gone = Twitter(credentials, lambda token: None, api_url=sandbox.x_url)
    with pytest.raises(Disconnected):
        send(gone, "hello")


@pytest.mark.parametrize(
    "text",
    [
        "plain",
        'AT&T <b> &amp; "quotes"',
        f"새 글: {MARKED}",
        "bare.dev and https://example.com/a?b=1&c=2, twice https://example.com/a?b=1&c=2",
        unicodedata.normalize("NFD", "한글 자모와 café"),
        "two\n\nparagraphs\r\nand CRLF",
        "👩‍👩‍👧‍👦 👍🏽",
    ],
)
def test_a_post_is_found_whatever_its_text(
    x: Twitter, sandbox: Sandbox, soon: datetime, send: Send, text: str
) -> None:
    send(x, "something else")
    remote_id = send(x, text)
    assert [found.remote_id for found in x.find(Content(text), since=soon)] == [remote_id]


def test_with_a_marker_only_the_post_that_carries_it_counts(
    x: Twitter, soon: datetime, send: Send
) -> None:
    send(x, "read https://blog.example.com/launch?p=other")
    wanted = send(x, f"read {MARKED}")
    content = Content(f"read {MARKED}", link=MARKED, marker="p=3f9a")
    assert [found.remote_id for found in x.find(content, since=soon)] == [wanted]
    value_only = Content(f"read {MARKED}", marker="3f9a")
    assert [found.remote_id for found in x.find(value_only, since=soon)] == [wanted]
    assert x.find(Content("read something else", marker="p=3f9"), since=soon) == []


def test_a_post_with_an_image_is_found_without_its_media_link(
    x: Twitter, soon: datetime, send: Send, make_picture: Callable[..., Image]
) -> None:
    content = Content("look", media=(make_picture(),))
    remote_id = send(x, content)
    assert [found.remote_id for found in x.find(content, since=soon)] == [remote_id]


def test_a_reply_is_not_mistaken_for_the_same_text_elsewhere(
    x: Twitter, sandbox: Sandbox, soon: datetime, send: Send
) -> None:
    sandbox.settings(duplicate_window_seconds=0)
    first = send(x, "first")
    again = send(x, Content("again", reply_to=first))
    send(x, "again")
    found = x.find(Content("again", reply_to=first), since=soon)
    assert [post.remote_id for post in found] == [again]


@pytest.mark.parametrize("path", ["photo/1", "acme/status/photo/1"])
def test_a_link_to_a_picture_elsewhere_is_part_of_what_was_said(
    x: Twitter, sandbox: Sandbox, on_wire: Any, soon: datetime, path: str
) -> None:
    content = Content(f"look https://example.com/{path} there")
    receipt = x.publish(content, key="1", on_wire=on_wire)
    assert [each.remote_id for each in x.find(content, since=soon)] == [receipt.remote_id]


def test_the_whole_timeline_is_read_page_by_page(
    x: Twitter, sandbox: Sandbox, soon: datetime, send: Send
) -> None:
    sandbox.settings(rate_limits=False)
    oldest = send(x, "number 0")
    for number in range(1, 120):
        send(x, f"number {number}")
    assert [found.remote_id for found in x.find(Content("number 0"), since=soon)] == [oldest]


def test_what_happened_before_the_attempt_does_not_count(x: Twitter, send: Send) -> None:
    send(x, "hello")
    later = datetime.now(UTC) + timedelta(minutes=1)
    assert x.find(Content("hello"), since=later) == []


def test_a_post_is_taken_down_once_and_for_all(x: Twitter, sandbox: Sandbox, send: Send) -> None:
    remote_id = send(x, "hello")
    x.retract(remote_id)
    assert sandbox.ledger()[0]["deleted"]
    x.retract(remote_id)


@pytest.mark.parametrize("fault", ["rate_limited", "cut_body", "html_502"])
def test_a_deletion_without_an_answer_is_tried_again(
    x: Twitter, sandbox: Sandbox, send: Send, fault: str
) -> None:
    remote_id = send(x, "hello")
    sandbox.fault(fault, {"method": "DELETE"})
    with pytest.raises(Unavailable):
        x.retract(remote_id)
    x.retract(remote_id)
    assert sandbox.ledger()[0]["deleted"]


@pytest.mark.parametrize("fault", ["read_fails", "rate_limited", "cut_body", "html_502"])
def test_a_timeline_that_cannot_be_read_is_no_verdict(
    x: Twitter, sandbox: Sandbox, soon: datetime, fault: str
) -> None:
    x.identify()
    sandbox.fault(fault, {"path": "/2/users/*/tweets"})
    with pytest.raises(Unavailable):
        x.find(Content("hello"), since=soon)


def test_whose_keys_these_are_is_asked_once_by_a_process(
    x: Twitter, sandbox: Sandbox, soon: datetime
) -> None:
    """Each reconciliation opens the channel anew, and X answers this question 75 times in 15 minutes."""
    for _ in range(3):
        Twitter(x.credentials, x.save_token, api_url=x.api_url).find(Content("a"), since=soon)
    assert sum(path.endswith("/2/users/me") for path in _paths(sandbox)) == 1


def test_keys_that_may_only_read_are_told_by_asking_who_they_are(
    x: Twitter, sandbox: Sandbox, soon: datetime
) -> None:
    sandbox.add_x("1002", "acme", state="read_only")
    with pytest.raises(Disconnected, match="may only read"):
        x.identify()
    assert x.find(Content("a"), since=soon) == []


def _paths(sandbox: Sandbox) -> list[str]:
    return [entry["path"] for entry in sandbox.requests()]
