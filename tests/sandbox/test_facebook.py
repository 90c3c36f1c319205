"""The local Graph is as strict as the real one."""

from __future__ import annotations

import hashlib
import hmac
import json

import pytest
import requests

from sandbox.server import Sandbox
from tests.sandbox.people import PNG, PageOwner


def error(answer: requests.Response) -> tuple[int, int, int]:
    body = answer.json()["error"]
    return answer.status_code, body["code"], body.get("error_subcode", 0)


def test_a_post_is_in_the_ledger_and_readable_at_once(sb, owner):
    post = owner.post("안녕", link="https://hanbit.kr/1").json()["id"]
    assert post.startswith("2001_")
    entry = sb.ledger()[0]
    assert (entry["id"], entry["text"], entry["link"]) == (post, "안녕", "https://hanbit.kr/1")
    read = owner.call("GET", post, fields="permalink_url,message").json()
    assert read["permalink_url"] == f"https://www.facebook.com/2001/posts/{post.partition('_')[2]}"
    assert read["message"] == "안녕"


def test_permalinks_open_in_the_sandbox_when_wanted(sb, owner):
    sb.settings(local_permalinks=True)
    post = owner.post("안녕").json()["id"]
    address = owner.call("GET", post, fields="permalink_url").json()["permalink_url"]
    assert address == sb.ledger()[0]["page_url"]
    assert "안녕" in requests.get(address, timeout=5).text


@pytest.mark.parametrize(("path", "code"), [("v99.0/2001/feed", 2635), ("2001/feed", 2500)])
def test_an_unknown_or_missing_version_is_refused(sb, path, code):
    data = {"access_token": "demo-page-token", "message": "x"}
    answer = requests.post(f"{sb.facebook_url}/{path}", data=data, timeout=5)
    assert error(answer) == (400, code, 0)


@pytest.mark.parametrize("scheme", ["OAuth", "Bearer"])
def test_the_token_may_come_as_a_header(sb, scheme):
    headers = {"Authorization": f"{scheme} demo-page-token"}
    answer = requests.get(f"{sb.facebook_url}/v26.0/me?fields=id,name", headers=headers, timeout=5)
    assert answer.json() == {"id": "2001", "name": "한빛 솔루션"}


def test_a_body_may_be_json(sb):
    body = {"access_token": "demo-page-token", "message": "json"}
    answer = requests.post(f"{sb.facebook_url}/v26.0/2001/feed", json=body, timeout=5)
    assert answer.json()["id"] == sb.ledger()[0]["id"]


@pytest.mark.parametrize(
    ("state", "wanted"),
    [
        ("expired", (400, 190, 463)),
        ("password_changed", (400, 190, 460)),
        ("app_removed", (400, 190, 458)),
        ("malformed", (400, 190, 0)),
        ("user_token", (403, 200, 0)),
        ("no_permission", (403, 200, 0)),
        ("blocked", (400, 368, 1390008)),
    ],
)
def test_a_token_that_lost_its_rights_cannot_post(sb, owner, state, wanted):
    sb.add_page("2001", "한빛 솔루션", state=state)
    assert error(owner.post("x")) == wanted
    assert sb.ledger() == []
    debug = owner.call(
        "GET", "debug_token", input_token="demo-page-token", access_token="3001|demo-app-secret"
    )
    assert debug.json()["data"]["is_valid"] == (wanted[1] != 190)


def test_a_wrong_proof_is_refused_and_a_missing_one_if_required(sb, owner):
    right = hmac.new(b"demo-app-secret", b"demo-page-token", hashlib.sha256).hexdigest()
    assert owner.post("1", appsecret_proof=right).status_code == 200
    assert error(owner.post("2", appsecret_proof="0" * 64)) == (400, 100, 0)
    sb.settings(require_appsecret_proof=True)
    assert "require an appsecret_proof" in owner.post("3").json()["error"]["message"]


def test_the_same_message_in_a_row_is_refused_as_text_javascript(sb, owner):
    owner.post("같은 글")
    refused = owner.post("같은 글")
    assert error(refused) == (400, 506, 0)
    assert refused.headers["Content-Type"] == "text/javascript; charset=UTF-8"
    assert "(#506) Duplicate status message" in refused.headers["WWW-Authenticate"]
    owner.post("anderes")
    assert owner.post("같은 글").status_code == 200
    assert len(sb.ledger()) == 3


def test_photos_are_attached_once_with_their_alt_texts(sb, owner):
    photo = owner.photo("로고")
    attached = json.dumps([{"media_fbid": photo}])
    assert owner.post("사진", attached_media=attached).status_code == 200
    assert sb.ledger()[0]["media"][0]["alt"] == "로고"
    assert error(owner.post("again", attached_media=attached)) == (400, 100, 1366051)


