"""Faults that tests and curious users switch on: which requests they hit, how often, and what they answer."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from sandbox import facebook_errors, x_errors
from sandbox.wire import Response, reply

DELAYS = ("latency",)
BEFORE = ("reset_before",)
INSTEAD = (
    "rate_limited", "credits_gone", "unauthorized", "duplicate", "reject_then_5xx", "read_fails",
)  # fmt: skip
AFTER = (
    "accept_then_hang", "accept_then_reset", "accept_then_5xx", "cut_body", "bad_json", "slow",
    "missing_content_type", "text_javascript",
)  # fmt: skip
EITHER = ("status", "html_502")
"""Act or do not act, by their argument `posted`."""
KINDS = DELAYS + BEFORE + INSTEAD + AFTER + EITHER
MATCHES = ("platform", "path", "method", "account", "text")
ARGS = (
    "seconds", "code", "subcode", "body", "headers", "posted", "state", "reset_after", "chunks", "daily",
)  # fmt: skip
_NUMBERS = ("seconds", "code", "subcode", "reset_after", "chunks")
_HTML = (
    b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"
)


@dataclass
class Rule:
    """One fault. `times` counts down; None means until it is switched off."""

    id: int
    kind: str
    match: dict[str, str]
    times: int | None
    probability: float
    args: dict[str, Any]
    seed: int | None = None
    used: int = 0
    dice: random.Random = field(default_factory=random.Random, repr=False)

    def fits(self, facts: dict[str, str]) -> bool:
        for key, wanted in self.match.items():
            if key == "text":
                if wanted not in facts["text"]:
                    return False
            elif not fnmatchcase(facts[key], wanted):
                return False
        return self.kind != "read_fails" or facts["method"] == "GET"

    def acts(self) -> bool:
        """Does the platform do what was asked before this fault spoils the answer?"""
        return self.kind in AFTER or (self.kind in EITHER and bool(self.args.get("posted")))

    def seconds(self, default: float) -> float:
        return float(self.args.get("seconds", default))

    def as_dict(self) -> dict[str, Any]:
        shown = ("id", "kind", "match", "times", "probability", "seed", "args", "used")
        return {name: getattr(self, name) for name in shown}


class Faults:
    """The rules in the order in which they were made; the first that fits is used, latency besides."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rules: list[Rule] = []
        self._made = 0

    def add(
        self,
        kind: str,
        match: dict[str, str] | None = None,
        times: int | None = 1,
        probability: float = 1.0,
        seed: int | None = None,
        **args: Any,
    ) -> Rule:
        """Switch a fault on. Raises ValueError naming what is wrong."""
        _check(kind, match or {}, times, probability, args)
        with self._lock:
            self._made += 1
            dice = random.Random(seed)  # noqa: S311 - a storm that can be repeated, not a secret
            rule = Rule(
                self._made, kind, dict(match or {}), times, probability, args, seed, 0, dice
            )
            self._rules.append(rule)
            return rule

    def draw(self, facts: dict[str, str], *, before: bool) -> list[Rule]:
        """The rules that hit this request, used up by one. `before`: those that act unread bodies."""
        hit: list[Rule] = []
        if not self._rules:
            return hit
        with self._lock:
            for rule in self._rules:
                alone = rule.kind not in DELAYS
                if (rule.kind in BEFORE) != before or (alone and any(_alone(r) for r in hit)):
                    continue
                if rule.times == 0 or not rule.fits(facts):
                    continue
                if rule.probability < 1 and rule.dice.random() >= rule.probability:
                    continue
                rule.used += 1
                rule.times = None if rule.times is None else rule.times - 1
                hit.append(rule)
        return hit

    def list(self) -> list[dict[str, Any]]:
        with self._lock:
            return [rule.as_dict() for rule in self._rules if rule.times != 0]

    def remove(self, rule_id: int) -> bool:
        with self._lock:
            kept = [rule for rule in self._rules if rule.id != rule_id]
            found = len(kept) < len(self._rules)
            self._rules = kept
            return found

    def clear(self) -> None:
        with self._lock:
            self._rules.clear()


def _alone(rule: Rule) -> bool:
    return rule.kind not in DELAYS


