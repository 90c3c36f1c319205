"""What every page shares: who is asking, what they may open, language, headers, filters and error pages.

Access is denied unless a feature's `ACCESS` table names the endpoint.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from secrets import token_hex
from typing import Any
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo

from babel.dates import format_datetime, format_timedelta
from flask import (
    Blueprint,
    Flask,
    Response,
    abort,
    current_app,
    g,
    has_request_context,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask_babel import get_locale, get_translations
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import IntegerConverter, Map
from werkzeug.wrappers import Response as WerkzeugResponse

from publisher import clock, navigation, unsent
from publisher.config import Config
from publisher.errors import DomainError
from publisher.extensions import babel
from publisher.people import service as people
from publisher.people.models import User
from publisher.people.rules import ANYONE, Role, at_least
from publisher.refresh import tag_of

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "font-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "frame-src https://www.youtube-nocookie.com",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}

ERROR_PAGES = (400, 401, 403, 404, 405, 409, 410, 413, 429, 500, 503)


LARGEST = 2**31 - 1
"""The largest number that a column of any database we use can be compared with."""

PROGRAMS = "/api/"
"""What begins so is asked by programs, which get problems to read instead of pages."""

BEARER = "bearer"
"""Access level of addresses that carry a token of their own: nobody's session is looked at or prolonged."""


class _Number(IntegerConverter):
    """A number in an address. One that no row can have is an address that nothing has."""

    regex = r"\d{1,10}"

    def __init__(self, map: Map, *args: Any, **named: Any) -> None:
        super().__init__(map, *args, **{"max": LARGEST, **named})


def number(text: str) -> int:
    """`text` as a number that a row may have; ValueError otherwise, so that `type=number` leaves it out."""
    found = int(text)
    if not -LARGEST <= found <= LARGEST:
        raise ValueError(text)
    return found


def settings() -> Config:
    """The installation's settings."""
    config: Config = current_app.extensions["settings"]
    return config


def me() -> User:
    """The person who asks. Only for endpoints whose access level needs a sign-in."""
    person: User | None = g.get("me")
    if person is None:
        abort(401)
    return person


def is_signed_in() -> bool:
    """Whether anybody asks by name."""
    return g.get("me") is not None


def secret_address() -> None:
    """Say that this page's address is a secret: no other site learns it, and nothing keeps the page."""
    g.secret_address = True


def my_zone() -> ZoneInfo:
    """The zone in which the asking person reads and writes times."""
    person: User | None = g.get("me")
    return ZoneInfo(person.timezone if person else settings().timezone)


def back(default: str) -> WerkzeugResponse:
    """Redirect to the form's `next` if it is a path of ours, else to `default`: never to another site."""
    wanted = request.form.get("next") or request.args.get("next") or ""
    return redirect(safe_path(wanted) or default)


def safe_path(path: str) -> str:
    """`path` if it stays on this site, else the empty string."""
    parts = urlsplit(path)
    inside = path.startswith("/") and not path.startswith("//") and "\\" not in path
    return path if inside and path.isprintable() and not parts.scheme and not parts.netloc else ""


def mount(app: Flask, blueprint: Blueprint, access: Mapping[str, str]) -> None:
    """Register `blueprint` and what role each of its endpoints (short names) needs, or `anyone`."""
    app.register_blueprint(blueprint)
    table: dict[str, str] = app.extensions["access"]
    for name, needed in access.items():
        table[f"{blueprint.name}.{name}"] = str(needed)


def count_in_navigation(blueprint: Blueprint, endpoint: str, count: Callable[[], int]) -> None:
    """Show at `endpoint` in the navigation how many things wait there for `me()`."""
    blueprint.record_once(
        lambda state: state.app.extensions["navigation_counts"].update({endpoint: count})
    )


def init_app(app: Flask, config: Config) -> None:
    app.url_map.converters["int"] = _Number
    app.extensions["settings"] = config
    app.extensions["access"] = {"static": ANYONE}
    app.extensions["navigation_counts"] = {}
    if config.proxies:
        n = config.proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=n, x_proto=n, x_host=n)  # type: ignore[method-assign]
    babel.init_app(app, locale_selector=_choose_locale, timezone_selector=lambda: my_zone().key)
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        lambda text: _texts().ugettext(text),
        lambda one, many, number: _texts().ungettext(one, many, number),
        newstyle=True,
    )
    app.before_request(_admit)
    app.after_request(_harden)
    unsent.init_app(app, secure=config.secure)
    app.register_error_handler(DomainError, _domain_error_page)
    app.register_error_handler(HTTPException, _http_error_page)
    app.register_error_handler(Exception, _bug_page)
    app.template_filter("localtime")(local_time)
    app.template_filter("relative")(relative_time)
    app.template_filter("readable")(readable_address)
    app.template_filter("fragment_tag")(tag_of)
    app.context_processor(_page_context)


def _admit() -> WerkzeugResponse | None:
    """Find out who asks; let them in only where the access table says so."""
    _refuse_unsayable()
    needed = current_app.extensions["access"].get(request.endpoint or "")
    if needed == BEARER or request.blueprint == "api":
        return None
    _find_out_who_asks()
    if request.endpoint is None:
        return None
    if needed == ANYONE:
        return None
    if needed is None:
        abort(403)
    if g.me is None:
        if request.method in {"GET", "HEAD"}:
            path = request.full_path.removesuffix("?")
            return redirect(url_for("people.sign_in", next=path))
        abort(401)
    if not at_least(g.me.role, Role(needed)):
        abort(403)
    return None


