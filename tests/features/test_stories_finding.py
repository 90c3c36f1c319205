"""Finding stories among many: by words of any length, by filters that are kept; changing several at once."""

from __future__ import annotations

import html
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from bench import plans
from publisher import clock
from publisher.accounts import service as accounts
from publisher.accounts.models import Account
from publisher.deliveries import service as deliveries
from publisher.errors import NotFound
from publisher.extensions import db
from publisher.notices import service as notices
from publisher.people.models import User
from publisher.storage import writing
from publisher.stories import autosave, filtering, queries, review, search, service, shelving
from publisher.stories.models import Post, Story
from publisher.stories.queries import Filters
from publisher.stories.rules import Draft
from tests.plugins.app import Cast


@pytest.fixture
def blog(app: Flask) -> Account:
    return accounts.connect(None, kind="blog", slug="blog", label="Blog")


@pytest.fixture
def rui(app: Flask, cast: Cast, sign_in) -> FlaskClient:
    return sign_in(app.test_client(), cast.rui)


@pytest.fixture
def ana(app: Flask, cast: Cast, sign_in) -> FlaskClient:
    return sign_in(app.test_client(), cast.ana)


def story(cast: Cast, blog: Account, title: str, body: str = "", **parts: str) -> Post:
    made = service.create_story(cast.ana, title=title, **parts)
    return service.add_post(cast.ana, made, blog, Draft(title=title, text=body))


def found(words: str, actor=None, **filters) -> list[str]:
    db.session.rollback()
    return [each.title for each in queries.stories(actor, Filters(text=words, **filters))]


@pytest.mark.usefixtures("database_url")
def test_words_of_any_length_are_found_in_titles_briefs_and_newest_texts(cast, blog):
    factory = story(
        cast, blog, "공장 자동화 1년", "불량률은 38% 줄었습니다.", brief="For Plant Managers"
    )
    story(cast, blog, "Holiday hours", "We close on Friday; 연휴 안내", campaign="Year's End")

    for words in (
        "공장",
        "자동화",
        "률",
        "줄었",
        "38%",
        "plant",
        "MANAGERS",
        "1년 불량률",
        "동화 1",
    ):
        assert found(words) == ["공장 자동화 1년"], words
    for words in ("연휴", "holiday", "year's", "friday;", "Ho", "연휴 close"):
        assert found(words) == ["Holiday hours"], words
    for words in ("동공", "자동차", "38_", "nowhere", "공장 holiday", "화자"):
        assert found(words) == [], words
    assert len(found("")) == 2

    autosave.autosave(
        cast.ana,
        factory,
        Draft(title="공장", text="로봇이 왔습니다."),
        version=factory.version,
        base=factory.head.hash,
        page="a",
    )
    assert found("로봇") == ["공장 자동화 1년"]
    assert found("불량률") == [], "an older revision's words"
    autosave.autosave(
        cast.ana,
        factory,
        Draft(title="공장", text="드론이 왔습니다."),
        version=factory.version,
        base=factory.head.hash,
        page="a",
    )
    assert (found("드론"), found("로봇")) == (["공장 자동화 1년"], [])
    service.update_story(
        cast.ana,
        factory.story,
        version=factory.story.version,
        title="물류 자동화",
        brief="",
        category_id=None,
        campaign="",
        language="ko",
        deadline=None,
        author_ids=(),
    )
    assert (found("물류"), found("plant")) == (["물류 자동화"], [])


@pytest.mark.usefixtures("database_url")
def test_a_search_reads_the_index_and_not_all_stories(cast, blog):
    for number in range(30):
        story(cast, blog, f"소식 {number}", "본문")
    big = {"stories", "posts", "revisions"}
    for words in ("소식", "식", "본문 29", "한국 38%"):
        for actor in (None, cast.ana):
            seen = plans.scans(lambda: queries.stories(actor, Filters(text=words)).items)  # noqa: B023
            assert not big & seen.keys(), (words, seen)


