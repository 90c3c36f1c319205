"""Facebook's error envelope and the codes that decide. `type` is OAuthException almost everywhere."""

from __future__ import annotations

import json
import secrets

from sandbox.wire import Response, reply

JSON = "application/json; charset=UTF-8"
JAVASCRIPT = "text/javascript; charset=UTF-8"
DOCS = "Please read the Graph API documentation at https://developers.facebook.com/docs/graph-api"
_EXPIRED = (
    "Error validating access token: Session has expired on Saturday, 13-Jun-26 05:00:00 PDT. "
    "The current time is Saturday, 13-Jun-26 08:24:52 PDT."
)
_PASSWORD = (
    "Error validating access token: The session has been invalidated because the user changed their "  # noqa: S105
    "password or Facebook has changed the session for security reasons."
)
_PERMISSION = (
    "(#200) If posting to a group, requires app being installed in the group, and either "
    "publish_to_groups permission with user token, or both pages_read_engagement and "
    "pages_manage_posts permission with page token; If posting to a page, requires both "
    "pages_read_engagement and pages_manage_posts as an admin with sufficient administrative permission"
)
TOKENS: dict[str, tuple[str, int]] = {
    "expired": (_EXPIRED, 463),
    "password_changed": (_PASSWORD, 460),
    "app_removed": (
        "Error validating access token: The user has not authorized application 3001.",
        458,
    ),
    "malformed": ("Invalid OAuth access token.", 0),
}


def error(
    code: int,
    message: str,
    *,
    status: int = 400,
    subcode: int = 0,
    kind: str = "OAuthException",
    transient: bool = False,
    user: str = "",
) -> Response:
    """One error answer. `user` is the sentence meant for people, when Facebook gives one."""
    body: dict[str, object] = {"message": message, "type": kind, "code": code}
    if subcode:
        body["error_subcode"] = subcode
    if transient:
        body["is_transient"] = True
    if user:
        body["error_user_title"], body["error_user_msg"] = user, user
    body["fbtrace_id"] = "A" + secrets.token_urlsafe(16)
    answer = reply(status, {"error": body}, decision=f"refused: {code} {message[:70]}", kind=JSON)
    line = message.replace('"', "'")
    answer.header("WWW-Authenticate", f'OAuth "Facebook Platform" "invalid_request" "{line}"')
    return answer


def token(state: str = "malformed") -> Response:
    message, subcode = TOKENS[state]
    return error(190, message, subcode=subcode)


def permission() -> Response:
    return error(200, _PERMISSION, status=403)


def gone(object_id: str, verb: str) -> Response:
    message = (
        f"Unsupported {verb} request. Object with ID '{object_id}' does not exist, cannot be loaded due "
        f"to missing permissions, or does not support this operation. {DOCS}"
    )
    return error(100, message, subcode=33, kind="GraphMethodException")


def alias(name: str) -> Response:
    message = f"(#803) Some of the aliases you requested do not exist: {name}"
    return error(803, message, status=404)


def parameter(message: str, subcode: int = 0) -> Response:
    return error(100, f"(#100) {message}", subcode=subcode)


def after_create(refusal: Response, original: object, *, decision: str) -> Response:
    """It is created, and cannot be read back: an error that carries what the create would have answered."""
    said = json.loads(refusal.body)
    said["error"]["original_response"] = original
    return reply(refusal.status, said, decision=decision, kind=JSON)


def duplicate() -> Response:
    return error(506, "(#506) Duplicate status message")


def blocked() -> Response:
    message = "The action attempted has been deemed abusive or is otherwise disallowed"
    return error(368, message, subcode=1390008, user="We limit how often you can post")


def throttled(code: int = 32) -> Response:
    messages = {
        4: "(#4) Application request limit reached",
        17: "(#17) User request limit reached",
        32: "(#32) Page request limit reached",
        341: "(#341) Feed action request limit reached",
        613: "Calls to this api have exceeded the rate limit.",
        80001: "There have been too many calls to this Page account. Wait a bit and try again.",
    }
    return error(code, messages.get(code, messages[32]))


def temporary(status: int = 500) -> Response:
    message = "An unexpected error has occurred. Please retry your request later."
    return error(2, message, status=status, transient=True)


def bad_image(subcode: int = 0) -> Response:
    return error(324, "(#324) Missing or invalid image file", subcode=subcode)


def proof(missing: bool) -> Response:
    if missing:
        message = "API calls from the server require an appsecret_proof argument"
    else:
        message = "Invalid appsecret_proof provided in the API argument"
    return error(100, message, kind="GraphMethodException")
