"""The Facebook adapter against a strict local Graph API."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from channels import facebook, http
from channels.base import (
    Content,
    Edits,
    Finds,
    Identifies,
    Image,
    Link,
    Links,
    Retracts,
    Stages,
)
from channels.errors import ChannelError, Disconnected, Rejected, Unavailable, Unconfirmed
from channels.facebook import Facebook, with_links
from sandbox.server import Sandbox

Send = Callable[..., str]
MARKED = "https://blog.example.com/launch?p=3f9a"
BLOG = Link("blog", "Blog", "https://blog.example.com/launch")
TWEET = Link("twitter", "X", "https://x.com/acme/status/1")


def test_it_has_the_powers_it_says() -> None:
    powers = (Stages, Finds, Edits, Retracts, Links, Identifies)
    assert all(issubclass(Facebook, power) for power in powers)


def test_a_text_and_its_link_go_out_once(page: Facebook, sandbox: Sandbox, on_wire: Any) -> None:
    receipt = page.publish(Content("소식 & <news>", link=MARKED), key="1", on_wire=on_wire)
    (post,) = sandbox.ledger()
    assert (post["id"], post["text"], post["link"]) == (receipt.remote_id, "소식 & <news>", MARKED)
    assert receipt.url.startswith("https://www.facebook.com/")
    assert on_wire.rung == 1


def test_every_call_names_the_pinned_version_and_no_token(
    page: Facebook, sandbox: Sandbox, soon: datetime, send: Send
) -> None:
    send(page, "hello")
    page.find(Content("hello"), since=soon)
    page.identify()
    calls = [entry for entry in sandbox.requests() if "/facebook/" in entry["path"]]
    assert len(calls) == 3
    assert all("/v26.0/" in entry["path"] for entry in calls)
    token = page.credentials["page_token"]
    assert not any(token in entry["path"] or "access_token" in str(entry) for entry in calls)


def test_the_proof_of_the_app_secret_is_sent_when_there_is_one(
    sandbox: Sandbox, page: Facebook, send: Send
) -> None:
    sandbox.settings(require_appsecret_proof=True)
    send(page, "with proof")
    assert page.identify() == "Acme"
    without = {name: value for name, value in page.credentials.items() if name != "app_secret"}
    unproven = Facebook(without, lambda token: None, api_url=sandbox.facebook_url)
    with pytest.raises(Disconnected):
        send(unproven, "without proof")
    wrong = Facebook(
        {**without, "app_secret": "wrong"}, lambda _: None, api_url=sandbox.facebook_url
    )
    with pytest.raises(Disconnected):
        send(wrong, "with a wrong proof")


def test_nothing_stands_between_the_created_post_and_its_receipt(
    page: Facebook, sandbox: Sandbox, on_wire: Any
) -> None:
    receipt = page.publish(Content("hello"), key="1", on_wire=on_wire)
    assert receipt.url.startswith("https://www.facebook.com/2002/posts/")
    assert [each["method"] for each in sandbox.requests()] == ["POST"]


def test_a_permalink_that_cannot_be_read_does_not_undo_the_post(
    page: Facebook, sandbox: Sandbox, on_wire: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(facebook, "ADDRESS_FIELD", "permalink_urls")
    receipt = page.publish(Content("hello"), key="1", on_wire=on_wire)
    assert receipt.url == f"https://www.facebook.com/{receipt.remote_id}"
    assert len(sandbox.ledger()) == 1


def test_images_are_attached_with_their_alt_text_and_keep_the_link(
    page: Facebook, sandbox: Sandbox, make_picture: Callable[..., Image]
) -> None:
    seen: list[int] = []
    content = Content("look", link=MARKED, media=(make_picture(1, "하나"), make_picture(2, "둘")))
    page.publish(content, key="1", on_wire=lambda: seen.append(len(sandbox.requests())))
    (post,) = sandbox.ledger()
    assert [media["alt"] for media in post["media"]] == ["하나", "둘"]
    assert post["text"] == f"look\n\n{MARKED}"
    assert seen == [2]


def test_a_staged_photo_is_not_uploaded_again(
    page: Facebook, sandbox: Sandbox, make_picture: Callable[..., Image], send: Send
) -> None:
    image = make_picture()
    staged, expires_at = page.stage(image)
    assert expires_at > datetime.now(UTC) + timedelta(hours=1)
    assert sandbox.ledger() == []
    send(page, Content("look", media=(image,), staged={1: staged}))
    assert sum(entry["path"].endswith("/photos") for entry in sandbox.requests()) == 1


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"kind": "unauthorized", "state": "expired"}, Disconnected),
        ({"kind": "unauthorized", "state": "password_changed"}, Disconnected),
        ({"kind": "unauthorized", "state": "malformed"}, Disconnected),
        ({"kind": "credits_gone"}, Disconnected),
        ({"kind": "rate_limited", "code": 4}, Unavailable),
        ({"kind": "rate_limited", "code": 32}, Unavailable),
        ({"kind": "rate_limited", "code": 80001}, Unavailable),
        ({"kind": "duplicate"}, Rejected),
        ({"kind": "reject_then_5xx"}, Unconfirmed),
        ({"kind": "accept_then_5xx"}, Unconfirmed),
        ({"kind": "accept_then_reset"}, Unconfirmed),
        ({"kind": "cut_body"}, Unconfirmed),
        ({"kind": "bad_json"}, Unconfirmed),
        ({"kind": "html_502"}, Unconfirmed),
        ({"kind": "status", "code": 400, "body": "<html>oops</html>"}, Unconfirmed),
        ({"kind": "status", "code": 400, "body": {"error": {"message": "no code"}}}, Unconfirmed),
        ({"kind": "status", "code": 400, "body": {"error": {"code": 1}}}, Unconfirmed),
        (
            {"kind": "status", "code": 400, "body": {"error": {"code": 99, "is_transient": True}}},
            Unconfirmed,
        ),
        ({"kind": "status", "code": 403, "body": {"error": {"code": 10}}}, Disconnected),
        ({"kind": "status", "code": 403, "body": {"error": {"code": 299}}}, Disconnected),
        ({"kind": "status", "code": 400, "body": {"error": {"code": 102}}}, Disconnected),
        ({"kind": "status", "code": 400, "body": {"error": {"code": 324}}}, Rejected),
        ({"kind": "status", "code": 400, "body": {"error": {"code": 100}}}, Rejected),
        (
            {
                "kind": "status",
                "code": 400,
                "body": {"error": {"code": 1, "error_subcode": 1404102}},
            },
            Rejected,
        ),
        ({"kind": "status", "code": 200, "body": {"success": True}}, Unconfirmed),
        ({"kind": "status", "code": 302, "headers": {"Location": "/login"}}, Unconfirmed),
    ],
)
def test_each_answer_ends_in_one_error(
    page: Facebook, sandbox: Sandbox, on_wire: Any, fault: dict[str, Any], error: type[ChannelError]
) -> None:
    sandbox.fault(match={"path": "*/feed", "method": "POST"}, **fault)
    with pytest.raises(ChannelError) as caught:
        page.publish(Content("hello"), key="1", on_wire=on_wire)
    assert type(caught.value) is error
    assert on_wire.rung == 1
    assert not any(
        page.credentials[name] in caught.value.detail for name in ("page_token", "app_secret")
    )


@pytest.mark.parametrize("style", ["none", "duplicates", "all"])
def test_a_duplicate_is_told_whatever_its_content_type(
    page: Facebook, sandbox: Sandbox, send: Send, style: str
) -> None:
    sandbox.settings(facebook_javascript_errors=style)
    send(page, "the same")
    with pytest.raises(Rejected) as caught:
        send(page, "the same")
    assert caught.value.duplicate
    assert caught.value.code == "506"


@pytest.mark.parametrize("fault", ["missing_content_type", "text_javascript"])
def test_a_strange_content_type_hides_no_receipt(
    page: Facebook, sandbox: Sandbox, send: Send, fault: str
) -> None:
    sandbox.fault(fault)
    assert send(page, "hello") == sandbox.ledger()[0]["id"]


def test_a_timeout_is_unconfirmed_and_found_on_the_timeline(
    page: Facebook, sandbox: Sandbox, soon: datetime, on_wire: Any
) -> None:
    http.configure(http.Deadlines(connect_s=0.2, call_s=0.4))
    sandbox.fault("accept_then_hang", {"path": "*/feed"}, seconds=30)
    with pytest.raises(Unconfirmed):
        page.publish(Content("once & only"), key="1", on_wire=on_wire)
    http.configure(http.Deadlines())
    (found,) = page.find(Content("once & only"), since=soon)
    assert found.remote_id == sandbox.ledger()[0]["id"]


def test_a_refused_connection_is_surely_not_sent(on_wire: Any) -> None:
    credentials = {"page_id": "1", "page_token": "a-token"}
    nobody = Facebook(credentials, lambda token: None, api_url="http://127.0.0.1:9")
    with pytest.raises(Unavailable):
        nobody.publish(Content("hello"), key="1", on_wire=on_wire)
    assert on_wire.rung == 0


def test_a_page_that_is_locked_out_says_when_it_gets_in_again(
    page: Facebook, sandbox: Sandbox, on_wire: Any
) -> None:
    usage = '{"2002":[{"type":"pages","call_count":100,"estimated_time_to_regain_access":19}]}'
    headers = {"x-business-use-case-usage": usage}
    body = {"error": {"code": 80001, "message": "too many calls"}}
    sandbox.fault("status", {"path": "*/feed"}, code=400, body=body, headers=headers)
    with pytest.raises(Unavailable) as caught:
        page.publish(Content("hello"), key="1", on_wire=on_wire)
    assert caught.value.throttled
    assert caught.value.retry_after is not None
    away = caught.value.retry_after - datetime.now(UTC)
    assert timedelta(minutes=18) < away < timedelta(minutes=20)
    assert page.quota is not None
    assert page.quota.used_percent == 100


@pytest.mark.parametrize(
    "state",
    [
        "expired",
        "password_changed",
        "app_removed",
        "malformed",
        "user_token",
        "no_permission",
        "blocked",
    ],
)
def test_a_page_without_authority_is_disconnected(sandbox: Sandbox, send: Send, state: str) -> None:
    credentials = sandbox.add_page("2003", "Gone", state=state)
    with pytest.raises(Disconnected):
        send(Facebook(credentials, lambda token: None, api_url=sandbox.facebook_url), "hello")


def test_the_token_of_a_person_is_not_taken_for_the_pages_own(sandbox: Sandbox) -> None:
    """It reads the Page as well, and so looks right until the first post."""
    credentials = sandbox.add_page("2003", "Mine", state="user_token")
    page = Facebook(credentials, lambda token: None, api_url=sandbox.facebook_url)
    with pytest.raises(Disconnected, match="not the Page's own"):
        page.identify()


def test_a_post_is_found_by_its_text_or_by_its_marker(
    page: Facebook, sandbox: Sandbox, soon: datetime, send: Send
) -> None:
    send(page, "something else")
    by_text = send(page, "같은 글")
    assert [found.remote_id for found in page.find(Content("같은 글"), since=soon)] == [by_text]
    content = Content("with a link", link=MARKED, marker="p=3f9a")
    marked = send(page, content)
    sandbox.world.ledger.edit(sandbox.world.ledger.posts[marked], "edited by hand")
    (found,) = page.find(content, since=soon)
    assert found.remote_id == marked
    assert found.created_at.tzinfo is not None


def test_the_whole_timeline_is_read_page_by_page(
    page: Facebook, soon: datetime, send: Send
) -> None:
    oldest = send(page, "number 0")
    for number in range(1, 105):
        send(page, f"number {number}")
    assert [found.remote_id for found in page.find(Content("number 0"), since=soon)] == [oldest]


@pytest.mark.parametrize("fault", ["read_fails", "rate_limited", "cut_body", "html_502"])
def test_a_timeline_that_cannot_be_read_is_no_verdict(
    page: Facebook, sandbox: Sandbox, soon: datetime, fault: str
) -> None:
    sandbox.fault(fault, {"path": "*/published_posts"})
    with pytest.raises(Unavailable):
        page.find(Content("hello"), since=soon)


def test_links_are_shown_once_and_replaced_as_a_whole(
    page: Facebook, sandbox: Sandbox, send: Send
) -> None:
    content = Content("the text")
    remote_id = send(page, content)
    page.show_links(remote_id, content, [BLOG])
    once = _shown(sandbox)
    assert once == with_links("the text", [BLOG])
    assert BLOG.url in once
    edits = len(sandbox.ledger()[0]["edits"])
    page.show_links(remote_id, content, [BLOG])
    assert len(sandbox.ledger()[0]["edits"]) == edits
    page.show_links(remote_id, content, [BLOG, TWEET])
    assert _shown(sandbox) == with_links("the text", [BLOG, TWEET])
    page.show_links(remote_id, content, [])
    assert _shown(sandbox) == "the text"
    assert len(sandbox.ledger()) == 1


def test_an_edit_keeps_the_links_and_what_people_wrote_survives_new_links(
    page: Facebook, sandbox: Sandbox, send: Send
) -> None:
    remote_id = send(page, "teh text")
    page.show_links(remote_id, Content("teh text"), [BLOG])
    page.edit(remote_id, Content("the text"))
    assert _shown(sandbox) == with_links("the text", [BLOG])
    posts = sandbox.world.ledger
    posts.edit(posts.posts[remote_id], with_links("written by hand", [BLOG]))
    page.show_links(remote_id, Content("the text"), [TWEET])
    assert _shown(sandbox) == with_links("written by hand", [TWEET])


def test_a_post_with_its_links_is_still_found(page: Facebook, soon: datetime, send: Send) -> None:
    remote_id = send(page, "the text")
    page.show_links(remote_id, Content("the text"), [BLOG])
    assert [found.remote_id for found in page.find(Content("the text"), since=soon)] == [remote_id]


def test_a_post_is_taken_down_once_and_for_all(
    page: Facebook, sandbox: Sandbox, send: Send
) -> None:
    remote_id = send(page, "the text")
    page.retract(remote_id)
    assert sandbox.ledger()[0]["deleted"]
    page.retract(remote_id)


def test_facebook_not_finding_a_post_that_is_there_takes_nothing_down(
    page: Facebook, sandbox: Sandbox, send: Send
) -> None:
    remote_id = send(page, "the text")
    sandbox.fault("status", match={"method": "DELETE"}, code=400)
    with pytest.raises(ChannelError):
        page.retract(remote_id)
    assert not sandbox.ledger()[0]["deleted"]


@pytest.mark.parametrize(
    ("hidden", "code", "error"),
    [
        (
            ("DELETE", "GET"),
            33,
            Disconnected,
        ),  # without its rights the token sees nothing of the Page
        (("DELETE", "GET"), 0, Rejected),  # refused, which does not say that the post is gone
        (("DELETE",), 33, Rejected),
    ],
)
def test_a_token_that_lost_its_rights_takes_nothing_down(
    page: Facebook,
    sandbox: Sandbox,
    send: Send,
    hidden: tuple[str, ...],
    code: int,
    error: type[ChannelError],
) -> None:
    remote_id = send(page, "the text")
    refusal = {"error": {"message": "no", "code": 100, "error_subcode": code}}
    for method in hidden:
        sandbox.fault("status", match={"method": method}, times=None, code=400, body=refusal)
    with pytest.raises(error):
        page.retract(remote_id)
    assert not sandbox.ledger()[0]["deleted"]


def test_a_post_that_is_gone_cannot_be_edited(page: Facebook) -> None:
    with pytest.raises(Rejected):
        page.edit(f"{page.credentials['page_id']}_1", Content("late"))


def _shown(sandbox: Sandbox) -> str:
    post: dict[str, Any] = sandbox.ledger()[0]
    edits = post["edits"]
    return str(edits[-1]["text"]) if edits else str(post["text"])
