"""Every setting, read from the environment once, typed, and loud when it is wrong."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from cryptography.fernet import Fernet


class ConfigError(Exception):
    """A setting is missing or makes no sense. The message names it and says what to write."""


@dataclass(frozen=True, slots=True)
class Timings:
    """How long delivery waits for what, in seconds. They hang together, so they scale together.

    connect: until a platform's socket opens. deadline: a whole call. settle: from the wire until a verdict
    "it is not there" counts. lease: how long a claim holds. read_gap: between two readings of a timeline.
    late: after how long a missing link target is called late.
    """

    connect: float = 5.0
    deadline: float = 45.0
    settle: float = 60.0
    lease: float = 120.0
    read_gap: float = 30.0
    give_up: float = 6 * 3600.0
    backoff: tuple[float, ...] = (5, 20, 60, 180, 600, 900)
    ahead: float = 2.0
    drain: float = 60.0
    late: float = 600.0
    stage_ahead: float = 600.0

    def __post_init__(self) -> None:
        if not (self.connect <= self.deadline < self.settle < self.lease):
            raise ConfigError(
                "Timings must satisfy connect <= deadline < settle < lease: a verdict is only safe when no"
                f" sender can be alive; got {self.connect}, {self.deadline}, {self.settle}, {self.lease}."
            )

    @property
    def pace(self) -> float:
        """How fast this installation lives: 1, and less in tests that scaled their waits down."""
        return self.deadline / 45.0

    def scaled(self, factor: float) -> Timings:
        """All waits times `factor`, for tests; `ahead` stays, as the fork costs what it costs."""
        return replace(
            self,
            connect=self.connect * factor,
            deadline=self.deadline * factor,
            settle=self.settle * factor,
            lease=self.lease * factor,
            read_gap=self.read_gap * factor,
            give_up=self.give_up * factor,
            late=self.late * factor,
            backoff=tuple(step * factor for step in self.backoff),
        )


@dataclass(frozen=True, slots=True)
class Config:
    """The settings of one installation. `from_environment` is how the product gets them."""

    home: Path
    database_url: str
    secret_key: str = field(repr=False)
    vault_keys: tuple[str, ...] = field(repr=False)
    redis_url: str = ""
    host: str = "127.0.0.1"
    port: int = 8000
    public_url: str = ""
    site_name: str = "Publisher"
    language: str = "ko"
    timezone: str = "Asia/Seoul"
    allow_self_approval: bool = False
    allow_touch_up_approval: bool = False
    environment: str = "production"
    workers: int = 2
    senders: int = 4
    connections: int = 32
    mail_url: str = field(default="", repr=False)
    mail_from: str = ""
    proxies: int = 0
    crashes: Path | None = None
    backups: str = ""
    keep_attempts: int = 180
    keep_notices: int = 365
    approval_days: int = 90
    log: str = "text"
    monitor_token: str = field(default="", repr=False)
    timings: Timings = Timings()

    @property
    def base_url(self) -> str:
        """Where people reach this installation, without a final slash."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

    @property
    def backup_folder(self) -> Path:
        """Where hourly copies of the database go, unless `backups` is off."""
        return Path(self.backups) if self.backups else self.home / "backups"

    @property
    def secure(self) -> bool:
        return self.base_url.startswith("https://")

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> Config:
        """Read and check every setting; creates the home folder and its secrets on first use.

        Raises ConfigError with the setting's name and what to write instead.
        """
        home = Path(environ.get("PUBLISHER_HOME") or "instance").expanduser().resolve()
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        kept = _kept_secrets(home)
        keys = environ.get("PUBLISHER_VAULT_KEYS", "")
        crashes = environ.get("PUBLISHER_CRASHES", "")
        if crashes and environ.get("PUBLISHER_ENVIRONMENT") != "test":
            raise ConfigError(
                "PUBLISHER_CRASHES is for tests; set PUBLISHER_ENVIRONMENT=test, or unset it."
            )
        factor = _number(environ, "PUBLISHER_TIME_SCALE", 1.0, low=0.001, high=1.0)
        return cls(
            home=home,
            database_url=_database_url(environ.get("DATABASE_URL", ""), home),
            secret_key=environ.get("PUBLISHER_SECRET_KEY") or kept["secret_key"],
            vault_keys=_vault_keys(keys) if keys else tuple(kept["vault_keys"]),
            redis_url=environ.get("REDIS_URL", ""),
            host=environ.get("PUBLISHER_HOST", "127.0.0.1"),
            port=int(_number(environ, "PORT", 8000, low=0, high=65535)),
            public_url=_url(environ, "PUBLISHER_URL"),
            site_name=environ.get("PUBLISHER_SITE_NAME", "Publisher"),
            language=_choice(environ, "PUBLISHER_LANGUAGE", "ko", {"ko", "en"}),
            timezone=_zone(environ),
            allow_self_approval=_flag(environ, "PUBLISHER_ALLOW_SELF_APPROVAL"),
            allow_touch_up_approval=_flag(environ, "PUBLISHER_ALLOW_TOUCH_UP_APPROVAL"),
            environment=_choice(
                environ, "PUBLISHER_ENVIRONMENT", "production", {"production", "demo", "test"}
            ),
            workers=int(_number(environ, "PUBLISHER_WORKERS", 2, low=1, high=64)),
            senders=int(_number(environ, "PUBLISHER_SENDERS", 4, low=1, high=64)),
            connections=int(_number(environ, "PUBLISHER_CONNECTIONS", 32, low=8, high=500)),
            mail_url=environ.get("PUBLISHER_MAIL_URL", ""),
            mail_from=environ.get("PUBLISHER_MAIL_FROM", ""),
            proxies=int(_number(environ, "PUBLISHER_PROXIES", 0, low=0, high=5)),
            crashes=Path(crashes) if crashes else None,
            backups=environ.get("PUBLISHER_BACKUPS", ""),
            keep_attempts=int(_number(environ, "PUBLISHER_KEEP_ATTEMPTS", 180, low=7, high=36500)),
            keep_notices=int(_number(environ, "PUBLISHER_KEEP_NOTICES", 365, low=7, high=36500)),
            approval_days=int(_number(environ, "PUBLISHER_APPROVAL_DAYS", 90, low=0, high=3650)),
            log=_choice(environ, "PUBLISHER_LOG", "text", {"text", "json"}),
            monitor_token=_token(environ, "PUBLISHER_MONITOR_TOKEN"),
            timings=Timings().scaled(factor) if factor != 1.0 else Timings(),
        )


