"""The local X is as strict as the real one."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from sandbox.server import Sandbox
from tests.sandbox.people import PNG, XUser

DUPLICATE = "You are not allowed to create a Tweet with duplicate content."
TOO_LONG = "You are not permitted to perform this action."


def test_a_tweet_is_in_the_ledger_before_its_answer_arrives(sb, hanbit):
    answer = hanbit.tweet("안녕하세요 https://hanbit.kr/blog/1")
    assert answer.status_code == 201
    entry = sb.ledger()[0]
    assert answer.json()["data"]["id"] == entry["id"]
    assert entry["text"] == "안녕하세요 https://hanbit.kr/blog/1"
    assert entry["urls"] == ["https://hanbit.kr/blog/1"]
    assert entry["page_url"].endswith(f"/x/hanbit/status/{entry['id']}")


def test_the_timeline_wraps_addresses_and_escapes_html(hanbit):
    hanbit.tweet("a < b & c https://hanbit.kr/?m=1&n=2")
    body = hanbit.timeline(**{"tweet.fields": "entities,created_at"})
    shown = body["data"][0]
    entity = shown["entities"]["urls"][0]
    assert shown["text"] == f"a &lt; b &amp; c {entity['url']}"
    assert entity["url"].startswith("https://t.co/")
    assert entity["expanded_url"] == "https://hanbit.kr/?m=1&n=2"
    assert shown["text"][entity["start"] : entity["end"]] == entity["url"]


@pytest.mark.parametrize(
    "wrong", ["consumer_secret", "access_token_secret", "access_token", "consumer_key"]
)
def test_a_wrong_secret_or_key_is_unauthorized(sb, hanbit, wrong):
    auth = hanbit.auth(**{wrong: "1001-nonsense"})
    answer = hanbit.call("POST", "/2/tweets", json={"text": "x"}, auth=auth)
    assert answer.status_code == 401
    assert answer.json() == {
        "title": "Unauthorized", "type": "about:blank", "status": 401, "detail": "Unauthorized",
    }  # fmt: skip
    assert sb.ledger() == []


def test_a_signed_request_cannot_be_played_again(sb, hanbit):
    request = requests.Request("GET", sb.x_url + "/2/users/me", auth=hanbit.auth()).prepare()
    with requests.Session() as session:
        assert session.send(request).status_code == 200
        assert session.send(request).status_code == 401
    assert "nonce" in sb.requests()[-1]["decision"]


def test_a_clock_wrong_by_more_than_five_minutes_is_unauthorized(sb, hanbit):
    sb.settings(oauth_skew_seconds=310)
    assert hanbit.call("GET", "/2/users/me").status_code == 401
    sb.settings(oauth_skew_seconds=200)
    assert hanbit.call("GET", "/2/users/me").status_code == 200


def test_the_signature_covers_the_query(sb, hanbit):
    url = sb.x_url + "/2/users/1001/tweets?max_results=5"
    request = requests.Request("GET", url, auth=hanbit.auth()).prepare()
    request.url = url.replace("=5", "=6")
    with requests.Session() as session:
        assert session.send(request).status_code == 401


def test_the_same_text_twice_is_refused_until_deleted_or_a_day_later(sb, hanbit):
    first = hanbit.tweet("같은  글").json()["data"]["id"]
    refused = hanbit.tweet("같은 글")
    assert (refused.status_code, refused.json()["detail"]) == (403, DUPLICATE)
    assert hanbit.call("DELETE", f"/2/tweets/{first}").json() == {"data": {"deleted": True}}
    assert hanbit.tweet("같은 글").status_code == 201
    sb.clock.advance(86_401)
    assert hanbit.tweet("같은 글").status_code == 201
    assert [post["deleted"] for post in sb.ledger()] == [True, False, False]


def test_140_hangul_letters_fit_and_one_more_does_not(hanbit):
    assert hanbit.tweet("가" * 140).status_code == 201
    refused = hanbit.tweet("나" * 140 + "!")
    assert (refused.status_code, refused.json()["detail"]) == (403, TOO_LONG)


def test_premium_may_write_more_and_its_text_is_cut_on_the_timeline(sb, hanbit):
    sb.settings(x_premium=True)
    assert hanbit.tweet("가" * 300 + " https://hanbit.kr/1").status_code == 201
    shown = hanbit.timeline(**{"tweet.fields": "note_tweet"})["data"][0]
    assert shown["note_tweet"]["text"].startswith("가" * 300 + " https://t.co/")
    links = shown["note_tweet"]["entities"]["urls"]
    assert [link["expanded_url"] for link in links] == ["https://hanbit.kr/1"]
    assert len(shown["text"]) < 300


@pytest.mark.parametrize(
    "body",
    [
        {"text": ""},
        {"text": "x", "unknown": 1},
        {"text": 7},
        {"text": "x", "reply": {"in_reply_to_tweet_id": 5}},
        {"text": "x", "media": {"media_ids": []}},
        {"text": "x", "media": {"media_ids": ["1", "2", "3", "4", "5"]}},
        {"text": "x", "media": {"media_ids": ["999"]}},
        ["text"],
    ],
)
def test_a_body_outside_the_document_is_invalid(sb, hanbit, body):
    answer = hanbit.call("POST", "/2/tweets", json=body)
    assert answer.status_code == 400
    assert answer.json()["title"] == "Invalid Request"
    assert sb.ledger() == []


def test_half_a_surrogate_pair_is_no_text(sb, hanbit):
    headers = {"Content-Type": "application/json"}
    broken = hanbit.call("POST", "/2/tweets", data=b'{"text":"\\ud83d"}', headers=headers)
    assert broken.status_code == 400
    whole = hanbit.call("POST", "/2/tweets", data=b'{"text":"\\ud83d\\ude00"}', headers=headers)
    assert whole.status_code == 201
    assert [post["text"] for post in sb.ledger()] == ["😀"]


def test_a_form_is_not_json(hanbit):
    answer = hanbit.call("POST", "/2/tweets", data={"text": "x"})
    assert answer.status_code == 400
    assert "content-type of application/json" in answer.json()["errors"][0]["message"]


def test_two_cashtags_and_quotes_are_forbidden(hanbit):
    assert hanbit.tweet("$TSLA up").status_code == 201
    assert hanbit.tweet("$TSLA and $AAPL").status_code == 403
    assert hanbit.tweet("see", quote_tweet_id="1").status_code == 403


def test_one_answers_only_ones_own_posts(sb, hanbit):
    other = XUser(sb.x_url, sb.add_x("1002", "other"))
    theirs = other.tweet("theirs").json()["data"]["id"]
    mine = hanbit.tweet("mine").json()["data"]["id"]
    assert hanbit.tweet("to you", reply={"in_reply_to_tweet_id": theirs}).status_code == 403
    assert hanbit.tweet("2/2", reply={"in_reply_to_tweet_id": mine}).status_code == 201
    assert sb.ledger()[-1]["reply_to"] == mine
    kept = hanbit.timeline(exclude="replies")
    assert [post["id"] for post in kept["data"]] == [mine]
    assert hanbit.call("DELETE", f"/2/tweets/{theirs}").status_code == 403


def test_the_timeline_is_late_and_an_empty_one_has_no_data(sb, hanbit):
    sb.settings(timeline_lag_seconds=5)
    hanbit.tweet("soon")
    assert hanbit.timeline() == {"meta": {"result_count": 0}}
    sb.clock.advance(5)
    assert hanbit.timeline()["meta"]["result_count"] == 1


def test_a_timeline_is_read_page_by_page(hanbit):
    ids = [hanbit.tweet(f"post {n}").json()["data"]["id"] for n in range(12)]
    seen, token = [], ""
    for _ in range(3):
        body = hanbit.timeline(max_results="5", **({"pagination_token": token} if token else {}))
        seen += [post["id"] for post in body["data"]]
        token = body["meta"].get("next_token", "")
    assert seen == ids[::-1]
    assert token == ""


@pytest.mark.parametrize(
    "query", [{"max_results": "4"}, {"start_time": "yesterday"}, {"exclude": "x"}]
)
def test_wrong_timeline_parameters_are_invalid(hanbit, query):
    assert hanbit.timeline(**query)["title"] == "Invalid Request"


def test_start_time_leaves_out_what_is_older(sb, hanbit):
    hanbit.tweet("old")
    sb.clock.advance(3600)
    hanbit.tweet("new")
    since = sb.clock.now().strftime("%Y-%m-%dT%H:%M:00Z")
    assert [post["text"] for post in hanbit.timeline(start_time=since)["data"]] == ["new"]


def test_an_unknown_post_is_an_error_inside_a_200(hanbit):
    answer = hanbit.call("GET", "/2/tweets/1")
    assert answer.status_code == 200
    assert answer.json()["errors"][0]["detail"] == "Could not find tweet with id: [1]."


def test_the_101st_post_in_a_quarter_of_an_hour_is_too_many(sb, hanbit):
    sb.settings(x_post_limit=2)
    headers = [hanbit.tweet(f"n{n}").headers for n in range(2)]
    assert [h["x-rate-limit-remaining"] for h in headers] == ["1", "0"]
    refused = hanbit.tweet("n3")
    assert refused.status_code == 429
    assert int(refused.headers["x-rate-limit-reset"]) > time.time()
    sb.clock.advance(901)
    assert hanbit.tweet("n3").status_code == 201


def test_a_daily_limit_may_bite_while_the_short_one_has_room(sb, hanbit):
    sb.settings(x_user_24h_limit=1)
    hanbit.tweet("one")
    refused = hanbit.tweet("two")
    assert refused.status_code == 429
    assert refused.headers["x-user-limit-24hour-remaining"] == "0"
    assert int(refused.headers["x-rate-limit-remaining"]) > 0


def test_a_link_costs_more_and_without_credits_nothing_is_posted(sb, hanbit):
    sb.settings(x_credits_usd=0.2)
    assert hanbit.tweet("https://hanbit.kr").status_code == 201
    refused = hanbit.tweet("plain")
    assert refused.status_code == 402
    assert refused.json()["title"] == "CreditsDepleted"
    assert len(sb.ledger()) == 1


@pytest.mark.parametrize(
    ("state", "status"), [("revoked", 401), ("read_only", 403), ("locked", 403)]
)
def test_an_account_that_lost_its_rights_cannot_post(sb, hanbit, state, status):
    sb.add_x("1001", "hanbit", state=state)
    assert hanbit.tweet("x").status_code == status
    assert sb.ledger() == []


def test_pictures_carry_their_alt_text_into_the_ledger(sb, hanbit):
    media = hanbit.upload("한빛 로고")
    assert hanbit.tweet("그림", media={"media_ids": [media]}).status_code == 201
    assert [item["alt"] for item in sb.ledger()[0]["media"]] == ["한빛 로고"]
    query = {"tweet.fields": "attachments,entities", "expansions": "attachments.media_keys"}
    body = hanbit.timeline(**query)
    assert body["data"][0]["attachments"]["media_keys"] == [f"3_{media}"]
    assert body["includes"]["media"][0]["alt_text"] == "한빛 로고"
    assert requests.get(body["includes"]["media"][0]["url"], timeout=5).content.startswith(
        b"\x89PNG"
    )


def _chunked(hanbit, data: bytes, category: str = "tweet_image") -> requests.Response:
    whole = PNG + data
    start = {"media_type": "image/png", "total_bytes": len(whole), "media_category": category}
    media = hanbit.call("POST", "/2/media/upload/initialize", json=start).json()["data"]["id"]
    for index, piece in enumerate((whole[:50], whole[50:])):
        path = f"/2/media/upload/{media}/append"
        form, file = {"segment_index": str(index)}, {"media": ("blob", piece)}
        assert hanbit.call("POST", path, data=form, files=file).status_code == 200
    unfinished = hanbit.tweet("too early", media={"media_ids": [media]})
    assert unfinished.json()["errors"][0]["message"] == "Your media IDs are invalid."
    return hanbit.call("POST", f"/2/media/upload/{media}/finalize")


def test_chunks_are_put_together_and_processed_before_they_may_be_used(sb, hanbit):
    sb.clock.freeze()
    sb.settings(media_processing_seconds=3)
    done = _chunked(hanbit, b"rest").json()["data"]
    media, states = done["id"], [done["processing_info"]["state"]]
    early = hanbit.call("GET", f"/2/media/upload?command=STATUS&media_id={media}")
    assert early.status_code == 429
    assert hanbit.tweet("x", media={"media_ids": [media]}).status_code == 400
    for _ in range(2):
        sb.clock.advance(1.6)
        answer = hanbit.call("GET", f"/2/media/upload?command=STATUS&media_id={media}")
        states.append(answer.json()["data"]["processing_info"]["state"])
    assert states == ["pending", "in_progress", "succeeded"]
    assert hanbit.tweet("x", media={"media_ids": [media]}).status_code == 201


def test_media_that_failed_or_is_a_day_old_is_invalid(sb, hanbit):
    old = hanbit.upload()
    sb.clock.advance(86_401)
    assert hanbit.tweet("x", media={"media_ids": [old]}).status_code == 400
    sb.settings(media_processing_fails=True)
    failed = _chunked(hanbit, b"rest").json()["data"]
    assert failed["processing_info"]["error"]["name"] == "InvalidMedia"
    assert hanbit.tweet("y", media={"media_ids": [failed["id"]]}).status_code == 400


def test_a_chunk_above_five_megabytes_is_too_large(hanbit):
    start = {"media_type": "video/mp4", "total_bytes": 6_000_000, "media_category": "tweet_video"}
    media = hanbit.call("POST", "/2/media/upload/initialize", json=start).json()["data"]["id"]
    file = {"media": ("blob", b"\0" * (5 * 1024 * 1024 + 1))}
    path = f"/2/media/upload/{media}/append"
    assert hanbit.call("POST", path, data={"segment_index": "0"}, files=file).status_code == 413


def test_an_alt_text_above_a_thousand_characters_is_refused(hanbit):
    media = hanbit.upload()
    body = {"id": media, "metadata": {"alt_text": {"text": "가" * 1001}}}
    assert hanbit.call("POST", "/2/media/metadata", json=body).status_code == 400


def test_of_equal_tweets_at_once_one_is_taken(sb: Sandbox, hanbit):
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda _: hanbit.tweet("race").status_code, range(8)))
    assert sorted(statuses) == [201] + [403] * 7
    assert len(sb.ledger()) == 1
