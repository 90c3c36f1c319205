"""How an operation of API v1 is declared: one decorator makes the route, its checks and its description."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import wraps
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Response, g, jsonify, request
from flask_babel import gettext as _
from pydantic import BaseModel, ValidationError
from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from werkzeug.exceptions import BadRequest

from publisher import clock, vault
from publisher.api.models import Answered
from publisher.api.schemas import Nothing
from publisher.errors import Conflict, DomainError, Invalid, NotAllowed
from publisher.extensions import db
from publisher.people.models import User
from publisher.people.rules import Role, Scope, at_least
from publisher.people.tokens import person_of_token
from publisher.storage import writing

Result = tuple[dict[str, Any], int]
KEPT = timedelta(days=1)
SEALED = "sealed"


class Unauthorized(DomainError):
    status = 401
    code = "unauthorized"


class PreconditionRequired(DomainError):
    status = 428
    code = "precondition_required"


class PreconditionFailed(DomainError):
    status = 412
    code = "precondition_failed"


@dataclass(frozen=True, slots=True)
class Operation:
    """One method on one path: what it takes, what it answers, and who may call it."""

    method: str
    path: str
    name: str
    summary: str
    role: Role
    scope: Scope
    answer: type[BaseModel] | None
    body: type[BaseModel] | None = None
    status: int = 200
    query: tuple[str, ...] = ()
    if_match: bool = False
    upload: bool = False
    before: Callable[[], Any] | None = None
    """What takes long and writes nothing: done outside of any transaction, and handed in as `ready`."""


OPERATIONS: list[Operation] = []
blueprint = Blueprint("api", __name__, url_prefix="/api/v1")
ACCESS: dict[str, str] = {}


def operation(
    method: str,
    path: str,
    *,
    role: Role,
    scope: Scope,
    answer: type[BaseModel] | None,
    **rest: Any,
) -> Callable[[Callable[..., Any]], Callable[..., Response]]:
    """Register a function as an operation. It gets the path's parts and the checked body, if there is one."""

    def declare(function: Callable[..., Any]) -> Callable[..., Response]:
        declared = Operation(
            method=method,
            path=path,
            name=function.__name__,
            summary=(function.__doc__ or "").strip().partition("\n")[0],
            role=role,
            scope=scope,
            answer=answer,
            **rest,
        )
        OPERATIONS.append(declared)
        ACCESS[function.__name__] = role

        @wraps(function)
        def run(**parts: Any) -> Response:
            person = _authenticated(declared)
            g.me = person
            once = method == "POST" and "Idempotency-Key" in request.headers
            asked = _request_hash() if once else ""
            if declared.body is not None:
                parts["body"] = _body(declared.body)
            if once:
                return _once(person, declared, asked, function, parts)
            return _respond(declared, function(**parts, **_ready(declared)))

        blueprint.add_url_rule(path, function.__name__, run, methods=[method])
        return run

    return declare


def _authenticated(declared: Operation) -> User:
    """Whose token came along. Raises Unauthorized without one, NotAllowed when role or scope do not reach."""
    scheme, _sep, secret = request.headers.get("Authorization", "").partition(" ")
    known = person_of_token(secret.strip()) if scheme.lower() == "bearer" else None
    if known is None:
        raise Unauthorized(_("Send a valid token: Authorization: Bearer …"))
    person, scopes = known
    if declared.scope not in scopes:
        raise NotAllowed(
            _("This token lacks the scope “%(scope)s”.", scope=declared.scope),
            code="scope_missing",
        )
    if not at_least(person.role, declared.role):
        raise NotAllowed(_("Your role does not allow this."))
    return person


def _body(model: type[BaseModel]) -> BaseModel:
    """The request's JSON, checked. Raises Invalid that names each wrong field."""
    if not request.data and model is Nothing:
        return Nothing()
    try:
        given = request.get_json(force=True)
    except (BadRequest, RecursionError):  # the second: brackets in brackets without an end
        raise Invalid(_("The body is not JSON."), code="not_json") from None
    try:
        return model.model_validate(given)
    except ValidationError as error:
        fields = {_named(each["loc"]): each["msg"] for each in error.errors()}
        sentence = "; ".join(f"{name}: {message}" for name, message in fields.items())
        raise Invalid(sentence, code="body_invalid", fields=fields) from None


