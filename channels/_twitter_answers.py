"""What X's answers mean: its error bodies and rate headers.

Sources: docs.x.com, x-api/fundamentals/response-codes-and-errors and rate-limits (August 2026), and bodies
seen live. X tells kinds of refusal apart by `type` (last path segment; the host varies), `title` or `detail`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from channels.base import Quota
from channels.errors import ChannelError, Disconnected, Rejected, Unavailable, Unconfirmed
from channels.http import Answer


@dataclass(frozen=True, slots=True)
class _Row:
    """One kind of refusal: `phrase` is looked for, in lower case, in type, title, detail and messages."""

    status: int
    phrase: str
    error: type[ChannelError]
    message: str
    duplicate: bool = False


READ_ONLY = "The X app may only read. Allow it to write."
_RECONNECT = "X no longer accepts this account's keys. Connect the account again."

# The first row that fits decides. A phrase "" fits all.
ERRORS: tuple[_Row, ...] = (
    _Row(400, "media ids are invalid", Unavailable, "X no longer knows an uploaded image."),
    _Row(400, "", Rejected, "X does not accept this post."),
    _Row(401, "", Disconnected, _RECONNECT),
    _Row(402, "", Disconnected, "The X account has no credits left."),
    _Row(403, "duplicate content", Rejected, "X already has a post with this text.", True),
    _Row(403, "oauth1-permissions", Disconnected, READ_ONLY),
    _Row(403, "unsupported-authentication", Disconnected, _RECONNECT),
    _Row(403, "client-forbidden", Disconnected, "The X app does not belong to a project."),
    _Row(403, "temporarily locked", Disconnected, "X has locked this account for now."),
    _Row(403, "suspended", Disconnected, "X has suspended this account."),
    _Row(403, "have not been mentioned", Rejected, "X does not allow a reply to this post."),
    _Row(403, "cashtag", Rejected, "X allows one cashtag in a post."),
    _Row(403, "invalid url", Rejected, "X does not accept a link in this post."),
    _Row(403, "", Rejected, "X does not allow this post; it may be too long."),
    _Row(404, "", Rejected, "X does not find what this post refers to."),
    _Row(413, "", Rejected, "X finds an image too large."),
    _Row(429, "usagecapexceeded", Disconnected, "The X app has used up its month."),
    _Row(429, "usage-capped", Disconnected, "The X app has used up its month."),
    _Row(429, "", Unavailable, "X asks us to wait."),
    _Row(431, "", Rejected, "X finds an image too large."),
)


def error_from(answer: Answer, detail: str, *, creates: bool) -> ChannelError:
    """The error for an answer that is no success. `creates` says whether something may exist now."""
    if answer.status < 400 or answer.status >= 500:
        if creates:
            return Unconfirmed("X did not confirm the post.", detail=detail)
        return Unavailable("X is not available at the moment.", detail=detail)
    said = _said(answer.json)
    for row in ERRORS:
        if row.status == answer.status and row.phrase in said:
            return _build(row, answer, detail)
    return Rejected("X does not accept this post.", detail=detail, code=str(answer.status))


def _build(row: _Row, answer: Answer, detail: str) -> ChannelError:
    code = str(answer.status)
    if row.error is Rejected:
        return Rejected(row.message, detail=detail, code=code, duplicate=row.duplicate)
    if row.error is Unavailable and answer.status == 429:
        quota = quota_from(answer)
        return Unavailable(
            row.message,
            detail=detail,
            code=code,
            retry_after=quota.resets_at if quota else None,
            throttled=True,
        )
    return row.error(row.message, detail=detail, code=code)


def _said(body: Mapping[str, Any]) -> str:
    parts = [str(body.get("type", "")).rpartition("/")[2], body.get("title"), body.get("detail")]
    errors = body.get("errors")
    for error in errors if isinstance(errors, list) else []:
        if isinstance(error, dict):
            parts += [error.get("message"), error.get("detail")]
    return "\n".join(str(part) for part in parts if part).lower()


def quota_from(answer: Answer) -> Quota | None:
    """What is left of the windows of 15 minutes and 24 hours; the one with less left decides.

    An exhausted day counts even while the short window has room.
    """
    windows = []
    for name in ("x-rate-limit", "x-user-limit-24hour", "x-app-limit-24hour"):
        left = _number(answer.headers.get(f"{name}-remaining"))
        reset = _number(answer.headers.get(f"{name}-reset"))
        if left is not None and reset is not None:
            windows.append((left, -reset))
    if not windows:
        return None
    left, reset = min(windows)
    return Quota(remaining=left, resets_at=datetime.fromtimestamp(-reset, UTC))


def _number(value: str | None) -> int | None:
    return int(value) if value and value.isdigit() else None
