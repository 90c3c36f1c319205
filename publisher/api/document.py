"""The OpenAPI document, made from the declared operations."""

from __future__ import annotations

import re
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from publisher.api.operations import OPERATIONS, Operation
from publisher.api.schemas import Nothing, Problem
from publisher.web import LARGEST

NUMBER = {"type": "integer", "minimum": 0, "maximum": LARGEST}
REF = "#/components/schemas/{model}"
ERRORS = {
    "400": "The request is malformed",
    "401": "No valid token",
    "403": "Role or scope do not reach",
    "404": "No such thing, or none you may see",
    "409": "The thing's state does not permit this",
    "422": "A field breaks a rule",
    "429": "Too many requests",
}


def document(server: str) -> dict[str, Any]:
    """OpenAPI 3.1 for this installation's API at `server`."""
    models = {
        model for each in OPERATIONS for model in (each.body, each.answer) if model is not None
    } | {Problem}
    ordered = sorted(models, key=lambda model: model.__name__)
    _refs, schemas = models_json_schema(
        [(model, "validation") for model in ordered], ref_template=REF
    )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Publisher API",
            "version": "1.0.0",
            "description": "Stories, review, scheduling and feeds. Times are ISO 8601.",
        },
        "servers": [{"url": f"{server}/api/v1"}],
        "security": [{"token": []}],
        "paths": _paths(),
        "components": {
            "schemas": schemas["$defs"],
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _paths() -> dict[str, Any]:
    paths: dict[str, Any] = {}
    for each in OPERATIONS:
        path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", each.path)
        paths.setdefault(path, {})[each.method.lower()] = _described(each)
    return paths


def _described(each: Operation) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": each.name,
        "summary": each.summary,
        "description": f"Needs the role {each.role} or more, and the scope {each.scope}.",
        "parameters": _parameters(each),
        "responses": {str(each.status): _answer(each), **_errors(each)},
    }
    if each.body is not None:
        content = {"application/json": {"schema": _ref(each.body)}}
        described["requestBody"] = {"required": each.body is not Nothing, "content": content}
    if each.upload:
        form = {
            "type": "object",
            "required": ["file"],
            "properties": {
                "file": {"type": "string", "format": "binary"},
                "alt": {"type": "string"},
            },
        }
        described["requestBody"] = {
            "required": True,
            "content": {"multipart/form-data": {"schema": form}},
        }
    return described


def _parameters(each: Operation) -> list[dict[str, Any]]:
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": NUMBER}
        for name in re.findall(r"<int:(\w+)>", each.path)
    ]
    parameters += [
        {"name": name, "in": "query", "schema": {"type": "string"}} for name in each.query
    ]
    if each.if_match:
        parameters.append(
            {"name": "If-Match", "in": "header", "required": True, "schema": {"type": "string"}}
        )
    if each.method == "POST":
        key = {"type": "string", "minLength": 1, "maxLength": 200}
        parameters.append({"name": "Idempotency-Key", "in": "header", "schema": key})
    return parameters


def _answer(each: Operation) -> dict[str, Any]:
    if each.answer is None:
        return {"description": "Done"}
    content = {"application/json": {"schema": _ref(each.answer)}}
    return {"description": "Done", "content": content}


def _errors(each: Operation) -> dict[str, Any]:
    content = {"application/problem+json": {"schema": _ref(Problem)}}
    errors = dict(ERRORS)
    if each.if_match:
        errors |= {"412": "Somebody else changed it", "428": "If-Match is missing"}
    if each.upload:
        errors |= {"413": "Too large"}
    return {status: {"description": text, "content": content} for status, text in errors.items()}


def _ref(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": REF.format(model=model.__name__)}