def _check(
    kind: str, match: dict[str, str], times: int | None, probability: float, args: dict[str, Any]
) -> None:
    if kind not in KINDS:
        raise ValueError(f"unknown fault {kind!r}; known: {', '.join(sorted(KINDS))}")
    wrong = [key for key in match if key not in MATCHES] + [key for key in args if key not in ARGS]
    if wrong:
        raise ValueError(f"unknown {', '.join(wrong)}; match by {MATCHES}, arguments {ARGS}")
    _check_arguments(args)
    if not all(isinstance(value, str) for value in match.values()):
        raise ValueError("match values are strings")
    if times is not None and (isinstance(times, bool) or not isinstance(times, int) or times < 1):
        raise ValueError("times is a whole number from 1 on, or null for always")
    if isinstance(probability, bool) or not isinstance(probability, int | float):
        raise ValueError("probability is a number")
    if not 0 < probability <= 1:
        raise ValueError("probability lies above 0 and up to 1")
    if kind == "status" and not 100 <= int(args.get("code", 0)) <= 599:
        raise ValueError("status needs code, an HTTP status")


def _check_arguments(args: dict[str, Any]) -> None:
    for key in set(args) & set(_NUMBERS):
        if isinstance(args[key], bool) or not isinstance(args[key], int | float) or args[key] < 0:
            raise ValueError(f"{key} is a number from 0 on")
    if not isinstance(args.get("headers", {}), dict):
        raise ValueError("headers is an object of names and values")


def instead(rule: Rule, platform: str, now: float) -> Response:
    """The answer of a fault that speaks in the platform's place."""
    if rule.kind == "html_502":
        return Response(502, _HTML, [("Content-Type", "text/html; charset=utf-8")])
    if rule.kind == "status":
        return _status(rule)
    answers = _X if platform == "x" else _FACEBOOK
    answer = answers[rule.kind](rule)
    if rule.kind == "rate_limited" and platform == "x":
        reset = str(int(now + float(rule.args.get("reset_after", 900))))
        daily = bool(rule.args.get("daily"))
        answer.header("x-rate-limit-limit", "100")
        answer.header("x-rate-limit-remaining", "37" if daily else "0")
        answer.header("x-rate-limit-reset", reset)
        if daily:
            answer.header("x-user-limit-24hour-limit", "100")
            answer.header("x-user-limit-24hour-remaining", "0")
            answer.header("x-user-limit-24hour-reset", reset)
    return answer


def _status(rule: Rule) -> Response:
    body = rule.args.get("body", {})
    headers = dict(rule.args.get("headers") or {})
    if isinstance(body, str):
        answer = Response(int(rule.args["code"]), body.encode(), [("Content-Type", "text/plain")])
    else:
        answer = reply(int(rule.args["code"]), body)
    for name, value in headers.items():
        answer.header(str(name), str(value))
    return answer


def _code(rule: Rule, default: int) -> int:
    return int(rule.args.get("code", default))


Answers = dict[str, Callable[[Rule], Response]]
_X: Answers = {
    "rate_limited": lambda _: x_errors.too_many(),
    "credits_gone": lambda _: x_errors.credits_depleted(),
    "unauthorized": lambda _: x_errors.unauthorized("fault"),
    "duplicate": lambda _: x_errors.duplicate(),
    "reject_then_5xx": lambda rule: x_errors.unavailable(_code(rule, 503)),
    "accept_then_5xx": lambda rule: x_errors.unavailable(_code(rule, 503)),
    "read_fails": lambda rule: x_errors.unavailable(_code(rule, 503)),
}
_FACEBOOK: Answers = {
    "rate_limited": lambda rule: facebook_errors.throttled(_code(rule, 32)),
    "credits_gone": lambda _: facebook_errors.blocked(),
    "unauthorized": lambda rule: facebook_errors.token(str(rule.args.get("state", "expired"))),
    "duplicate": lambda _: facebook_errors.duplicate(),
    "reject_then_5xx": lambda rule: facebook_errors.temporary(_code(rule, 500)),
    "accept_then_5xx": lambda rule: facebook_errors.temporary(_code(rule, 500)),
    "read_fails": lambda rule: facebook_errors.temporary(_code(rule, 500)),
}
