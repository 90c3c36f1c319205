"""What the environment decides here, with the variable that decides it. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from publisher.config import Config


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting of the installation. `value` is a number, a text or a yes; `key` names its sentence."""

    key: str
    variable: str
    value: str | int | bool


def of(config: Config) -> list[Setting]:
    """What somebody who runs a newsroom asks about. No secret is among them: an address of mail or database
    may hold a password, so that only whether it is set is said."""
    return [
        Setting("address", "PUBLISHER_URL", config.base_url),
        Setting("language", "PUBLISHER_LANGUAGE", config.language),
        Setting("timezone", "PUBLISHER_TIMEZONE", config.timezone),
        Setting("self_approval", "PUBLISHER_ALLOW_SELF_APPROVAL", config.allow_self_approval),
        Setting("touch_up", "PUBLISHER_ALLOW_TOUCH_UP_APPROVAL", config.allow_touch_up_approval),
        Setting("approval_days", "PUBLISHER_APPROVAL_DAYS", config.approval_days),
        Setting("mail", "PUBLISHER_MAIL_URL", bool(config.mail_url)),
        Setting("keep_notices", "PUBLISHER_KEEP_NOTICES", config.keep_notices),
        Setting("keep_attempts", "PUBLISHER_KEEP_ATTEMPTS", config.keep_attempts),
        Setting("backups", "PUBLISHER_BACKUPS", _folder(config)),
    ]


def _folder(config: Config) -> str | bool:
    return False if config.backups == "off" else str(config.backup_folder)
