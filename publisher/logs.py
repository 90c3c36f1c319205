"""What the processes log: a line of text or of JSON for each thing that happened, and no secret in any.

Whatever a line carries in `extra` (delivery_id, account_id, effect_id, …) becomes a field of its own.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import threading
from collections.abc import Iterable
from datetime import UTC, datetime
from urllib.parse import quote, unquote, urlsplit

from channels.http import HIDDEN, redact
from publisher.config import Config

OWN = frozenset({*logging.makeLogRecord({}).__dict__, "message", "asctime", "taskName"})
"""What every record has; the rest is `extra`."""
SHORTEST = 8
"""Shorter values are no secrets of their own and would eat holes into ordinary words."""
TOKENS = re.compile(
    r"\bpub_[A-Za-z0-9_-]{16,}|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)|(?<=[Bb]earer )[^\s\"']+"
)
"""Our own API tokens, passwords in addresses, and whatever somebody sent as a bearer token."""

_secrets: set[str] = set()
_changing = threading.Lock()


def conceal(values: Iterable[object]) -> None:
    """Never show these values from now on, in whichever line of this process. Numbers alone are ids."""
    found = {
        form
        for value in values
        if isinstance(value, str) and len(value) >= SHORTEST and not value.isdigit()
        for form in (value, quote(value, ""))
    }
    if found - _secrets:
        with _changing:
            _secrets.update(found)


def clean(line: str) -> str:
    """`line` without what is secret."""
    with _changing:
        known = sorted(_secrets, key=len, reverse=True)
    return TOKENS.sub(HIDDEN, redact(line, known))


class TextLine(logging.Formatter):
    """`2027-03-01T09:00:00.123Z INFO publisher.deliveries.state: delivery.published delivery_id=7`"""

    def format(self, record: logging.LogRecord) -> str:
        more = "".join(f" {key}={value}" for key, value in extra(record).items())
        line = f"{_at(record)} {record.levelname} {record.name}: {record.getMessage()}{more}"
        return clean("\n".join([line, *_trace(self, record)]))


class JsonLine(logging.Formatter):
    """The same as one JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        fields = {
            "at": _at(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "process": record.process,
            "message": record.getMessage(),
            **extra(record),
        }
        if trace := _trace(self, record):
            fields["trace"] = trace[0]
        return clean(json.dumps(fields, ensure_ascii=False, default=str))


def extra(record: logging.LogRecord) -> dict[str, object]:
    """What the caller said besides the message."""
    return {key: value for key, value in record.__dict__.items() if key not in OWN}


def configure(config: Config) -> None:
    """Log to standard error, once for a process: our own news from INFO on, the libraries' warnings."""
    conceal(_of(config))
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLine() if config.log == "json" else TextLine())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    for name in ("publisher", "channels", "workers"):
        logging.getLogger(name).setLevel(logging.INFO)


def _of(config: Config) -> list[str]:
    """The secrets of the settings, and the passwords within their addresses."""
    urls = (config.database_url, config.redis_url, config.mail_url)
    passwords = [unquote(urlsplit(url).password or "") for url in urls]
    return [config.secret_key, *config.vault_keys, config.monitor_token, *passwords]


def _at(record: logging.LogRecord) -> str:
    at = datetime.fromtimestamp(record.created, UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _trace(formatter: logging.Formatter, record: logging.LogRecord) -> list[str]:
    return [formatter.formatException(record.exc_info)] if record.exc_info else []