def test_what_facebook_sdk_makes_of_a_list_is_refused(owner):
    answer = owner.post("x", attached_media="media_fbid")
    assert answer.json()["error"]["message"] == "(#100) Param attached_media must be an array."


@pytest.mark.parametrize(
    ("file", "wanted"),
    [(b"no picture", (400, 324, 0)), (PNG + b"\0" * 4 * 1024 * 1024, (400, 324, 1366046))],
)
def test_bad_pictures_are_refused(owner, file, wanted):
    assert error(owner.call("POST", "2001/photos", files={"source": ("a.png", file)})) == wanted


def test_the_sandbox_fetches_no_address(owner):
    assert error(owner.call("POST", "2001/photos", url="https://hanbit.kr/a.png"))[1] == 324


@pytest.mark.parametrize(
    "data",
    [
        {"message": ""},
        {"message": "x" * 63_207},
        {"message": "x", "link": "not an address"},
        {"message": "x", "link": "https://www.facebook.com/a"},
        {"message": "x", "published": "perhaps"},
        {"message": "x", "published": "false", "scheduled_publish_time": "1"},
        {"message": "x", "attached_media": '[{"media_fbid":"404"}]'},
    ],
)
def test_parameters_outside_the_document_are_refused(sb, owner, data):
    assert error(owner.call("POST", "2001/feed", **data))[:2] == (400, 100)
    assert sb.ledger() == []


def test_published_posts_are_listed_newest_first_and_page_by_page(sb, owner):
    ids = [owner.post(f"p{n}").json()["id"] for n in range(5)]
    body = owner.call("GET", "2001/published_posts", limit="3", fields="id,message").json()
    rest = requests.get(body["paging"]["next"], timeout=5).json()
    assert [post["id"] for post in body["data"] + rest["data"]] == ids[::-1]
    assert "next" not in rest["paging"]


def test_the_list_is_late_and_knows_since(sb, owner):
    owner.post("old")
    sb.clock.advance(100)
    since = str(int(sb.clock.time()))
    owner.post("new")
    sb.settings(timeline_lag_seconds=3)
    assert owner.call("GET", "2001/published_posts", since=since).json() == {"data": []}
    sb.clock.advance(3)
    body = owner.call("GET", "2001/published_posts", since=since).json()
    assert [post["message"] for post in body["data"]] == ["new"]


def test_the_link_is_read_back_unshimmed(owner):
    post = owner.post("x", link="https://hanbit.kr/?m=1").json()["id"]
    shown = owner.call(
        "GET", post, fields="attachments{unshimmed_url,subattachments{media}}"
    ).json()
    assert shown["attachments"]["data"][0]["unshimmed_url"] == "https://hanbit.kr/?m=1"


def test_an_edit_keeps_what_was_sent_first(sb, owner):
    post = owner.post("first").json()["id"]
    assert owner.call("POST", post, message="second").json() == {"success": True}
    entry = sb.ledger()[0]
    assert (entry["text"], entry["current_text"]) == ("first", "second")
    assert owner.call("GET", post).json()["message"] == "second"


def test_a_deleted_post_is_gone(sb, owner):
    post = owner.post("x").json()["id"]
    assert owner.call("DELETE", post).json() == {"success": True}
    assert error(owner.call("DELETE", post)) == (400, 100, 33)
    assert sb.ledger()[0]["deleted"] is True


def test_other_pages_and_unknown_names_are_refused(sb, owner):
    other = PageOwner(sb.facebook_url, sb.add_page("2002", "Other")["page_token"])
    assert error(other.post("x")) == (403, 200, 0)
    assert error(owner.call("GET", "hanbit")) == (404, 803, 0)
    assert error(owner.call("GET", "999")) == (400, 100, 33)
    assert error(owner.call("GET", "2001", access_token="nonsense")) == (400, 190, 0)


def test_usage_grows_until_the_page_is_throttled(sb, owner):
    sb.settings(facebook_page_quota=4, facebook_usage_from_percent=50)
    answers = [owner.post(f"n{n}") for n in range(5)]
    assert "x-business-use-case-usage" not in answers[0].headers
    usage = json.loads(answers[1].headers["x-business-use-case-usage"])["2001"][0]
    assert usage["call_count"] == 50
    assert error(answers[4]) == (400, 32, 0)
    last = json.loads(answers[4].headers["x-business-use-case-usage"])["2001"][0]
    assert last["estimated_time_to_regain_access"] > 0
    assert len(sb.ledger()) == 4


def test_a_scheduled_post_appears_by_itself(sb: Sandbox, owner):
    due = str(int(sb.clock.time()) + 700)
    owner.post("later", published="false", scheduled_publish_time=due)
    assert owner.call("GET", "2001/published_posts").json()["data"] == []
    sb.clock.advance(701)
    assert len(owner.call("GET", "2001/published_posts").json()["data"]) == 1
