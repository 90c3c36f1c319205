"""The page shows posts as people would see them; the control API and the program serve them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from sandbox.page_texts import FAULTS, TEXTS
from sandbox.server import Sandbox
from tests.sandbox.people import PNG, PageOwner

ROOT = Path(__file__).parents[2]


def get(url: str, **headers: str) -> requests.Response:
    return requests.get(url, headers=headers, timeout=5)


def test_both_languages_say_everything():
    assert TEXTS["ko"].keys() == TEXTS["en"].keys()
    assert all(set(names) == {"ko", "en"} for names in FAULTS.values())


def test_the_timeline_escapes_text_and_makes_addresses_clickable(sb, hanbit, owner):
    hanbit.tweet("<script>alert(1)</script> http://127.0.0.1:8000/a?b=1&c=2")
    owner.post("안녕", link="https://hanbit.kr/1")
    html = get(sb.url + "/").text
    assert "<script" not in html
    assert '<a href="http://127.0.0.1:8000/a?b=1&amp;c=2" rel="noreferrer">' in html
    assert 'href="https://hanbit.kr/1"' in html


def test_the_language_follows_the_browser_and_the_address(sb):
    assert TEXTS["ko"]["banner"] in get(sb.url + "/", **{"Accept-Language": "ko-KR,en;q=0.5"}).text
    assert TEXTS["en"]["banner"] in get(sb.url + "/?lang=en", **{"Accept-Language": "ko"}).text


def test_every_page_forbids_scripts(sb):
    for path in ("/", "/nowhere", "/static/sandbox.css", "/x/hanbit/status/1"):
        policy = get(sb.url + path).headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "style-src 'self'" in policy


def test_a_thread_is_shown_on_the_page_of_each_part(sb, hanbit):
    first = hanbit.tweet("part one").json()["data"]["id"]
    second = hanbit.tweet("part two", reply={"in_reply_to_tweet_id": first}).json()["data"]["id"]
    hanbit.tweet("elsewhere")
    html = get(f"{sb.url}/x/hanbit/status/{second}").text
    assert "part one" in html
    assert "part two" in html
    assert "elsewhere" not in html


def test_pictures_are_served_with_their_alt_text(sb, hanbit):
    hanbit.tweet("그림", media={"media_ids": [hanbit.upload("한빛 로고")]})
    path = sb.ledger()[0]["media"][0]["path"]
    assert f'<img src="{path}" alt="한빛 로고">' in get(sb.url + "/").text
    assert get(sb.url + path).content == PNG


def test_deleted_posts_disappear_from_the_page(sb, owner):
    post = owner.post("gone soon").json()["id"]
    owner.call("DELETE", post)
    assert "gone soon" not in get(sb.url + "/").text
    assert get(f"{sb.url}/facebook/posts/{post}").status_code == 404


def test_a_fault_is_switched_on_and_off_by_forms(sb, hanbit):
    form = {"kind": "reject_then_5xx", "platform": "x", "times": "", "seconds": "5"}
    assert (
        FAULTS["reject_then_5xx"]["en"]
        in requests.post(sb.url + "/faults", data=form, timeout=5).text
    )
    assert hanbit.tweet("x").status_code == 503
    number = str(sb.world.faults.list()[0]["id"])
    requests.post(sb.url + "/faults/off", data={"id": number}, timeout=5)
    assert hanbit.tweet("x").status_code == 201


def test_a_wrong_form_is_explained(sb):
    answer = requests.post(sb.url + "/faults", data={"kind": "?"}, timeout=5)
    assert answer.status_code == 400
    assert "unknown fault" in answer.text


def test_other_sites_cannot_reach_the_sandbox(sb):
    foreign = requests.post(
        sb.url + "/control/reset", headers={"Origin": "https://evil.example"}, timeout=5
    )
    rebound = get(sb.url + "/control/ledger", Host="evil.example")
    assert (foreign.status_code, rebound.status_code) == (403, 403)


def test_the_control_api_does_what_the_object_does(sb, owner):
    owner.post("x")
    control = sb.url + "/control"
    assert get(control + "/ledger").json() == sb.ledger()
    assert get(control + "/requests").json()[0]["decision"].startswith("created")
    changed = requests.post(control + "/settings", json={"latency_seconds": 0.01}, timeout=5).json()
    assert changed["latency_seconds"] == 0.01
    wrong = requests.post(control + "/settings", json={"latency_seconds": "long"}, timeout=5)
    assert wrong.status_code == 400
    made = {"platform": "x", "user_id": "1009", "username": "neu"}
    assert (
        requests.post(control + "/accounts", json=made, timeout=5)
        .json()["access_token"]
        .startswith("1009-")
    )
    assert "secret" not in get(control + "/accounts").text
    assert requests.post(control + "/reset", timeout=5).status_code == 200
    assert sb.ledger() == []


def test_the_journal_holds_no_secret(sb, hanbit, owner):
    hanbit.tweet("x")
    owner.call("GET", "me")
    text = json.dumps(sb.requests())
    for secret in ("demo-page-token", "demo-consumer", "1001-demo", "oauth_signature"):
        assert secret not in text


def test_a_broken_request_gets_a_clear_answer(sb):
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    url = f"{sb.facebook_url}/v26.0/2001/feed?access_token=demo-page-token"
    assert requests.post(url, data=b"\xff\xfe", headers=headers, timeout=5).status_code == 400


def test_reset_returns_to_how_the_sandbox_was_started(hanbit, sb):
    hanbit.tweet("x")
    sb.fault("slow")
    sb.settings(timeline_lag_seconds=9, x_premium=True)
    sb.clock.advance(99)
    sb.reset()
    assert (sb.ledger(), sb.requests(), sb.world.faults.list()) == ([], [], [])
    assert sb.settings()["timeline_lag_seconds"] == 0
    assert sb.settings()["x_premium"] is False


def test_the_ledger_outlives_a_restart(tmp_path):
    with Sandbox(home=tmp_path) as first:
        owner = PageOwner(first.facebook_url)
        photo = json.dumps([{"media_fbid": owner.photo("로고")}])
        post = owner.post("one", attached_media=photo).json()["id"]
        owner.call("POST", post, message="two")
        token = first.add_page("2002", "Second")["page_token"]
        before = first.ledger()
    with Sandbox(home=tmp_path) as second:
        after = second.ledger()
        assert [{**e, "page_url": ""} for e in after] == [{**e, "page_url": ""} for e in before]
        assert get(second.url + after[0]["media"][0]["path"]).content == PNG
        other = PageOwner(second.facebook_url, token)
        new = other.call("POST", "2002/feed", message="x").json()["id"]
        assert int(new.partition("_")[2]) > int(post.partition("_")[2])
        assert PageOwner(second.facebook_url).post("two").json()["error"]["code"] == 506


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_program_says_when_it_is_ready_and_ends_cleanly(tmp_path, number):
    command = [sys.executable, "-m", "sandbox", "--port", "0", "--home", str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as program:
        assert program.stdout is not None
        words = program.stdout.readline().split()
        assert words[:2] == ["sandbox", "ready"]
        assert get(words[2] + "/control/settings").json()["local_permalinks"] is True
        program.send_signal(number)
        assert program.wait(timeout=5) == 0
    assert (tmp_path / "sandbox.sqlite3").exists()
