"""The only door to RQ. A job is a bell, not a record: it says "look", the database says at what.

Facts behind the numbers: `docs/decisions/0003-rq-rings-the-database-knows.md`.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from flask import current_app, has_app_context
from redis import Redis
from redis.exceptions import RedisError
from rq import Queue, Worker
from rq.exceptions import DuplicateJobError
from rq.serializers import JSONSerializer

from publisher import clock, storage
from publisher.config import Config

QUEUE = "publish"
BELL = "workers.jobs.drain"
SOON = timedelta(seconds=2)
logger = logging.getLogger(__name__)


def connect(config: Config, *, patient: bool = False) -> Redis:
    """A connection that gives up after two seconds: a bell is never worth waiting for. A `patient` one is for
    workers, which listen for bells as long as it takes."""
    if patient:
        return Redis.from_url(config.redis_url)
    return Redis.from_url(config.redis_url, socket_connect_timeout=2, socket_timeout=2)


def ring(wanted: int = 1) -> bool:
    """Ring up to `wanted` bells, but never more than there are workers to hear them.

    False when nobody hears: Redis cannot be reached, or no worker listens. The id names the second, because a
    bell that died with its worker keeps its id taken for minutes; within a second ringing twice is one bell.
    """
    redis = _redis()
    if redis is None:
        return False
    try:
        queue = Queue(QUEUE, connection=redis, serializer=JSONSerializer)
        hearing = _hearing(queue)
        second = int(clock.now().timestamp())
        for slot in range(min(wanted, max(1, hearing) - queue.count)):
            try:
                queue.enqueue(
                    BELL,
                    job_id=f"bell-{slot}-{second}",
                    unique=True,
                    result_ttl=0,
                    failure_ttl=60,
                    job_timeout=180,
                )
            except DuplicateJobError:
                continue
    except (RedisError, OSError) as error:
        logger.warning("the bell cannot be rung: %s", type(error).__name__)
        return False
    return hearing > 0


def _hearing(queue: Queue) -> int:
    """How many workers live. RQ's own count is a set that outlives them: of one that was killed, or whose
    host is lost, only its key runs out, after two minutes."""
    keys = Worker.all_keys(queue=queue)
    return int(queue.connection.exists(*keys)) if keys else 0


def reachable() -> bool:
    """Whether Redis answers now."""
    redis = _redis()
    try:
        return redis is not None and bool(redis.ping())
    except (RedisError, OSError):
        return False


def ring_after_commit(instant: datetime | None) -> None:
    """Whoever commits something due within two seconds rings for it; the rest is the dispatcher's."""
    if instant is not None and instant <= clock.now() + SOON:
        storage.after_commit(ring)


def _redis() -> Redis | None:
    if not has_app_context():
        return None
    config: Config = current_app.extensions["settings"]
    if not config.redis_url:
        return None
    redis: Redis | None = current_app.extensions.get("redis")
    if redis is None:
        redis = current_app.extensions["redis"] = connect(config)
    return redis
