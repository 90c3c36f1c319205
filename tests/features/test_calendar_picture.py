"""The month as a picture: what it shows, in which letters, and what it refuses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image, ImageFont

from publisher import clock
from publisher.accounts.models import Account
from publisher.calendar import lettering
from publisher.errors import Conflict
from publisher.people.models import User
from publisher.storage import writing
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
def account(cast: Cast) -> Account:
    return blog(cast.ada)


def picture(client: FlaskClient, query: str = "") -> Image.Image:
    answer = client.get(f"/calendar/2026/11.png{query}")
    assert (answer.status_code, answer.mimetype) == (200, "image/png")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="calendar-2026-11.png"'
    return Image.open(BytesIO(answer.data))


def test_a_picture_shows_every_post_of_a_day(
    client: FlaskClient, cast: Cast, account: Account, sign_in: SignIn
) -> None:
    vic = sign_in(client, cast.vic)
    empty = picture(vic)
    sizes = []
    for n in range(12):
        planned(cast.ana, account, f"열두 글 {n}", TOMORROW + timedelta(minutes=31 * n))
        if n in {5, 11}:
            sizes.append(picture(vic).height)
    assert empty.height < sizes[0] < sizes[1], "the day grows with its posts, and hides none"
    assert picture(vic).width == empty.width
    assert picture(vic, "?status=published").tobytes() != empty.tobytes(), "it names its filters"
    assert picture(vic, "?status=published").height == empty.height


def test_a_picture_speaks_the_reader_s_language_and_shows_their_zone(
    client: FlaskClient, cast: Cast, account: Account, sign_in: SignIn
) -> None:
    planned(cast.ana, account, "제목 🎉 \n두 줄", TOMORROW)
    vic = sign_in(client, cast.vic)
    seen = {picture(vic).tobytes(), picture(vic, "?tz=America/New_York").tobytes()}
    with writing():
        cast.vic.language = "en" if cast.vic.language == "ko" else "ko"
    seen.add(picture(vic).tobytes())
    assert len(seen) == 3


def test_months_that_do_not_exist_and_strangers_get_no_picture(
    client: FlaskClient, cast: Cast, sign_in: SignIn
) -> None:
    assert client.get("/calendar/2026/11.png").location.startswith("/sign-in?next=")
    assert sign_in(client, cast.vic).get("/calendar/2026/13.png").status_code == 404


def test_what_is_too_tall_for_one_picture_is_refused_with_a_way_on(
    client: FlaskClient,
    cast: Cast,
    account: Account,
    sign_in: SignIn,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("publisher.calendar.picture.TALLEST", 600)
    answer = sign_in(client, cast.vic).get("/calendar/2026/11.png")
    assert answer.status_code == 409
    assert "Choose filters, or print." in answer.text


def test_a_machine_without_korean_letters_says_what_to_install(app: Flask, tmp_path: Path) -> None:
    (tmp_path / "NanumGothic.ttf").write_bytes(b"no font")
    with app.test_request_context(), pytest.raises(Conflict, match="Noto Sans CJK") as refused:
        lettering.korean([str(tmp_path)])
    assert refused.value.code == "no_font"


def test_letters_are_korean_and_leave_out_what_they_cannot_show(app: Flask) -> None:
    regular, _bold = lettering.korean()
    assert regular.shown("가나 다\n🎉\x00 A…") == "가나 다 A…"
    assert isinstance(regular.size(20), ImageFont.FreeTypeFont)
