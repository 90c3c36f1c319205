"""The audit trail: in plain words, found by who, what, which and when, and as a harmless table."""

from __future__ import annotations

import ast
import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask_babel import force_locale

import publisher
from bench import plans
from publisher import clock
from publisher.accounts import service as accounts
from publisher.extensions import db
from publisher.people import audit, details, service
from publisher.people.audit import MACHINE, Filters
from publisher.people.models import Event
from publisher.people.words import SUBJECTS, VERBS
from publisher.storage import writing
from publisher.stories import service as stories
from publisher.stories.rules import Draft

READER = details.Reader(lambda at: f"{at:%d.%m. %H:%M}", {"x": "X @acme"})
HERE = Path(publisher.__file__).parent


def records() -> Iterator[tuple[ast.Call, str]]:
    """Each call that leaves a line, as the source has it."""
    for file in sorted(HERE.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "audit.record":
                yield node, f"{file.relative_to(HERE)}:{node.lineno}"


def test_everything_that_is_recorded_has_words() -> None:
    known = {*details.PHRASES, *details.FLAGS, *details.SILENT, *details.CHANGE, *details.DAYS}
    own = {"story_id", "account_id", "note", None}
    found = list(records())
    assert len(found) > 40
    for call, where in found:
        _actor, verb, subject = call.args[:3]
        if isinstance(verb, ast.Constant):
            assert verb.value in VERBS, where
        if isinstance(subject, ast.Constant):
            assert subject.value in SUBJECTS, where
        assert {keyword.arg for keyword in call.keywords} - own <= known, where


def event(verb: str, note: str = "", actor_id: int | None = 1, **detail: object) -> Event:
    return Event(verb=verb, subject="post", note=note, actor_id=actor_id, detail=detail)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (event("delivery.published", was="sending"), "before: On its way"),
        (event("delivery.scheduled", was="scheduled"), ""),
        (event("set_role", before="author", after="editor"), "Author → Editor"),
        (event("edit", before="draft", after="draft", revision=3), "revision 3"),
        (event("edit", autosaved="k3", revision=3, account="x"), "saved while writing · X @acme"),
        (event("edit", account="gone", restored=2), "gone · back to revision 2"),
        (
            event("plan", before=None, after="2026-11-24T09:00:00+00:00", zone="Asia/Seoul"),
            "– → 24.11. 09:00 · time zone: Asia/Seoul",
        ),
        (event("create_token", name="CI", scopes=["read", "feeds"]), "“CI” · may: read, feeds"),
        (event("blackout.added", first="2026-12-24", last="2026-12-26"), "Dec 24, 2026 – Dec 26, 2026"),
        (event("slot.added", at="09:00", weekdays=[0, 4]), "09:00 · Mon, Fri"),
        (event("account.checked", problem="X asks us to wait."), "X asks us to wait."),
        (event("account.connected", kind="twitter", slug="x"), "X · x"),
        (event("comment", post=None), ""),
        (event("new.verb", colour="red"), "colour: red"),
    ],
)  # fmt: skip
def test_details_are_told_in_words(app, line, told):
    assert details.details_of(line, READER) == told


def test_the_machine_s_notes_are_said_in_the_reader_s_language(app):
    with force_locale("ko"):
        late = event("delivery.scheduled", "due 2026-11-24T09:00:00+00:00")
        assert details.note_of(late, READER) == "발행 시각: 24.11. 09:00"
        refused = event("delivery.failed", "X asks us to wait.", actor_id=None)
        assert details.note_of(refused, READER) == "X가 잠시 기다리라고 합니다."
        assert details.note_of(event("x", "replaced"), READER) != "replaced"
        assert details.note_of(event("request_changes", "Draft"), READER) == "Draft"  # their words


def test_a_comment_that_is_opened_again_is_not_called_resolved(app):
    assert details.verb_of(event("resolve", open=True)) == "opened a comment again"
    assert details.verb_of(event("resolve", open=False)) == str(VERBS["resolve"])


# Finding


def test_the_trail_is_found_by_who_what_which_and_when(cast):
    story = stories.create_story(cast.ana, title="봄 소식")
    account = accounts.connect(None, kind="blog", slug="blog", label="Blog")
    service.set_role(cast.ada, cast.ben, "editor")
    now = clock.now()
    for filters, wanted in (
        (Filters(person_id=cast.ana.id), {"create"}),
        (Filters(person_id=MACHINE, verb="account.connected"), {"account.connected"}),
        (Filters(verb="set_role"), {"set_role"}),
        (Filters(subject="account", subject_id=account.id), {"account.connected"}),
        (Filters(subject="user", subject_id=cast.ben.id), {"add", "set_role"}),
        (Filters(story_id=story.id), {"create"}),
        (Filters(since=now), set()),
        (Filters(until=now - timedelta(days=1)), set()),
    ):
        assert {each.verb for each in audit.events(filters)} == wanted, filters
    assert len(audit.events(Filters(until=now, since=now - timedelta(hours=1)))) == len(
        audit.events()
    )


def many(count: int) -> None:
    """Lines of one instant, as a restore or a busy second leaves them."""
    with writing():
        for number in range(count):
            audit.record(None, "change", "story", number, story_id=number)
        db.session.flush()
        db.session.query(Event).update({"at": datetime(2026, 11, 24, tzinfo=UTC)})


