"""What probes and Prometheus are told, and what strangers are not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, update

from bench import plans
from publisher import backup, clock, journal
from publisher.accounts import service as accounts
from publisher.application import create_app
from publisher.config import Config
from publisher.deliveries import claim, sweep
from publisher.deliveries.models import Attempt, Delivery
from publisher.effects import stuck
from publisher.effects.models import Effect
from publisher.extensions import db
from publisher.health import service as health
from publisher.storage import writing
from publisher.stories.rules import Draft
from tests.plugins.newsroom import Newsroom

TOKEN = "a token for a monitor alone"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
Travel = Callable[[timedelta], None]


@pytest.fixture
def config(config: Config) -> Config:
    return replace(config, monitor_token=TOKEN)


@pytest.fixture
def well(app: Flask) -> Flask:
    """An installation at which nothing is wrong: its schema is made by migrations, its dispatcher beats."""
    with db.engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE alembic_version (version_num VARCHAR(32))")
        connection.exec_driver_sql(
            f"INSERT INTO alembic_version VALUES ('{health.schema.newest()}')"
        )
    backup.take()
    sweep.beat("dispatcher@here:1", "dispatcher")
    return app


def failing() -> set[str]:
    db.session.rollback()
    return {check.what for check in health.examine() if not check.well}


def test_all_is_well(well: Flask, client: FlaskClient) -> None:
    assert failing() == set()
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json) == (200, {"status": "ok", "failing": []})
    assert answer.headers["Cache-Control"] == "no-store"
    assert client.get("/livez").text == "ok\n"


def test_strangers_learn_only_which_check_fails(app: Flask, client: FlaskClient) -> None:
    answer = client.get("/healthz")
    assert answer.status_code == 503
    assert answer.json.keys() == {"status", "failing"}
    wrong = {"Authorization": "Bearer something else"}
    assert client.get("/healthz", headers=wrong).json.keys() == {"status", "failing"}
    assert client.get("/metrics").status_code == 401
    assert client.get("/metrics", headers=wrong).status_code == 401
    said = client.get("/healthz", headers=BEARER).json["checks"]
    assert {key: said[0][key] for key in ("name", "well")} == {"name": "database", "well": False}


def test_without_a_token_set_nobody_has_it(config: Config, tmp_path) -> None:
    app = create_app(replace(config, monitor_token=""))
    for given in ("Bearer ", "", "Bearer none"):
        answer = app.test_client().get("/metrics", headers={"Authorization": given})
        assert answer.status_code == 401


def test_the_monitor_reads_figures(well: Flask, newsroom: Newsroom, client: FlaskClient) -> None:
    newsroom.approve(newsroom.story())
    newsroom.work(2.5)
    newsroom.approve(newsroom.story("x", x=Draft(text="나중")), in_s=600)
    answer = client.get("/metrics", headers=BEARER)
    assert answer.content_type.startswith("text/plain; version=0.0.4")
    lines = answer.text.splitlines()
    assert 'publisher_deliveries{status="scheduled"} 1' in lines
    assert 'publisher_recent_attempts{outcome="published"} 3' in lines
    assert 'publisher_well{check="database"} 1' in lines
    kinds = [line.split()[2] for line in lines if line.startswith("# TYPE")]
    assert len(kinds) == len(set(kinds))
    assert all(line.startswith(("# ", "publisher_")) for line in lines)
    assert [
        line for line in lines if not line.startswith("#") and float(line.split()[-1]) < 0
    ] == []


def test_the_monitor_counts_outcomes_and_lateness_by_channel_since_the_process_began(
    well: Flask, newsroom: Newsroom, client: FlaskClient
) -> None:
    def lines() -> list[str]:
        return client.get("/metrics", headers=BEARER).text.splitlines()

    newsroom.approve(newsroom.story())
    newsroom.work(2.5)
    before = lines()
    assert "# TYPE publisher_attempts_total counter" in before
    assert "# TYPE publisher_lateness_seconds histogram" in before
    assert not [line for line in before if line.startswith("publisher_attempts_total")]

    story = newsroom.approve(newsroom.story("x", x=Draft(text="가")))
    newsroom.work()
    delivery = newsroom.delivery(story, "x")
    with writing() as session:
        session.execute(update(Delivery).where(Delivery.id == delivery.id).values(late_ms=700))
        session.execute(
            update(Attempt).where(Attempt.delivery_id == delivery.id).values(outcome="")
        )
    assert not [line for line in lines() if line.startswith("publisher_attempts_total")]
    with writing() as session:
        ended = update(Attempt).where(Attempt.delivery_id == delivery.id)
        session.execute(ended.values(outcome="published"))
    for _again in range(2):
        said = lines()
        assert 'publisher_attempts_total{channel="twitter",outcome="published"} 1' in said
        assert 'publisher_lateness_seconds_bucket{channel="twitter",le="0.5"} 0' in said
        assert 'publisher_lateness_seconds_bucket{channel="twitter",le="1"} 1' in said
        assert 'publisher_lateness_seconds_bucket{channel="twitter",le="+Inf"} 1' in said
        assert 'publisher_lateness_seconds_sum{channel="twitter"} 0.7' in said
        assert 'publisher_lateness_seconds_count{channel="twitter"} 1' in said


@pytest.mark.usefixtures("database_url")
def test_counting_reads_new_attempts_by_their_ids(well: Flask, newsroom: Newsroom) -> None:
    newsroom.approve(newsroom.story())
    assert [*health.tallies()]
    newsroom.work(2.5)
    found = plans.scans(lambda: [*health.tallies()])
    assert not {"attempts", "deliveries"} & found.keys(), found


def test_a_silent_dispatcher_and_old_backups_are_seen(well: Flask, travel: Travel) -> None:
    travel(timedelta(seconds=6))
    assert failing() == {"dispatcher"}
    travel(timedelta(hours=4))
    assert failing() == {"dispatcher", "backup"}


def test_what_could_go_and_does_not_is_seen(
    well: Flask, newsroom: Newsroom, travel: Travel
) -> None:
    newsroom.approve(newsroom.story("x", x=Draft(text="가")))
    assert failing() == set()
    travel(timedelta(seconds=61))
    assert failing() >= {"overdue"}
    accounts.hold(None, "우리 쪽 사정")
    sweep.beat("dispatcher@here:1", "dispatcher")
    assert failing() == {"hold"}


def test_a_held_account_is_named(well: Flask, newsroom: Newsroom) -> None:
    accounts.hold(None, "Too many are overdue.", accounts.by_slug("x"))
    assert failing() == {"hold"}
    (hold,) = [check for check in health.examine() if check.what == "hold"]
    assert accounts.by_slug("x").label in hold.sentence


def test_a_long_search_is_seen(well: Flask, newsroom: Newsroom) -> None:
    story = newsroom.approve(newsroom.story("x", x=Draft(text="가")), in_s=600)
    delivery = newsroom.delivery(story, "x")
    long_ago = clock.now() - timedelta(minutes=16)
    with writing() as session:
        session.execute(
            update(Delivery)
            .where(Delivery.id == delivery.id)
            .values(status="unconfirmed", wire_at=long_ago)
        )
    assert failing() == {"unconfirmed"}


def test_missed_posts_and_stuck_work_are_seen(well: Flask, newsroom: Newsroom) -> None:
    story = newsroom.approve(newsroom.story("x", x=Draft(text="가")))
    with writing() as session:
        session.execute(update(Delivery).values(expires_at=clock.now() - timedelta(seconds=1)))
        now = clock.now()
        session.add(Effect(kind="x", key="x", desired={}, created_at=now, problem="OSError"))
    sweep.sweep()
    assert newsroom.delivery(story, "x").status == "missed"
    assert len(stuck.waiting()) == 1
    assert failing() == {"attention", "side work"}


def test_a_journal_that_lacks_what_went_out_is_seen(
    well: Flask, newsroom: Newsroom, travel: Travel
) -> None:
    newsroom.approve(newsroom.story("x", x=Draft(text="가")))
    newsroom.work()
    travel(timedelta(seconds=6))
    sweep.beat("dispatcher@here:1", "dispatcher")
    assert failing() == set()
    (journal.folder() / journal.NAME).unlink()
    assert failing() == {"journal"}


def test_health_answers_when_the_database_does_not(
    well: Flask, client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_arguments: object) -> None:
        raise ConnectionError("no database")

    event.listen(db.engine, "before_cursor_execute", refuse)
    try:
        client.set_cookie("publisher", "whatever")
        answer = client.get("/healthz", headers=BEARER)
        figures = client.get("/metrics", headers=BEARER)
    finally:
        event.remove(db.engine, "before_cursor_execute", refuse)
    assert answer.status_code == 503
    assert "database" in answer.json["failing"]
    assert 'publisher_well{check="database"} 0' in figures.text
    assert client.get("/livez").status_code == 200


def test_no_check_takes_the_write_lock(well: Flask, newsroom: Newsroom) -> None:
    assert claim.heads() is not None
    with db.engine.connect().execution_options(writing=True) as writer, writer.begin():
        writer.exec_driver_sql("SELECT 1")
        assert failing() == set()
