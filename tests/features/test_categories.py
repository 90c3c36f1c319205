"""Categories: renamed, given a rhythm that the calendar counts, and merged with all that names them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient

from publisher import clock
from publisher.blog.models import Article
from publisher.calendar import service as calendar
from publisher.calendar.rules import Filters
from publisher.errors import Invalid, NotAllowed
from publisher.extensions import db
from publisher.people.models import Event, User
from publisher.storage import writing
from publisher.stories import approvals, categories, filtering, outlines
from publisher.stories.models import Category
from tests.features.planned import blog, planned
from tests.plugins.app import Cast

NOON = datetime(2026, 11, 23, 3, tzinfo=UTC)
TOMORROW = datetime(2026, 11, 24, 0, tzinfo=UTC)
SignIn = Callable[[FlaskClient, User], FlaskClient]


@pytest.fixture(autouse=True)
def still_clock() -> Iterator[None]:
    clock.set_source(lambda: NOON)
    yield
    clock.set_source(None)


@pytest.fixture
def how_to(cast: Cast) -> Category:
    return categories.add_category(cast.rui, slug="how-to", name_ko="사용법", name_en="How-to")


@pytest.fixture
def guides(cast: Cast) -> Category:
    return categories.add_category(cast.rui, slug="guides", name_ko="안내", name_en="Guides")


@pytest.fixture
def rui(client: FlaskClient, cast: Cast, sign_in: SignIn) -> FlaskClient:
    return sign_in(client, cast.rui)


def last_event() -> Event:
    return db.session.query(Event).order_by(Event.id.desc()).first()


def test_an_editor_renames_a_category_and_sets_its_rhythm(
    rui: FlaskClient, cast: Cast, how_to: Category
) -> None:
    form = {"name_ko": "비법", "name_en": "Tricks", "rhythm": "2", "rhythm_unit": "week"}
    assert rui.post(f"/categories/{how_to.id}", data=form).location == "/categories"
    assert (how_to.name_ko, how_to.name_en, how_to.slug) == ("비법", "Tricks", "how-to")
    event = last_event()
    assert (event.verb, event.subject, event.note) == ("category.changed", "category", "비법")
    assert "2 posts a week" in rui.get("/categories").text
    rui.post(f"/categories/{how_to.id}", data=form)
    assert last_event().id == event.id, "what changes nothing leaves no line"


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [({"rhythm": "100"}, "from 0 to 99"), ({"name_ko": " "}, "at most 80 characters")],
)
def test_a_wrong_field_is_named_and_what_was_typed_stays(
    rui: FlaskClient, how_to: Category, wrong: dict[str, str], sentence: str
) -> None:
    form = {"name_ko": "비법", "name_en": "Typed", "rhythm": "2", "rhythm_unit": "week", **wrong}
    answer = rui.post(f"/categories/{how_to.id}", data=form)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert 'value="Typed"' in answer.text
    db.session.rollback()
    assert how_to.name_en == "How-to"


def test_only_editors_change_and_merge(
    client: FlaskClient, cast: Cast, sign_in: SignIn, how_to: Category, guides: Category
) -> None:
    with pytest.raises(NotAllowed):
        categories.change_category(cast.ana, how_to, name_ko="a", name_en="b")
    with pytest.raises(NotAllowed):
        categories.merge_category(cast.ana, how_to, guides)
    assert sign_in(client, cast.ana).get(f"/categories/{how_to.id}").status_code == 403


def test_the_calendar_says_what_a_week_and_a_month_still_lack(
    rui: FlaskClient, cast: Cast, sign_in: SignIn, how_to: Category, guides: Category
) -> None:
    categories.change_category(cast.rui, how_to, name_ko="사용법", name_en="How-to", rhythm=3)
    month = {"rhythm": 5, "rhythm_unit": "month"}
    categories.change_category(cast.rui, guides, name_ko="안내", name_en="Guides", **month)
    account = blog(cast.ada)
    with writing():
        for n, category in enumerate((how_to, how_to, guides)):
            at = TOMORROW + timedelta(hours=n)
            planned(cast.ana, account, f"글 {n}", at).story.category_id = category.id
    page = rui.get("/calendar/2026/11").text
    rows = re.findall(r'<tr class="week-lacks">.*?</tr>', page, re.DOTALL)
    assert len(rows) == 2, "this week and the next; weeks that are over are left alone"
    assert "How-to: 1 (of 3)" in rows[0]
    assert "How-to: 3 (of 3)" in rows[1]
    assert "Guides" not in "".join(rows)
    assert "Guides: 4 (of 5)" in page
    assert "How-to: 1 (of 3)" in rui.get("/calendar/week").text
    assert "Guides: 4" not in rui.get("/calendar/2026/11?category=how-to").text
    assert "of 3" not in rui.get("/calendar/2026/10").text
    assert "of 3" not in sign_in(rui, cast.vic).get("/calendar/2026/11").text


def test_what_names_a_merged_category_names_the_other_one(
    rui: FlaskClient, cast: Cast, how_to: Category, guides: Category
) -> None:
    account = blog(cast.ada)
    post = planned(cast.ana, account, "제목", TOMORROW)
    with writing() as session:
        post.story.category_id = how_to.id
        session.add(article("how-to"))
    outline = outlines.keep(cast.ada, post.story, "서식")
    rule = approvals.add_rule(cast.ada, needed=2, category_id=how_to.id)
    kept = filtering.keep(cast.ana, "A", {"category": str(how_to.id), "q": "로봇"})
    plan = filtering.keep(cast.ana, "B", {"category": ["how-to", "guides"]}, filtering.CALENDAR)
    old, page = how_to.id, f"/categories/{how_to.id}"
    assert "Guides" in rui.get(page).text

    answer = rui.post(f"{page}/merge", data={"into": str(guides.id)}, follow_redirects=True)
    assert "The categories are merged: 1 story moved." in answer.text
    assert db.session.get(Category, old) is None
    assert {post.story.category_id, outline.category_id, rule.category_id} == {guides.id}
    assert filtering.arguments(kept) == {"q": "로봇", "category": str(guides.id)}
    assert filtering.arguments(plan) == {"category": "guides"}
    assert db.session.query(Article.category).scalar() == "guides"
    event = last_event()
    assert (event.verb, event.note, event.detail["name"]) == ("category.merged", "안내", "사용법")

    shown = calendar.entries(
        cast.rui, NOON, NOON + timedelta(days=9), Filters(category=("how-to",))
    )
    assert [entry.title for entry in shown] == ["제목"], "a feed of the old one goes on"
    assert "제목" in rui.get("/calendar/2026/11?category=how-to").text
    assert "/calendar/2026/12?category=guides" in rui.get("/calendar/2026/11?category=how-to").text
    assert rui.get("/blog/category/how-to").location == "/blog/category/guides"
    with pytest.raises(Invalid):
        categories.add_category(cast.rui, slug="how-to", name_ko="다시", name_en="Again")


def test_merging_into_itself_or_into_nothing_is_refused(rui: FlaskClient, how_to: Category) -> None:
    for into in (str(how_to.id), "999", "", "x"):
        answer = rui.post(f"/categories/{how_to.id}/merge", data={"into": into})
        assert answer.location == f"/categories/{how_to.id}"
    assert categories.get_category(how_to.id) is how_to


def article(category: str) -> Article:
    """A published article of that category."""
    return Article(
        key="k1",
        slug="first",
        title="처음",
        text="본문",
        html="<p>본문</p>",
        category=category,
        published_at=NOON,
        updated_at=NOON,
    )
