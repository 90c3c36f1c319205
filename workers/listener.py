"""RQ's worker, with two habits more: it is known again after a FLUSHALL, and a stop reaches its horse."""

from __future__ import annotations

import os
import signal
import threading
from contextlib import suppress

from redis.client import Pipeline
from rq import Worker, worker_registration

_STOP = signal.SIGUSR1
_told = threading.Event()


def told_to_stop() -> threading.Event:
    """Set in a horse once its worker was asked to stop."""
    return _told


class Listener(Worker):
    """Registers again with the heartbeat after which Redis no longer knows it: at the next bell, or within a
    minute. Without that the dispatcher counts no worker and drains by itself for ever.

    Asked to stop, it asks its horse, too: what is on the wire is finished, and nothing new is taken.
    """

    def heartbeat(self, timeout: int | None = None, pipeline: Pipeline | None = None) -> None:
        super().heartbeat(timeout, pipeline=pipeline)
        if pipeline is None and not self._known():
            self.connection.hset(self.key, mapping=self.serialize())
            worker_registration.register(self)

    def setup_work_horse_signals(self) -> None:
        super().setup_work_horse_signals()
        signal.signal(_STOP, lambda _number, _frame: _told.set())

    def handle_warm_shutdown_request(self) -> None:
        """A horse that does not listen yet has claimed nothing yet, and may die of it."""
        super().handle_warm_shutdown_request()
        if self.horse_pid:
            with suppress(ProcessLookupError):
                os.kill(self.horse_pid, _STOP)

    def _known(self) -> bool:
        return bool(self.connection.sismember(self.redis_workers_keys, self.key))
