"""What tests and curious users may change about the two platforms, typed and checked."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields


@dataclass
class Settings:
    """Seconds, US$ and counts. None switches a limit off."""

    latency_seconds: float = 0.0
    timeline_lag_seconds: float = 2.0
    duplicate_window_seconds: float = 86_400.0
    oauth_skew_seconds: float = 0.0
    rate_limits: bool = True
    x_post_limit: int = 100
    x_timeline_limit: int = 900
    x_me_limit: int = 75
    x_user_24h_limit: int | None = None
    x_credits_usd: float | None = None
    x_monthly_cap: int | None = None
    x_premium: bool = False
    media_processing_seconds: float = 0.0
    video_processing_seconds: float = 2.0
    media_processing_fails: bool = False
    facebook_page_quota: int = 4_800
    facebook_usage_from_percent: int = 10
    facebook_throttle_code: int = 32
    facebook_javascript_errors: str = "duplicates"
    """Errors sent as text/javascript: "none", "duplicates" or "all"."""
    require_appsecret_proof: bool = False
    local_permalinks: bool = False
    """Facebook's permalink_url is a page of the sandbox, so that it opens in a browser."""

    def update(self, changes: dict[str, object]) -> None:
        """Set all of `changes` or none. Raises ValueError naming the wrong one."""
        known = {f.name: str(f.type) for f in fields(self)}
        checked = {}
        for name, value in changes.items():
            if name not in known:
                raise ValueError(f"unknown setting {name!r}; known: {', '.join(sorted(known))}")
            checked[name] = _check(name, known[name], value)
        for name, value in checked.items():
            setattr(self, name, value)

    def as_dict(self) -> dict[str, object]:
        return asdict(self)


def _check(name: str, kind: str, value: object) -> object:
    if value is None and "None" in kind:
        return None
    number = isinstance(value, int | float) and not isinstance(value, bool)
    fits = {
        "bool": isinstance(value, bool),
        "str": isinstance(value, str),
        "int": number and value == int(value),  # type: ignore[call-overload]
        "float": number,
    }[kind.partition(" ")[0]]
    if not fits:
        raise ValueError(f"{name} must be {kind}, not {value!r}")
    if number and value < 0:  # type: ignore[operator]
        raise ValueError(f"{name} must not be negative")
    return value
