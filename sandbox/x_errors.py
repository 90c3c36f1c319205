"""X's error bodies, word for word as seen live or in its documents."""

from __future__ import annotations

from sandbox.wire import Response, reply

PROBLEMS = "https://api.twitter.com/2/problems"


def problem(status: int, title: str, detail: str, kind: str = "about:blank") -> Response:
    body = {"title": title, "detail": detail, "type": kind, "status": status}
    return reply(status, body, decision=f"refused: {detail[:80]}")


def invalid(message: str, parameters: dict[str, list[str]] | None = None) -> Response:
    body = {
        "errors": [{"parameters": parameters or {}, "message": message}],
        "title": "Invalid Request",
        "detail": "One or more parameters to your request was invalid.",
        "type": f"{PROBLEMS}/invalid-request",
    }
    return reply(400, body, decision=f"refused: {message[:80]}")


def unauthorized(reason: str = "") -> Response:
    answer = problem(401, "Unauthorized", "Unauthorized")
    answer.decision = f"refused: unauthorized ({reason})" if reason else "refused: unauthorized"
    return answer


def forbidden(detail: str = "You are not permitted to perform this action.") -> Response:
    return problem(403, "Forbidden", detail)


def duplicate() -> Response:
    return forbidden("You are not allowed to create a Tweet with duplicate content.")


def stranger() -> Response:
    return forbidden(
        "Reply to this conversation is not allowed because you have not been mentioned or otherwise "
        "engaged by the author of the post you are replying to."
    )


def read_only() -> Response:
    detail = (
        "Your client app is not configured with the appropriate oauth1 app permissions "
        "for this endpoint."
    )
    return problem(403, "Forbidden", detail, f"{PROBLEMS}/oauth1-permissions")


def credits_depleted() -> Response:
    body = {
        "title": "CreditsDepleted",
        "detail": "Your enrolled account [1243608864848629761] does not have any credits to fulfill "
        "this request.",
        "type": f"{PROBLEMS}/credits",
    }
    return reply(402, body, decision="refused: credits depleted")


def usage_capped() -> Response:
    body = {
        "title": "UsageCapExceeded",
        "detail": "Usage cap exceeded: Monthly product cap",
        "type": f"{PROBLEMS}/usage-capped",
        "period": "Monthly",
        "scope": "Product",
    }
    return reply(429, body, decision="refused: usage cap")


def too_many() -> Response:
    return problem(429, "Too Many Requests", "Too Many Requests")


def unavailable(status: int = 503) -> Response:
    if status == 500:
        detail = "Something is broken. This is usually a temporary error, please try again."
        return problem(500, "Internal Server Error", detail)
    return problem(status, "Service Unavailable", "Service Unavailable")


def not_found(post_id: str, parameter: str = "id") -> dict[str, str]:
    return {
        "value": post_id,
        "detail": f"Could not find tweet with {parameter}: [{post_id}].",
        "title": "Not Found Error",
        "resource_type": "tweet",
        "parameter": parameter,
        "resource_id": post_id,
        "type": f"{PROBLEMS}/resource-not-found",
    }


def media_invalid(ids: list[str]) -> Response:
    return invalid("Your media IDs are invalid.", {"media.media_ids": ids})


def no_route() -> Response:
    return problem(404, "Not Found", "Not Found")