def _kept_secrets(home: Path) -> dict[str, Any]:
    """The home's own keys, made once. Two processes may start at once: the first file to appear wins."""
    path = home / "secrets.json"
    if not path.exists():
        fresh = {
            "secret_key": secrets.token_urlsafe(32),
            "vault_keys": [Fernet.generate_key().decode()],
        }
        draft = home / f".secrets-{os.getpid()}-{secrets.token_hex(4)}"
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as out:
            json.dump(fresh, out)
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    kept = json.loads(path.read_text())
    if not isinstance(kept, dict) or not {"secret_key", "vault_keys"} <= kept.keys():
        raise ConfigError(
            f"{path} is damaged: restore it from a backup; tokens are encrypted with it."
        )
    return kept


def _database_url(given: str, home: Path) -> str:
    if not given:
        return f"sqlite:///{home / 'publisher.sqlite3'}"
    if given.startswith("postgres://"):
        given = "postgresql://" + given.removeprefix("postgres://")
    if given.startswith("postgresql://"):
        given = "postgresql+psycopg://" + given.removeprefix("postgresql://")
    if not given.startswith(("sqlite:///", "postgresql+psycopg://")):
        raise ConfigError("DATABASE_URL must begin with sqlite:/// or postgresql://.")
    return given


def _vault_keys(given: str) -> tuple[str, ...]:
    keys = tuple(key.strip() for key in given.split(",") if key.strip())
    for key in keys:
        try:
            Fernet(key)
        except ValueError:
            raise ConfigError(
                "PUBLISHER_VAULT_KEYS holds a key that is not 32 url-safe base64 bytes;"
                " make one with `publisher vault new-key`."
            ) from None
    return keys


def _number(
    environ: Mapping[str, str], name: str, default: float, *, low: float, high: float
) -> float:
    given = environ.get(name, "")
    if not given:
        return default
    try:
        value = float(given)
    except ValueError:
        raise ConfigError(f"{name} must be a number, not {given!r}.") from None
    if not low <= value <= high:
        raise ConfigError(f"{name} must lie between {low:g} and {high:g}, not {given}.")
    return value


def _flag(environ: Mapping[str, str], name: str) -> bool:
    return _choice(environ, name, "no", {"yes", "no", "1", "0", "true", "false"}) in {
        "yes",
        "1",
        "true",
    }


def _choice(environ: Mapping[str, str], name: str, default: str, allowed: set[str]) -> str:
    given = environ.get(name, default).lower()
    if given not in allowed:
        raise ConfigError(f"{name} must be one of {', '.join(sorted(allowed))}, not {given!r}.")
    return given


def _url(environ: Mapping[str, str], name: str) -> str:
    given = environ.get(name, "")
    if given:
        parts = urlsplit(given)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ConfigError(f"{name} must be an address such as https://publisher.example.com.")
    return given


def _token(environ: Mapping[str, str], name: str) -> str:
    given = environ.get(name, "")
    if given and len(given) < 20:
        raise ConfigError(
            f"{name} must have 20 letters at least; `openssl rand -hex 20` makes one."
        )
    return given


def _zone(environ: Mapping[str, str]) -> str:
    name = environ.get("PUBLISHER_TIMEZONE", "Asia/Seoul")
    if name not in available_timezones():
        raise ConfigError(
            f"PUBLISHER_TIMEZONE must be an IANA zone such as Asia/Seoul, not {name!r}."
        )
    return ZoneInfo(name).key