def _find_out_who_asks() -> None:
    g.me = people.person_of_session(session.get("token", "")) if "token" in session else None


def _refuse_unsayable() -> None:
    """Refuse NUL in an address or a form: no keyboard types it, and PostgreSQL cannot even look for it.

    A program's body is checked by its own schema; its bytes are left alone here.
    """
    sent = [request.path, *(value for values in request.args.listvalues() for value in values)]
    if request.blueprint != "api":
        sent += [value for values in request.form.listvalues() for value in values]
    if any("\0" in value for value in sent):
        abort(400)


def _choose_locale() -> str:
    if not has_request_context():
        return settings().language
    person: User | None = g.get("me")
    wanted = person.language if person else request.cookies.get("language", "")
    if wanted in {"ko", "en"}:
        return wanted
    return request.accept_languages.best_match(["ko", "en"]) or settings().language


def _texts() -> Any:
    """The reader's translations, looked for once as long as the language stays: a page has a thousand."""
    language, found = get_locale(), g.get("texts")
    if found is None or found[0] is not language:
        found = g.texts = (language, get_translations())
    return found[1]


def _harden(response: Response) -> Response:
    if g.get("secret_address"):
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["Cache-Control"] = "no-store"
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if response.status_code >= 400 and request.method == "POST":
        response.headers.setdefault("Cache-Control", "no-store")  # it may show what was typed
    if settings().secure:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    if g.get("me") is not None:
        response.headers.setdefault("Cache-Control", "no-store")
    return response


def local_time(instant: datetime | None, pattern: str = "medium", zone: str = "") -> str:
    """`instant` as the reader's wall clock shows it, by their language: a CLDR pattern or short…full."""
    if instant is None:
        return ""
    return str(
        format_datetime(
            instant,
            pattern,
            tzinfo=ZoneInfo(zone) if zone else my_zone(),
            locale=get_locale() or "ko",
        )
    )


def relative_time(instant: datetime | None) -> str:
    """`instant` from now on: "in 5 minutes", "어제"."""
    if instant is None:
        return ""
    delta = instant - clock.now()
    return str(format_timedelta(delta, add_direction=True, locale=get_locale() or "ko"))


def readable_address(url: str) -> str:
    """`url` for the eye: Hangul instead of percent signs, unless that would hide or disguise something."""
    text = unquote(url)
    return text if text.isprintable() and " " not in text and "\ufffd" not in text else url


def _page_context() -> dict[str, Any]:
    return {
        "me": g.get("me"),
        "now": clock.now(),
        "zone": my_zone().key,
        "site_name": settings().site_name,
        "environment": "sandbox" if settings().environment == "demo" else "",
        "get_locale": get_locale,
        "nav": _navigation(),
    }


def _navigation() -> list[dict[str, Any]]:
    if not is_signed_in():
        return []
    counts: dict[str, Callable[[], int]] = current_app.extensions["navigation_counts"]
    return navigation.for_role(me().role, lambda endpoint: counts.get(endpoint, int)())


def _domain_error_page(error: DomainError) -> Response:
    page = render_template(
        "errors/refused.html",
        message=error.message,
        status=error.status,
        way_back=_page_before(),
    )
    response = make_response(page, error.status)
    if "retry_after_s" in error.values:
        response.headers["Retry-After"] = str(error.values["retry_after_s"])
    return response


def _page_before() -> str:
    """The path of the page whose form or link led here, if it is ours and another one."""
    before = urlsplit(request.referrer or "")
    if before.netloc != request.host or (before.path == request.path and not _can_be_read()):
        return ""
    return safe_path(f"{before.path}?{before.query}" if before.query else before.path)


def _can_be_read() -> bool:
    """Whether the address that was asked for is a page, too, and not only where a form goes."""
    rule = request.url_rule
    return request.method == "POST" and rule is not None and "GET" in (rule.methods or ())


def _http_error_page(error: HTTPException) -> Response | HTTPException | tuple[str, int]:
    code = error.code or 500
    if isinstance(error, CSRFError):
        _find_out_who_asks()  # the token is looked at before anybody is let in
        return render_template("errors/expired.html", way_back=_page_before()), code
    if code < 400 or error.response is not None:
        return error
    if request.path.startswith(PROGRAMS):
        page = problem(code, error.name.lower().replace(" ", "_"), error.description or "")
    else:
        known = code if code in ERROR_PAGES else 400 if code < 500 else 500
        way_back = _page_before()
        page = make_response(
            render_template("errors/error.html", code=known, way_back=way_back), code
        )
    if isinstance(error, MethodNotAllowed):
        page.allow.update(error.valid_methods or ())
    return page


def problem(
    status: int, code: str, detail: str, extra: Mapping[str, Any] | None = None
) -> Response:
    """An answer to a program that says what is wrong, as RFC 9457 has it. `code` is stable."""
    title = code.replace("_", " ").capitalize()
    body = {**(extra or {}), "type": "about:blank", "title": title, "status": status}
    response = jsonify({**body, "detail": detail, "code": code})
    response.status_code = status
    response.mimetype = "application/problem+json"
    return response


def _bug_page(error: Exception) -> tuple[str, int]:
    """A bug: the log has the whole story, the reader a reference to it."""
    if current_app.testing or current_app.debug:
        raise error
    reference = token_hex(4)
    current_app.logger.exception("unhandled error %s", reference)
    return render_template("errors/error.html", code=500, reference=reference), 500
