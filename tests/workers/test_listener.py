"""A worker that Redis forgot is known again at its next heartbeat."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator

import pytest
from redis import Redis
from rq import Queue, Worker
from rq.serializers import JSONSerializer

from publisher import queue
from workers.listener import Listener, told_to_stop

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)


@pytest.fixture
def redis(redis_url: str) -> Iterator[Redis]:
    with Redis.from_url(redis_url) as client:
        yield client


def test_a_worker_that_redis_forgot_registers_again(redis: Redis) -> None:
    bells = Queue(queue.QUEUE, connection=redis, serializer=JSONSerializer)
    listener = Listener([bells], connection=redis, name="w1", serializer=JSONSerializer)
    listener.register_birth()
    redis.flushall()
    assert Worker.count(queue=bells) == 0

    listener.heartbeat()

    assert Worker.count(queue=bells) == 1
    assert [worker.name for worker in Worker.all(connection=redis)] == ["w1"]


def test_a_worker_that_leaves_is_not_known_any_more(redis: Redis) -> None:
    bells = Queue(queue.QUEUE, connection=redis, serializer=JSONSerializer)
    listener = Listener([bells], connection=redis, name="w1", serializer=JSONSerializer)
    listener.register_birth()
    redis.flushall()
    listener.heartbeat()

    listener.register_death()

    assert Worker.count(queue=bells) == 0


def test_a_stop_reaches_the_horse(redis: Redis) -> None:
    bells = Queue(queue.QUEUE, connection=redis, serializer=JSONSerializer)
    listener = Listener([bells], connection=redis, name="w1", serializer=JSONSerializer)
    with subprocess.Popen(["sleep", "60"]) as horse:
        listener._horse_pid = horse.pid
        listener.handle_warm_shutdown_request()
        assert horse.wait(10) == -signal.SIGUSR1

    before = {number: signal.getsignal(number) for number in SIGNALS}
    try:
        listener.setup_work_horse_signals()
        os.kill(os.getpid(), signal.SIGUSR1)
        assert told_to_stop().wait(10)
    finally:
        told_to_stop().clear()
        for number, handler in before.items():
            signal.signal(number, handler)
