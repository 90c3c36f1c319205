"""Telling people at the bell: the count, the list, and what of it is mailed."""

from __future__ import annotations

import pytest
from flask_babel import force_locale

from publisher.errors import NotFound
from publisher.notices import sentences, service, wishes
from publisher.notices.rules import ICONS, Kind, Way
from publisher.storage import writing

NEWS = {"by": "Ana", "title": "봄 소식", "account": "X @acme", "reason": "날짜가 틀립니다."}

ABOUT_NO_STORY = {Kind.ACCOUNT_PAUSED, Kind.ACCOUNT_HELD, Kind.ACCOUNT_EXPIRES, Kind.CLOCK_MOVED}


@pytest.mark.parametrize("language", ["ko", "en"])
def test_every_kind_has_a_sentence_a_name_and_an_icon(app, language):
    with force_locale(language):
        for kind in Kind:
            sentence = sentences.sentence_of(kind, NEWS)
            assert "%" not in sentence
            assert "봄 소식" in sentence or kind in ABOUT_NO_STORY
            assert sentences.sentence_of(kind, {})  # an old notice that lacks a value is read, too
            assert str(sentences.KIND_NAMES[kind])
            assert ICONS[kind]


def test_an_unknown_kind_is_an_error(cast):
    with pytest.raises(ValueError, match="birthday"):
        service.notify(cast.ana, "birthday", {}, "/")
    assert service.unread(cast.ana) == 0


def test_news_is_unread_until_it_is_followed(cast):
    service.notify(cast.ana, "approved", NEWS, "/stories/1")
    (notice,) = service.of(cast.ana, 1).items
    assert service.unread(cast.ana) == 1
    assert service.read(cast.ana, notice.id) == "/stories/1"
    assert service.unread(cast.ana) == 0
    assert service.read(cast.ana, notice.id) == "/stories/1"


def test_nobody_reads_what_somebody_else_was_told(cast):
    service.notify(cast.ana, "approved", NEWS, "/stories/1")
    (notice,) = service.of(cast.ana, 1).items
    with pytest.raises(NotFound):
        service.read(cast.ben, notice.id)
    assert service.of(cast.ben, 1).items == []


def test_what_is_rolled_back_was_never_news(cast):
    with pytest.raises(RuntimeError), writing():
        service.notify(cast.ana, "approved", NEWS, "/stories/1")
        raise RuntimeError
    assert service.unread(cast.ana) == 0


def test_marking_all_as_read_spares_what_came_meanwhile(cast):
    service.notify(cast.ana, "approved", NEWS, "/stories/1")
    seen = service.of(cast.ana, 1).items[0].id
    service.notify(cast.ana, "published", NEWS, "/stories/1")
    service.read_all(cast.ana, seen)
    assert service.unread(cast.ana) == 1
    assert [notice.kind for notice in service.of(cast.ana, 1, only_unread=True).items] == [
        "published"
    ]


def test_whoever_left_is_told_nothing(cast):
    service.notify(cast.eve, "approved", NEWS, "/stories/1")
    assert service.unread(cast.eve) == 0


# The page


def test_the_bell_counts_and_the_page_tells(client, cast, sign_in):
    service.notify(cast.ana, "changes_requested", NEWS | {"title": "<b>봄</b>"}, "/me")
    page = sign_in(client, cast.ana).get("/notices")
    assert "Ana asks for changes in “&lt;b&gt;봄&lt;/b&gt;” for X @acme." in page.text
    assert "날짜가 틀립니다." in page.text
    assert "(1) " in page.text  # the title
    followed = client.get(f"/notices/{service.of(cast.ana, 1).items[0].id}")
    assert followed.location == "/me"
    assert "No notices" not in client.get("/notices").text
    assert "All read" in client.get("/notices?show=unread").text


def test_a_notice_never_leads_to_another_site(client, cast, sign_in):
    service.notify(cast.ana, "approved", NEWS, "//evil.example/")
    number = service.of(cast.ana, 1).items[0].id
    assert sign_in(client, cast.ana).get(f"/notices/{number}").location == "/notices"


def test_all_are_marked_as_read_from_the_page(client, cast, sign_in):
    for _ in range(3):
        service.notify(cast.ana, "approved", NEWS, "/me")
    newest = service.of(cast.ana, 1).items[0].id
    sign_in(client, cast.ana).post("/notices/read", data={"up_to": newest})
    assert service.unread(cast.ana) == 0


def test_an_empty_bell_says_what_will_be_there(client, cast, sign_in):
    assert "No notices yet" in sign_in(client, cast.ana).get("/notices").text


def test_the_bell_opens_the_newest_on_every_page(client, cast, sign_in):
    for number in range(8):
        service.notify(cast.ana, "approved", NEWS | {"title": f"소식 {number}"}, "/me")
    page = sign_in(client, cast.ana).get("/me/security").text
    bell = page.split('id="bell"')[1].split("</details>")[0]
    assert "8 unread" in bell
    assert "소식 7" in bell
    assert "소식 1" not in bell
    newest = service.of(cast.ana, 1).items[0].id
    assert f'href="/notices/{newest}"' in bell


def test_one_is_marked_as_read_without_going_there(client, cast, sign_in):
    for _ in range(2):
        service.notify(cast.ana, "approved", NEWS, "/me")
    number = service.of(cast.ana, 1).items[0].id
    sign_in(client, cast.ana)
    back = client.post(f"/notices/{number}/read", data={"next": "/me/security"})
    assert back.location == "/me/security"
    assert service.unread(cast.ana) == 1
    assert client.post("/notices/999999/read").status_code == 404


# What is mailed


def choices(**changed: str) -> dict[str, str]:
    return {
        **{str(kind): "at_once" for kind in Kind},
        "digest_at": "08:30",
        "urgent_anyway": "y",
        **changed,
    }


def test_what_one_chooses_is_kept_and_shown(client, cast, sign_in):
    sent = choices(comment="digest", approved="off", quiet_from="22:00", quiet_until="07:00")
    assert sign_in(client, cast.ana).post("/me/notices", data=sent).location == "/me/notices"
    chosen = wishes.of(cast.ana)
    assert chosen.way("comment") is Way.DIGEST
    assert chosen.way("approved") is Way.OFF
    assert (chosen.quiet_from.hour, chosen.quiet_until.hour) == (22, 7)
    assert wishes.of(cast.ben).way("approved") is Way.AT_ONCE
    assert 'value="22:00"' in client.get("/me/notices").text
    client.post("/me/notices", data=choices(quiet_from="", quiet_until=""))
    assert wishes.of(cast.ana).quiet_from == wishes.of(cast.ana).quiet_until


def test_what_cannot_be_meant_is_refused_and_stays_on_the_page(client, cast, sign_in):
    sign_in(client, cast.ana)
    for wrong in (
        {"comment": "by pigeon"},
        {"digest_at": "25:00"},
        {"quiet_from": "22:00"},
        {"quiet_from": "22:00", "quiet_until": "22:00"},
    ):
        answer = client.post("/me/notices", data=choices(approved="off", **wrong))
        assert answer.status_code == 422, wrong
        assert "field-errors" in answer.text, wrong
        field = answer.text.split('id="approved"')[1].split("</select>")[0]
        assert '<option selected value="off">' in field
    assert wishes.of(cast.ana).way("approved") is Way.AT_ONCE