@pytest.mark.usefixtures("database_url")
def test_letters_that_stand_everywhere_are_looked_for_in_the_newest_stories_and_that_is_told(
    cast, blog, rui, monkeypatch
):
    monkeypatch.setattr(search, "FAR", 3)
    for number in range(5):
        story(cast, blog, f"소식 {number}", "본문")
    assert sorted(found("소식")) == ["소식 2", "소식 3", "소식 4"]
    assert found("소식 1") == ["소식 1"], "another word reaches older ones"
    assert sorted(found("소식", cast.ana, account_id=blog.id)) == ["소식 2", "소식 3", "소식 4"]
    assert (
        "of the stories that can hold them were looked through, 3 at most"
        in rui.get("/stories?q=소식").text
    )
    assert "looked through" not in rui.get("/stories?q=소식+1").text


def test_pages_are_counted_as_far_as_a_reader_turns_them(cast, monkeypatch, rui):
    monkeypatch.setattr(queries, "COUNTED", 60)
    for number in range(101):
        service.create_story(cast.ana, title=f"Story {number}")
    first, last = (queries.listing(None, page=page) for page in (1, 5))
    assert (first.page.total, first.more, last.page.total, last.more) == (75, True, 101, False)
    assert [len(first.page.items), len(last.page.items)] == [25, 1]
    assert "Page 1</span>" in rui.get("/stories").text
    assert "Page 5 of 5</span>" in rui.get("/stories?page=5").text


def test_nobody_finds_what_is_not_shared_with_them(cast, blog):
    story(cast, blog, "비밀 계획")
    assert found("비밀", cast.ben) == []
    assert found("비밀", cast.ana) == found("비밀", cast.rui) == ["비밀 계획"]


def test_without_an_index_the_texts_are_read(cast, blog):
    """As on a SQLite that was built without FTS5."""
    with writing() as session:
        session.execute(text(f"DROP TABLE {search.NAME}"))
    story(cast, blog, "공장 자동화", "불량률")
    assert (found("불량"), found("nowhere")) == (["공장 자동화"], [])


@pytest.mark.usefixtures("database_url")
def test_no_plan_is_kept_for_all_words(cast, blog):
    """PostgreSQL keeps one plan after some uses of a prepared statement: here the one for a common word."""
    story(cast, blog, "공장 자동화")
    for _ in range(12):
        assert queries.stories(None, Filters(text="공장")).total == 1
    if db.engine.dialect.name == "postgresql":
        kept = "SELECT custom_plans, generic_plans FROM pg_prepared_statements WHERE statement LIKE '%@>%'"
        plans = db.session.execute(text(kept)).all()
        assert any(custom > 5 for custom, _generic in plans), "it is prepared"
        assert not any(generic for _custom, generic in plans)


def test_an_idea_is_a_story_that_nobody_began_to_write(cast, blog):
    post = story(cast, blog, "Begun")
    service.create_story(cast.ana, title="Thought of")
    assert found("", status="idea") == ["Thought of"]
    shelving.archive_post(cast.ana, post)
    assert sorted(found("", status="idea")) == ["Begun", "Thought of"]
    assert queries.progress(post.story).status == "idea"


# ---- Filters kept under a name ----


def test_a_filter_is_kept_under_a_name_and_leads_back(ana, cast, blog):
    story(cast, blog, "공장 자동화")
    answer = ana.post(
        "/stories/filters",
        data={"name": " 공장  초안 ", "q": "공장", "status": "draft", "page": "3", "evil": "x"},
        follow_redirects=True,
    )
    assert answer.request.query_string.decode() == "q=%EA%B3%B5%EC%9E%A5&status=draft"
    assert 'aria-current="true"><svg' in answer.text
    assert "Remove the filter “공장 초안”" in answer.text
    (kept,) = filtering.of(cast.ana)
    assert kept.name == "공장 초안"
    assert filtering.of(cast.rui) == []

    ana.post("/stories/filters", data={"name": "공장 초안", "q": "로봇"})
    assert [filtering.arguments(each) for each in filtering.of(cast.ana)] == [{"q": "로봇"}]
    ana.post(f"/stories/filters/{kept.id}/remove")
    assert filtering.of(cast.ana) == []


def test_a_filter_is_its_owner_s_alone(cast):
    kept = filtering.keep(cast.ana, "Mine", {"person": "1"})
    with pytest.raises(NotFound):
        filtering.drop(cast.rui, kept.id)
    assert len(filtering.of(cast.ana)) == 1


