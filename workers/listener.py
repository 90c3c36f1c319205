"""RQ's worker, which Redis may forget: after a FLUSHALL it hears bells that nobody thinks it can hear."""

from __future__ import annotations

from redis.client import Pipeline
from rq import Worker, worker_registration


class Listener(Worker):
    """Registers again with the heartbeat after which it is no longer known: at the next bell, or within a
    minute. Without that the dispatcher counts no worker and drains by itself for ever."""

    def heartbeat(self, timeout: int | None = None, pipeline: Pipeline | None = None) -> None:
        super().heartbeat(timeout, pipeline=pipeline)
        if pipeline is None and not self._known():
            self.connection.hset(self.key, mapping=self.serialize())
            worker_registration.register(self)

    def _known(self) -> bool:
        return bool(self.connection.sismember(self.redis_workers_keys, self.key))
