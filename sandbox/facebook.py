"""Facebook's Graph at the door: version, access token, proof, usage, routes."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets

from sandbox import facebook_errors as errors
from sandbox import facebook_objects as objects
from sandbox import facebook_posts as posts
from sandbox.accounts import Page
from sandbox.limits import Meter
from sandbox.wire import Malformed, Part, Request, Response
from sandbox.world import World

VERSIONS = tuple(f"v{number}.0" for number in range(21, 27))
DAY = 86_400
_PATH = re.compile(r"/(v\d+\.\d+)/(.*)")


class Call:
    """One call, whatever way its parameters came: query, form, multipart or JSON."""

    def __init__(self, request: Request, version: str, path: str) -> None:
        self.method = request.method
        self.version = version
        self.segments = [part for part in path.split("/") if part]
        self.files: dict[str, Part] = {}
        self.params = request.query | self._body(request)
        scheme, _, header = request.headers.get("authorization", "").partition(" ")
        self.token = self.params.get("access_token", "")
        if not self.token and scheme.lower() in ("oauth", "bearer"):
            self.token = header.strip()

    def _body(self, request: Request) -> dict[str, str]:
        if not request.body:
            return {}
        if request.content_type == "application/json":
            body = request.json()
            if not isinstance(body, dict):
                raise Malformed("the JSON body is no object")
            return {k: v if isinstance(v, str) else json.dumps(v) for k, v in body.items()}
        if request.content_type == "multipart/form-data":
            parts = request.parts()
            self.files = {part.name: part for part in parts if part.filename}
            return {p.name: p.content.decode("utf-8", "replace") for p in parts if not p.filename}
        return request.form()


class Facebook:
    """Answers what arrives under /facebook."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._meter = Meter(world.clock)
        world.meters["facebook"] = self._meter

    def account_of(self, request: Request) -> str:
        """The page named by the path, or by the token, without trusting it."""
        match = _PATH.fullmatch(request.path.removeprefix("/facebook"))
        first = match.group(2).partition("/")[0].partition("_")[0] if match else ""
        return first if first.isdigit() else ""

    def answer(self, request: Request) -> Response:
        match = _PATH.fullmatch(request.path.removeprefix("/facebook"))
        version = match.group(1) if match else ""
        try:
            answer = self._versioned(request, version, match.group(2) if match else "")
        except Malformed as problem:
            answer = errors.parameter(f"Invalid request body: {problem}")
        if version in VERSIONS:
            answer.header("facebook-api-version", version)
        answer.header("x-fb-request-id", secrets.token_hex(6))
        answer.header("x-fb-trace-id", secrets.token_hex(6))
        self._disguise(answer)
        return answer

    def _versioned(self, request: Request, version: str, path: str) -> Response:
        if not version:
            return errors.error(2500, f"Unknown path components: {request.path[9:80]}")
        if version not in VERSIONS:
            return errors.error(2635, f"(#2635) Unknown or expired Graph API version {version}.")
        call = Call(request, version, path)
        if call.segments == ["debug_token"]:
            return objects.debug_token(self.world, call)
        page = self.world.accounts.pages_by_token.get(call.token)
        if not call.token:
            return errors.error(104, "An access token is required to request this resource.")
        if page is None:
            return errors.token()
        if page.state in errors.TOKENS:
            return errors.token(page.state)
        answer = self._proof(call, page) or self._metered(call, page)
        answer.account = page.page_id
        return answer

    def _proof(self, call: Call, page: Page) -> Response | None:
        given = call.params.get("appsecret_proof", "")
        if not given:
            return (
                errors.proof(missing=True) if self.world.settings.require_appsecret_proof else None
            )
        digest = hmac.new(page.app_secret.encode(), call.token.encode(), hashlib.sha256).hexdigest()
        fits = hmac.compare_digest(digest.encode(), given.encode())
        return None if fits else errors.proof(missing=False)

    def _metered(self, call: Call, page: Page) -> Response:
        settings = self.world.settings
        count = self._meter.count(page.page_id, "calls", settings.facebook_page_quota, DAY)
        percent = min(100, count.used * 100 // max(1, count.limit))
        if count.over and settings.rate_limits:
            answer = errors.throttled(settings.facebook_throttle_code)
        else:
            answer = self._routed(call, page)
        if percent >= settings.facebook_usage_from_percent:
            left = max(1, int(count.reset - self.world.clock.time()) // 60) if count.over else 0
            usage = {
                "call_count": percent,
                "total_cputime": percent // 4,
                "total_time": percent // 4,
            }
            full = {"type": "pages", **usage, "estimated_time_to_regain_access": left}
            answer.header("x-business-use-case-usage", json.dumps({page.page_id: [full]}))
            by_app = settings.facebook_throttle_code == 4
            answer.header("x-app-usage" if by_app else "x-page-usage", json.dumps(usage))
        return answer

    def _routed(self, call: Call, page: Page) -> Response:
        """/me is whose token it is; a page's own edges; else one object by its id."""
        if not call.segments:
            return errors.error(2500, "Unknown path components: /")
        if call.segments == ["me"] and call.method == "GET" and page.state == "user_token":
            return objects.person(call)
        first = page.page_id if call.segments[0] == "me" else call.segments[0]
        edge = "/".join(call.segments[1:])
        if not re.fullmatch(r"\d+(_\d+)?", first):
            return errors.alias(first)
        if call.method != "GET" and page.state in ("user_token", "no_permission"):
            return errors.permission()
        if call.method != "GET" and page.state == "blocked":
            return errors.blocked()
        if first in self.world.accounts.pages:
            return self._page_edge(call, page, first, edge)
        if edge:
            return errors.gone(first, call.method.lower())
        return objects.answer(self.world, call, page, first)

    def _page_edge(self, call: Call, page: Page, first: str, edge: str) -> Response:
        if call.method == "GET" and not edge:
            return objects.page(self.world.accounts.pages[first], call)
        if first != page.page_id:
            return errors.permission()
        handler = posts.EDGES.get((call.method, edge))
        if handler is None:
            return errors.gone(first, call.method.lower())
        return handler(self.world, call, page)

    def _disguise(self, answer: Response) -> None:
        mode = self.world.settings.facebook_javascript_errors
        twin = b'"code":506' in answer.body
        if answer.status >= 400 and (mode == "all" or (mode == "duplicates" and twin)):
            answer.header("Content-Type", errors.JAVASCRIPT)
