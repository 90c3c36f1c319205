"""What can go wrong with a request of a person or of a program, in words they understand.

Every DomainError carries a sentence that says what to do, an HTTP status and a stable code for the API.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class DomainError(Exception):
    """A verb refused. `message` is shown as it is; `values` go along in the API's problem document."""

    status = 400
    code = "refused"

    def __init__(self, message: str, *, code: str = "", **values: Any) -> None:
        super().__init__(str(message))
        self.message = message
        self.values: Mapping[str, Any] = values
        if code:
            self.code = code


class Invalid(DomainError):
    """The input breaks a rule. `fields` names what to correct."""

    status = 422
    code = "invalid"

    def __init__(
        self,
        message: str,
        *,
        code: str = "",
        fields: Mapping[str, str] | None = None,
        **values: Any,
    ) -> None:
        super().__init__(message, code=code, **values)
        self.fields = dict(fields or {})


class NotAllowed(DomainError):
    """This actor may not do that."""

    status = 403
    code = "not_allowed"


class NotFound(DomainError):
    """No such thing, or none that this actor may see."""

    status = 404
    code = "not_found"


class Conflict(DomainError):
    """The thing is in a state that does not permit the verb."""

    status = 409
    code = "conflict"


class Stale(Conflict):
    """Somebody else changed it since it was read. Both texts are kept: `theirs` and `mine`."""

    code = "stale"


class Gone(DomainError):
    status = 410
    code = "gone"


class Throttled(DomainError):
    """Too many tries; `retry_after_s` seconds to wait."""

    status = 429
    code = "throttled"