def _named(path: tuple[str | int, ...]) -> str:
    """A wrong field's name, which may be anything somebody sent, so that it can be said back."""
    name = ".".join(map(str, path)) or "body"
    return name.encode("utf-8", "replace").decode()[:200]


def _ready(declared: Operation) -> dict[str, Any]:
    """What the operation has to have at hand before it may hold up anybody else who writes."""
    return {"ready": declared.before()} if declared.before else {}


def _once(
    person: User,
    declared: Operation,
    asked: str,
    function: Callable[..., Any],
    parts: dict[str, Any],
) -> Response:
    """Do the work and keep the answer in one transaction; a repeated request gets the kept answer.

    Two at the same moment: the second waits for SQLite's write lock or fails on PostgreSQL's primary key;
    then its work is rolled back with it, and it gets the first one's answer.
    """
    key = request.headers["Idempotency-Key"]
    if not 1 <= len(key) <= 200:
        raise Invalid(_("An Idempotency-Key has 1 to 200 characters."))
    person_id = person.id
    if declared.before and (kept := _kept(person_id, key)):
        return _again(kept, asked)
    parts = {**parts, **_ready(declared)}
    try:
        with writing() as session:
            session.execute(delete(Answered).where(Answered.at < clock.now() - KEPT))
            if kept := _kept(person_id, key):
                return _again(kept, asked)
            body = function(**parts)
            answered = Answered(
                user_id=person_id,
                key=key,
                request_hash=asked,
                status=declared.status,
                body={SEALED: vault.seal(body).decode()},  # a feed's address is a secret
                at=clock.now(),
            )
            session.add(answered)
    except IntegrityError:
        if not (kept := _kept(person_id, key)):
            raise
        return _again(kept, asked)
    return _respond(declared, body)


def _kept(person_id: int, key: str) -> Answered | None:
    """What was answered to this person under this key within a day."""
    kept = db.session.get(Answered, (person_id, key))
    return kept if kept is not None and kept.at >= clock.now() - KEPT else None


def _again(kept: Answered, asked: str) -> Response:
    """The kept answer. Raises Conflict when it was given to another request."""
    if kept.request_hash != asked:
        raise Conflict(
            _("This Idempotency-Key came with another request before."), code="key_reused"
        )
    try:
        body = vault.unseal(kept.body[SEALED].encode())
    except vault.VaultError:
        raise Conflict(
            _("This request was done, but its answer can no longer be read. Look at what it made."),
            code="answer_lost",
        ) from None
    return _json(body, kept.status)


def reseal_answers() -> int:
    """Write the kept answers anew with the newest vault key. Returns how many; what no key opens stays."""
    count = 0
    with writing() as session:
        for kept in session.scalars(select(Answered)):
            with suppress(vault.VaultError):
                body = vault.unseal(kept.body[SEALED].encode())
                kept.body = {SEALED: vault.seal(body).decode()}
                count += 1
    return count


def _request_hash() -> str:
    """What was asked. Of a form its parts, since programs draw a new boundary between them for each try."""
    digest = hashlib.sha256(f"{request.method} {request.full_path}\n".encode())
    if request.mimetype == "multipart/form-data":
        digest.update(json.dumps(_form_parts()).encode())
    else:
        digest.update(request.get_data(cache=True))
    return digest.hexdigest()


def _form_parts() -> list[tuple[str, ...]]:
    """Each part's name and value; of a file its name and what is in it, which stays to be read."""
    parts: list[tuple[str, ...]] = list(request.form.items(multi=True))
    for name, file in request.files.items(multi=True):
        content = hashlib.sha256(file.read()).hexdigest()
        file.seek(0)
        parts.append((name, file.filename or "", content))
    return parts


def _respond(declared: Operation, body: Any) -> Response:
    if isinstance(body, Response):
        return body
    if declared.status == HTTPStatus.NO_CONTENT:
        return Response(status=HTTPStatus.NO_CONTENT)
    response = _json(body, declared.status)
    if isinstance(body, dict) and "version" in body:
        response.set_etag(str(body["version"]))
    return response


def _json(body: dict[str, Any], status: int) -> Response:
    response = jsonify(json.loads(json.dumps(body)))
    response.status_code = status
    return response
