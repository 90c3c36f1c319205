"""What Facebook's answers mean: the Graph API's error envelope and usage headers.

Sources: developers.facebook.com, docs/graph-api/guides/error-handling and overview/rate-limiting (v26.0), and
bodies seen live. `type` says nothing and the HTTP status little: code and subcode decide.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from channels.base import Quota
from channels.errors import ChannelError, Disconnected, Rejected, Unavailable, Unconfirmed
from channels.http import Answer


@dataclass(frozen=True, slots=True)
class _Row:
    """One kind of refusal; `wait_min` is how long to wait when no header tells."""

    error: type[ChannelError]
    message: str
    duplicate: bool = False
    wait_min: int = 0


NOT_THE_PAGE = "This token is not the Page's own. Connect it with the Page's access token."
_RECONNECT = _Row(Disconnected, "Facebook no longer accepts this Page's token. Connect it again.")
_PERMISSION = _Row(Disconnected, "The token may not publish to this Page. Connect it again.")
_HUMAN = _Row(Disconnected, "Facebook asks for a person to look at this Page's account.")
_PICTURE = _Row(Rejected, "Facebook cannot use an image.")
_LINK = _Row(Rejected, "Facebook does not accept the link.")
_GONE = _Row(Rejected, "Facebook does not find what this refers to.")
_TRANSIENT = _Row(Unconfirmed, "Facebook did not confirm the post.")


def _throttle(minutes: int) -> _Row:
    return _Row(Unavailable, "Facebook asks us to wait.", wait_min=minutes)


CODES: Mapping[int, _Row] = {
    1: _TRANSIENT,
    2: _TRANSIENT,
    4: _throttle(15),
    10: _PERMISSION,
    17: _throttle(15),
    32: _throttle(60),
    102: _RECONNECT,
    190: _RECONNECT,
    324: _PICTURE,
    341: _throttle(120),
    368: _Row(Disconnected, "Facebook has restricted posting for this Page."),
    506: _Row(Rejected, "Facebook already has a post with this text.", duplicate=True),
    613: _throttle(15),
    803: _GONE,
    80001: _throttle(60),
    1609005: _LINK,
}

SUBCODES: Mapping[int, _Row] = {
    33: _GONE,
    1346003: _HUMAN,
    1366046: _PICTURE,
    1366051: _PICTURE,
    1390008: _Row(Disconnected, "Facebook has restricted posting for this Page."),
    1404078: _HUMAN,
    1404102: _Row(Rejected, "Facebook finds that this post breaks its community standards."),
    1404112: _HUMAN,
    1609008: _LINK,
    2061006: _LINK,
    4854002: _HUMAN,
}

_PERMISSIONS = range(200, 300)
_REFUSED = _Row(Rejected, "Facebook does not accept this post.")


def error_from(answer: Answer, detail: str, *, creates: bool) -> ChannelError:
    """The error for an answer that is no success. `creates` says whether something may exist now."""
    said = answer.json.get("error")
    error = said if isinstance(said, dict) else {}
    code = _number(error.get("code"))
    row = _row(code, error)
    if code is None or answer.status >= 500 or row.error is Unconfirmed:
        kind = Unconfirmed if creates else Unavailable
        message = _TRANSIENT.message if creates else "Facebook is not available at the moment."
        return kind(message, detail=detail, code=_code(error))
    if row.error is Rejected:
        return Rejected(row.message, detail=detail, code=_code(error), duplicate=row.duplicate)
    if row.error is Unavailable:
        quota = quota_from(answer)
        again = quota.resets_at if quota and quota.resets_at else _later(row.wait_min)
        return Unavailable(
            row.message, detail=detail, code=_code(error), retry_after=again, throttled=True
        )
    return row.error(row.message, detail=detail, code=_code(error))


def created_anyway(answer: Answer) -> dict[str, Any]:
    """What a create would have answered, where only reading the new post back failed; empty when nothing was
    created. https://developers.facebook.com/docs/graph-api/advanced#read-after-write"""
    said = answer.json.get("error")
    original = said.get("original_response") if isinstance(said, dict) else None
    return original if isinstance(original, dict) and original.get("id") else {}


def is_gone(error: ChannelError) -> bool:
    """Whether Facebook says that it does not find something, or that it does not show it to this token."""
    return error.message == _GONE.message


def no_permission(error: ChannelError) -> Disconnected:
    """The same refusal, read as what it says of the token."""
    return Disconnected(_PERMISSION.message, detail=error.detail, code=error.code)


def _row(code: int | None, error: Mapping[str, Any]) -> _Row:
    """The row for an error: subcode before code, and a missing proof is a matter of the connection."""
    subcode = _number(error.get("error_subcode")) or 0
    if error.get("is_transient") is True and code not in (4, 17, 32, 341, 613, 80001):
        return _TRANSIENT
    if "appsecret_proof" in str(error.get("message", "")):
        return _RECONNECT
    if subcode in SUBCODES:
        return SUBCODES[subcode]
    if code in _PERMISSIONS:
        return _PERMISSION
    return CODES.get(code or 0, _REFUSED)


def quota_from(answer: Answer) -> Quota | None:
    """The fullest of the usage figures in percent, and when a Page that is locked out gets in again."""
    percents: list[float] = []
    minutes = 0.0
    for name in ("x-app-usage", "x-page-usage", "x-business-use-case-usage"):
        for usage in _usages(answer.headers.get(name)):
            figures = [usage.get(key) for key in ("call_count", "total_time", "total_cputime")]
            percents += [float(figure) for figure in figures if isinstance(figure, int | float)]
            wait = usage.get("estimated_time_to_regain_access")
            minutes = max(minutes, float(wait)) if isinstance(wait, int | float) else minutes
    if not percents:
        return None
    return Quota(used_percent=max(percents), resets_at=_later(minutes) if minutes else None)


def _usages(header: str | None) -> list[Mapping[str, Any]]:
    """The usage records in a header: one, or lists of them by business."""
    try:
        value = json.loads(header or "{}")
    except ValueError:
        return []
    if not isinstance(value, dict):
        return []
    lists = [entry for entry in value.values() if isinstance(entry, list)]
    return [value, *(usage for entry in lists for usage in entry if isinstance(usage, dict))]


def _later(minutes: float) -> datetime:
    return datetime.now(UTC) + timedelta(minutes=minutes)


def _number(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _code(error: Mapping[str, Any]) -> str:
    parts = (error.get("code"), error.get("error_subcode"))
    return "/".join(str(part) for part in parts if part)
