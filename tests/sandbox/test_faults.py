"""Faults do on the wire what they say, and the ledger tells what was really posted."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

CREATE = {"platform": "x", "path": "/2/tweets", "method": "POST"}


@pytest.mark.parametrize("kind", ["accept_then_reset", "accept_then_hang"])
def test_accepted_but_never_answered(sb, hanbit, kind):
    sb.fault(kind, CREATE, seconds=0.1)
    with pytest.raises(requests.ConnectionError):
        hanbit.tweet("x")
    assert [post["text"] for post in sb.ledger()] == ["x"]
    assert sb.requests()[-1]["decision"] == f"fault {kind}; created {sb.ledger()[0]['id']}"


def test_a_hanging_answer_outlasts_the_client(sb, hanbit):
    sb.fault("accept_then_hang", CREATE, seconds=30)
    with pytest.raises(requests.ReadTimeout):
        hanbit.call("POST", "/2/tweets", json={"text": "x"}, timeout=0.2)
    assert len(sb.ledger()) == 1


def test_a_connection_reset_before_reading_posts_nothing(sb, hanbit):
    sb.fault("reset_before", CREATE)
    with pytest.raises(requests.ConnectionError):
        hanbit.tweet("x")
    assert sb.ledger() == []
    assert hanbit.tweet("x").status_code == 201


def test_stored_and_not_stored_errors_look_the_same(sb, hanbit):
    sb.fault("accept_then_5xx", CREATE)
    sb.fault("reject_then_5xx", CREATE)
    first, second = hanbit.tweet("one"), hanbit.tweet("two")
    assert (first.status_code, first.content) == (second.status_code, second.content)
    assert first.status_code == 503
    assert [post["text"] for post in sb.ledger()] == ["one"]


@pytest.mark.parametrize("posted", [True, False])
def test_the_edge_answers_html_whether_posted_or_not(sb, owner, posted):
    sb.fault("html_502", {"platform": "facebook"}, posted=posted)
    answer = owner.post("x")
    assert answer.status_code == 502
    assert answer.headers["Content-Type"].startswith("text/html")
    assert len(sb.ledger()) == int(posted)


def test_a_cut_body_is_shorter_than_promised(sb, hanbit):
    sb.fault("cut_body", CREATE)
    with pytest.raises((requests.exceptions.ChunkedEncodingError, requests.ConnectionError)):
        hanbit.tweet("x")
    assert len(sb.ledger()) == 1


def test_bad_json_is_no_json(sb, owner):
    sb.fault("bad_json", {"platform": "facebook"})
    with pytest.raises(requests.JSONDecodeError):
        owner.post("x").json()
    assert len(sb.ledger()) == 1


def test_content_types_go_wrong(sb, owner):
    sb.fault("missing_content_type")
    sb.fault("text_javascript")
    assert "Content-Type" not in owner.post("1").headers
    assert owner.post("2").headers["Content-Type"].startswith("text/javascript")


@pytest.mark.parametrize(
    ("kind", "codes"),
    [
        ("rate_limited", (429, 32)),
        ("credits_gone", (402, 368)),
        ("unauthorized", (401, 190)),
        ("duplicate", (403, 506)),
    ],
)
def test_refusals_come_in_the_platforms_own_words(sb, hanbit, owner, kind, codes):
    sb.fault(kind, times=2)
    said = (hanbit.tweet("x").status_code, owner.post("x").json()["error"]["code"])
    assert said == codes
    assert sb.ledger() == []


def test_a_rate_limit_tells_when_it_ends(sb, hanbit):
    sb.fault("rate_limited", CREATE, reset_after=60, daily=True)
    headers = hanbit.tweet("x").headers
    assert 0 < int(headers["x-user-limit-24hour-reset"]) - time.time() < 62
    assert (headers["x-user-limit-24hour-remaining"], headers["x-rate-limit-remaining"]) == (
        "0",
        "37",
    )


def test_reads_fail_while_writes_work(sb, hanbit):
    sb.fault("read_fails", {"platform": "x"}, times=None)
    assert hanbit.tweet("x").status_code == 201
    assert [hanbit.call("GET", "/2/users/me").status_code for _ in range(2)] == [503, 503]
    sb.clear_faults()
    assert hanbit.call("GET", "/2/users/me").status_code == 200


def test_any_status_with_any_body_and_headers(sb, owner):
    sb.fault("status", code=418, body={"a": 1}, headers={"Retry-After": "9"}, posted=True)
    answer = owner.post("x")
    assert (answer.status_code, answer.json(), answer.headers["Retry-After"]) == (
        418,
        {"a": 1},
        "9",
    )
    assert len(sb.ledger()) == 1


def test_a_slow_answer_arrives_whole(sb, hanbit):
    sb.fault("slow", CREATE, seconds=0.2, chunks=5)
    begun = time.monotonic()
    assert hanbit.tweet("x").status_code == 201
    assert time.monotonic() - begun > 0.35


def test_a_fault_hits_only_what_it_names(sb, hanbit, owner):
    sb.fault("reject_then_5xx", {"account": "1001", "text": "bad"}, times=None)
    sb.fault("reject_then_5xx", {"platform": "facebook", "path": "*/photos"}, times=None)
    assert hanbit.tweet("good").status_code == 201
    assert hanbit.tweet("bad").status_code == 503
    assert owner.post("bad").status_code == 200
    assert owner.call("POST", "2001/photos").status_code == 500


def test_the_same_seed_makes_the_same_storm(sb, owner):
    def storm() -> list[int]:
        sb.clear_faults()
        sb.fault("reject_then_5xx", probability=0.5, times=None, seed=7)
        return [owner.call("GET", "me").status_code for _ in range(20)]

    first = storm()
    assert set(first) == {200, 500}
    assert storm() == first


def test_thirty_two_slow_calls_run_side_by_side(sb, owner):
    sb.settings(latency_seconds=0.3)
    begun = time.monotonic()
    with ThreadPoolExecutor(32) as pool:
        statuses = list(pool.map(lambda _: owner.call("GET", "me").status_code, range(32)))
    assert statuses == [200] * 32
    assert time.monotonic() - begun < 3.0


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "earthquake"},
        {"kind": "slow", "match": {"colour": "red"}},
        {"kind": "slow", "times": 0},
        {"kind": "slow", "probability": 2},
        {"kind": "status"},
        {"kind": "slow", "minutes": 3},
        {"kind": "slow", "seconds": "long"},
    ],
)
def test_a_wrong_fault_gets_a_clear_error(sb, wrong):
    answer = requests.post(f"{sb.url}/control/faults", json=wrong, timeout=5)
    assert answer.status_code == 400
    assert answer.json()["error"]
    assert requests.get(f"{sb.url}/control/faults", timeout=5).json() == []
