"""X's API v2 at the door: route, signature, rate limit, headers."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable

from sandbox import oauth, x_errors, x_media, x_posts
from sandbox.accounts import XAccount
from sandbox.limits import Count, Meter, Purse
from sandbox.wire import Malformed, Request, Response
from sandbox.world import World

Handler = Callable[[World, XAccount, Request, str], Response]
QUARTER, DAY = 900, 86_400

# method, path, what is counted, calls per 15 minutes and user, handler (limits: X's documents, Aug 2026)
ROUTES: tuple[tuple[str, re.Pattern[str], str, int, Handler], ...] = tuple(
    (method, re.compile(path), what, limit, handler)
    for method, path, what, limit, handler in (
        ("POST", r"/2/tweets", "post", 100, x_posts.create),
        ("GET", r"/2/tweets/(\d{1,19})", "lookup", 900, x_posts.lookup),
        ("GET", r"/2/tweets", "lookup", 900, x_posts.lookup_many),
        ("DELETE", r"/2/tweets/(\d{1,19})", "delete", 50, x_posts.delete),
        ("GET", r"/2/users/me", "me", 75, x_posts.me),
        ("GET", r"/2/users/(\d{1,19})/tweets", "timeline", 900, x_posts.timeline),
        ("POST", r"/2/media/upload", "upload", 500, x_media.upload),
        ("GET", r"/2/media/upload", "media status", 1000, x_media.status),
        ("POST", r"/2/media/upload/initialize", "initialize", 1875, x_media.initialize),
        ("POST", r"/2/media/upload/(\d{1,19})/append", "append", 1875, x_media.append),
        ("POST", r"/2/media/upload/(\d{1,19})/finalize", "finalize", 1875, x_media.finalize),
        ("POST", r"/2/media/metadata", "metadata", 500, x_media.metadata),
    )
)
_SETTING = {"post": "x_post_limit", "timeline": "x_timeline_limit", "me": "x_me_limit"}


class X:
    """Answers what arrives under /x; `request.path` still has that prefix, as it is signed."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._verifier = oauth.Verifier()
        self._meter = Meter(world.clock)
        world.meters["x"] = self._meter
        world.meters["purse"] = Purse()

    def account_of(self, request: Request) -> str:
        """The user whose token this is, without trusting it."""
        token = oauth.authorization(request).get("oauth_token", "")
        return token.partition("-")[0]

    def answer(self, request: Request) -> Response:
        try:
            answer = self._routed(request, request.path.removeprefix("/x"))
        except Malformed as error:
            answer = x_errors.invalid(f"Invalid request body: {error}.")
        answer.header("api-version", "2.167")
        answer.header("x-transaction-id", secrets.token_hex(8))
        return answer

    def _routed(self, request: Request, path: str) -> Response:
        for method, pattern, what, limit, handler in ROUTES:
            match = pattern.fullmatch(path)
            if match and method == request.method:
                argument = match.group(1) if match.groups() else ""
                return self._authorised(request, what, limit, handler, argument)
        return x_errors.no_route()

    def _authorised(
        self, request: Request, what: str, limit: int, handler: Handler, argument: str
    ) -> Response:
        try:
            account = self._signed_by(request)
        except oauth.Refused as reason:
            return x_errors.unauthorized(str(reason))
        counts = self._count(account, what, limit)
        if any(count.over for _, count in counts):
            answer = x_errors.too_many()
        elif account.state == "read_only" and request.method != "GET":
            answer = x_errors.read_only()
        elif account.state == "locked" and request.method != "GET":
            answer = x_errors.forbidden("Your account is temporarily locked.")
        else:
            answer = handler(self.world, account, request, argument)
        for prefix, count in counts:
            answer.header(f"{prefix}-limit", str(count.limit))
            answer.header(f"{prefix}-remaining", str(count.remaining))
            answer.header(f"{prefix}-reset", str(count.reset))
        answer.header("x-access-level", "read" if account.state == "read_only" else "read-write")
        answer.account = account.user_id
        return answer

    def _signed_by(self, request: Request) -> XAccount:
        given = oauth.authorization(request)
        account = self.world.accounts.x_by_token.get(given.get("oauth_token", ""))
        if account is None or given.get("oauth_consumer_key") != account.consumer_key:
            raise oauth.Refused("unknown token or key")
        secret = (account.consumer_secret, account.access_token_secret)
        skew = self.world.settings.oauth_skew_seconds
        self._verifier.verify(request, given, secret, skew)
        if account.state == "revoked":
            raise oauth.Refused("token revoked")
        return account

    def _count(self, account: XAccount, what: str, limit: int) -> list[tuple[str, Count]]:
        settings = self.world.settings
        if not settings.rate_limits:
            return []
        limit = getattr(settings, _SETTING[what]) if what in _SETTING else limit
        counts = [("x-rate-limit", self._meter.count(account.user_id, what, limit, QUARTER))]
        if what == "post" and settings.x_user_24h_limit is not None:
            daily = self._meter.count(account.user_id, "day", settings.x_user_24h_limit, DAY)
            counts.append(("x-user-limit-24hour", daily))
        return counts
