"""The four ways in which a platform says no. The type alone decides what happens next.

Any other exception out of an adapter is a bug: it propagates, the lease runs out and the sweep decides.
"""

from __future__ import annotations

from datetime import datetime


class ChannelError(Exception):
    """Base of the four. `message` may be shown to an editor; `detail` is for the log and holds no secret.

    `code` is the platform's own code, kept for people who look it up. It decides nothing.
    """

    def __init__(self, message: str, *, detail: str = "", code: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.detail = detail
        self.code = code


class Rejected(ChannelError):
    """This content is refused for good: the delivery fails and a person edits.

    `duplicate` marks "you posted this before": evidence, if this delivery was on the wire earlier.
    """

    def __init__(
        self, message: str, *, detail: str = "", code: str = "", duplicate: bool = False
    ) -> None:
        super().__init__(message, detail=detail, code=code)
        self.duplicate = duplicate


class Disconnected(ChannelError):
    """The account's authority is gone, or it may not spend: pause the account, hold its deliveries."""


class Unavailable(ChannelError):
    """Surely not sent. `retry_after` is the earliest aware instant that makes sense, if one is known.

    `throttled` says that the platform counted us out (429 and kin): it applies to the account, and it
    does not count as an attempt.
    """

    def __init__(
        self,
        message: str,
        *,
        detail: str = "",
        code: str = "",
        retry_after: datetime | None = None,
        throttled: bool = False,
    ) -> None:
        super().__init__(message, detail=detail, code=code)
        self.retry_after = retry_after
        self.throttled = throttled


class Unconfirmed(ChannelError):
    """It may have been sent: reconcile, never send again blindly."""