@pytest.mark.usefixtures("database_url")
def test_page_by_page_every_line_comes_once_and_none_is_searched_for(app, cast):
    many(25)
    seen: list[int] = []
    before = None
    while found := audit.events(before=before, most=7):
        seen += [each.id for each in found]
        before = found[-1].id
    assert seen == sorted(seen, reverse=True)
    assert len(seen) == len(set(seen)) == db.session.query(Event).count()
    assert [each.id for batch in audit.batches(Filters(), size=7) for each in batch] == seen
    if db.engine.dialect.name != "sqlite":  # which plans without counting how little this is
        return
    assert not plans.sorts(lambda: audit.events(most=7))
    for filters in (
        Filters(person_id=cast.ada.id),
        Filters(verb="change"),
        Filters(story_id=3),
        Filters(subject="user", subject_id=cast.ben.id),
        Filters(since=datetime(2026, 11, 25, tzinfo=UTC)),
    ):
        assert "events" not in plans.scans(lambda f=filters: audit.events(f)), filters


# Pages


def test_the_page_filters_and_turns(client, cast, sign_in):
    many(60)
    service.set_role(cast.ada, cast.ben, "editor")
    first = sign_in(client, cast.ada).get("/admin/audit?verb=change").text
    assert first.count("changed</td>") == 50
    older = first.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    assert "verb=change" in older
    last = client.get(older).text
    assert last.count("changed</td>") == 10
    assert "Newest" in last
    assert "Author → Editor" in client.get(f"/admin/audit?about=user:{cast.ben.id}").text
    assert "Nothing matches" in client.get("/admin/audit?verb=unheard-of").text
    assert "Nothing matches" in client.get("/admin/audit?until=2026-11-20").text
    odd = "/admin/audit?before=999&person=nobody&about=user:x&since=31&until=9999-12-31&story=-1"
    assert client.get(odd).status_code == 200


def test_the_table_opens_in_a_spreadsheet_and_computes_nothing(client, cast, sign_in):
    evil = '=HYPERLINK("http://evil.example","봄")'
    stories.create_story(cast.ana, title=evil)
    service.save_profile(cast.ana, name="+82 Ana")
    stories.create_story(cast.ana, title="둘째")
    answer = sign_in(client, cast.ada).get(f"/admin/audit.csv?person={cast.ana.id}")
    assert answer.mimetype == "text/csv"
    assert "attachment" in answer.headers["Content-Disposition"]
    text = answer.get_data().decode("utf-8")
    assert text.startswith("\ufefftime,person,")
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    assert [row["details"] for row in rows] == ["“둘째”", f"“{evil}”"]
    assert [row["person"] for row in rows] == ["'+82 Ana", "Ana"]
    assert {row["action_code"] for row in rows} == {"create"}
    assert datetime.fromisoformat(rows[0]["time"]).utcoffset() == timedelta(hours=9)


def test_a_long_table_is_whole(client, cast, sign_in, monkeypatch):
    many(1203)
    answer = sign_in(client, cast.ada).get("/admin/audit.csv?verb=change")
    assert answer.text.count("\r\n") == 1204


def test_the_trail_and_its_table_are_for_administrators(client, cast, sign_in):
    sign_in(client, cast.rui)
    assert client.get("/admin/audit").status_code == 403
    assert client.get("/admin/audit.csv").status_code == 403


# On a story's own pages


def test_a_story_tells_what_happened_to_it_newest_first(newsroom, client, cast, sign_in):
    story = newsroom.approve(newsroom.story("x", x=Draft(text="첫 글")))
    newsroom.work()
    stories.create_story(cast.ana, title="another")
    page = sign_in(client, cast.ana).get(f"/stories/{story.id}").text
    told = page.split('id="activity-title"')[1].split("</section>")[0]
    assert told.index("delivery published") < told.index("delivery on its way")
    assert "before: On its way" in told
    label = story.posts[0].account.label
    assert f"delivery published · {label}" in told
    assert "another" not in told
    everything = client.get(f"/stories/{story.id}/activity").text
    assert everything.index("submitted") < everything.index("created")
    assert "Draft → In review" in everything


def test_times_are_told_as_everywhere_else(client, cast, sign_in):
    story = stories.create_story(cast.ana, title="봄 소식")
    blog = accounts.connect(None, kind="blog", slug="blog", label="Blog")
    post = stories.add_post(cast.ana, story, blog, Draft(title="봄", text="글"))
    stories.plan(cast.ana, post, datetime(2026, 12, 1, tzinfo=UTC), "Asia/Seoul")
    told = "– → 1 Dec 2026, 09:00"
    assert told in sign_in(client, cast.ana).get(f"/stories/{story.id}").text
    assert told in sign_in(client, cast.ada).get("/admin/audit?verb=plan").text
    assert told in client.get("/admin/audit.csv?verb=plan").text


def test_activity_is_turned_page_by_page_and_only_by_who_may_see_the_story(client, cast, sign_in):
    story = stories.create_story(cast.ana, title="봄 소식")
    with writing():
        for number in range(60):
            audit.record(
                cast.ana, "change", "story", story.id, story_id=story.id, title=str(number)
            )
    path = f"/stories/{story.id}/activity"
    assert f'href="{path}"' in sign_in(client, cast.ana).get(f"/stories/{story.id}").text
    first = client.get(path).text
    assert first.count("<strong>Ana</strong> ·") == 50
    older = client.get(first.split('rel="next" href="')[1].split('"')[0]).text
    assert older.count("<strong>Ana</strong> ·") == 11
    assert "Nothing further" in client.get(f"{path}?before=1").text
    assert sign_in(client, cast.ben).get(path).status_code == 404