def test_a_campaign_filters_the_list_and_can_be_kept(
    client: FlaskClient, cast: Cast, sign_in: Callable[[FlaskClient, User], FlaskClient]
) -> None:
    service.create_story(cast.ana, title="하나", campaign="봄맞이")
    service.create_story(cast.ana, title="둘")
    service.create_story(cast.ben, title="셋", campaign="Launch")
    page = sign_in(client, cast.ana).get("/stories?campaign=봄맞이").text
    assert '<option value="봄맞이" selected>' in page
    assert "Launch" not in page
    assert [each.title for each in queries.stories(cast.ana, Filters(campaign="봄맞이"))] == [
        "하나"
    ]
    filtering.keep(cast.ana, "봄", {"campaign": "봄맞이"})
    assert [filtering.arguments(each) for each in filtering.of(cast.ana)] == [
        {"campaign": "봄맞이"}
    ]


def test_a_filter_without_a_name_or_a_choice_is_refused_in_words(ana, cast):
    for form, said in (
        ({"name": " ", "q": "a"}, "Give the filter a name"),
        ({"name": "All"}, "Choose a filter first"),
        ({"name": "n" * 61, "q": "a"}, "Give the filter a name"),
    ):
        assert said in ana.post("/stories/filters", data=form, follow_redirects=True).text
    for number in range(filtering.MOST):
        filtering.keep(cast.ana, f"F{number}", {"q": str(number)})
    answer = ana.post(
        "/stories/filters", data={"name": "One more", "q": "x"}, follow_redirects=True
    )
    assert "You keep 20 filters" in answer.text
    assert len(filtering.of(cast.ana)) == filtering.MOST


# ---- Several at once ----


def several(client: FlaskClient, stories: list[Story], **form: object) -> str:
    data = {"story": [each.id for each in stories], **form}
    answer = client.post("/stories/several", data=data, follow_redirects=True)
    assert answer.status_code == 200
    return html.unescape(answer.text)


def test_several_stories_are_archived_and_what_cannot_be_is_named(cast, blog, rui):
    first, second = story(cast, blog, "First", "a"), story(cast, blog, "Second", "b")
    for post in (first, second):
        review.submit(cast.ana, post)
    deliveries.approve(cast.rui, second, second.revision, clock.now() + timedelta(days=1))

    said = several(rui, [first.story, second.story], do="archive")

    assert "1 story was changed." in said
    assert "“Second” stays as it is: The post for Blog may still go out." in said
    db.session.rollback()
    assert first.story.archived_at
    assert not second.story.archived_at
    assert "1 story was changed." in several(rui, [first.story], do="restore")
    db.session.rollback()
    assert not first.story.archived_at


def test_several_stories_change_category_campaign_and_owner(cast, blog, rui):
    made = [story(cast, blog, f"Story {number}", "a").story for number in range(3)]
    said = several(rui, made, do="change", campaign="Spring", owner_id=cast.ben.id)
    assert "3 stories were changed." in said
    db.session.rollback()
    assert {each.campaign for each in made} == {"Spring"}
    assert {each.owner.name for each in made} == {"Ben"}
    assert [author.name for author in made[0].authors] == ["Ana"], "who wrote keeps seeing it"
    assert notices.unread(cast.ben) == 3
    several(rui, made[:1], do="change", campaign="-")
    db.session.rollback()
    assert [each.campaign for each in made] == ["", "Spring", "Spring"]


def test_who_may_not_change_a_story_is_told_so_for_each(cast, blog, ana, rui):
    hers = story(cast, blog, "Hers", "a").story
    theirs = service.create_story(cast.ben, title="Theirs")
    said = several(ana, [hers, theirs], do="change", owner_id=cast.ben.id)
    assert "“Hers” stays as it is: Only editors hand out stories." in said
    assert "Theirs" not in said, "nobody learns that it exists"
    assert "Choose what to change first." in several(ana, [hers], do="change")
    assert "Choose at least one story first." in several(ana, [], do="archive")
    db.session.rollback()
    assert hers.owner.name == "Ana"
