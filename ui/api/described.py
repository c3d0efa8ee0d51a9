"""Description of the routes for programs: OpenAPI, and a page of it that needs no script."""

import html
from importlib.metadata import version
from pathlib import Path
from string import Template
from typing import Any

from fastapi import APIRouter
from fastapi.openapi.utils import get_openapi
from fastapi.responses import HTMLResponse

from ui.schemas import SCHEMAS, expanded

_PAGE = Template(Path(__file__).with_name("page.html").read_text("utf-8"))
_ERROR = {
    "type": "object",
    "properties": {"detail": {}},
    "required": ["detail"],
}
_ERRORS = {
    400: "Refused, and why.",
    401: "A token is needed.",
    403: "The token may not do this.",
    404: "There is no such video.",
    408: "No byte came for too long.",
    409: "Not indexed yet, or it does not go with what is there.",
    411: "The length is not told.",
    413: "Too large.",
    415: "No video that can be read.",
    421: "The server does not go by that name.",
    422: "The request is not as described.",
    429: "Too many at once; `retry-after` says when.",
    499: "It broke off.",
    503: "A model is missing, or too much comes at once.",
    507: "The disk is full.",
}
_FORM = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "properties": {"file": {"type": "string", "format": "binary"}},
                "required": ["file"],
            }
        }
    },
}


def described(
    result: str | list[str] | None, summary: str, status: int = 200, *, form: bool = False
) -> dict[str, Any]:
    """Description of a route: the contract's value that it answers with, or a list of them."""
    done: dict[str, Any] = {"description": "Done."}
    if isinstance(result, list):
        body = {"type": "array", "items": expanded(SCHEMAS[result[0]])}
        done["content"] = {"application/json": {"schema": body}}
    elif result == "text/html":
        done["content"] = {"text/html": {"schema": {"type": "string"}}}
    elif result:
        done["content"] = {"application/json": {"schema": expanded(SCHEMAS[result])}}
    if result == "Answer" and "question" in summary:
        done["content"]["text/event-stream"] = {"schema": {"type": "string"}}
    errors = {
        code: {"description": why, "content": {"application/json": {"schema": _ERROR}}}
        for code, why in _ERRORS.items()
    }
    return {
        "summary": summary,
        "status_code": status,
        "responses": {status: done, **errors},
        "response_model": None,
        **({"openapi_extra": {"requestBody": _FORM}} if form else {}),
    }


def schema(router: APIRouter) -> dict[str, Any]:
    """OpenAPI description of the routes."""
    made = get_openapi(
        title="Cuepoint",
        version=version("cuepoint"),
        summary="Ask videos, with the moments that every answer rests on.",
        routes=router.routes,
    )
    made.setdefault("components", {})["securitySchemes"] = {
        "token": {
            "type": "http",
            "scheme": "bearer",
            "description": "`cuepoint tokens add NAME`; on this machine alone none is needed.",
        }
    }
    made["security"] = [{"token": []}, {}]
    return made


def page(schema: dict[str, Any]) -> HTMLResponse:
    """Page of a description: each route with its parameters."""
    parts: list[str] = []
    for path, methods in schema["paths"].items():
        for method, one in methods.items():
            rows = [
                (p["name"], p["in"], p.get("required", False)) for p in one.get("parameters", ())
            ]
            rows += _fields(schema, one)
            listed = "".join(
                f"<li><code>{html.escape(name)}</code> ({where}{', required' if must else ''})</li>"
                for name, where, must in rows
            )
            name = f"{method.upper()} {path}"
            about = html.escape(one.get("summary", ""))
            parts.append(
                f"<h2><code>{html.escape(name)}</code></h2><p>{about}</p><ul>{listed}</ul>"
            )
    return HTMLResponse(_PAGE.substitute(routes="".join(parts)))


def _fields(schema: dict[str, Any], route: dict[str, Any]) -> list[tuple[str, str, bool]]:
    """Fields of the body of a route."""
    content = route.get("requestBody", {}).get("content", {})
    found: list[tuple[str, str, bool]] = []
    for body in content.values():
        shape = body["schema"]
        if "$ref" in shape:
            shape = schema["components"]["schemas"][shape["$ref"].rpartition("/")[2]]
        must = shape.get("required", ())
        found += [(name, "body", name in must) for name in shape.get("properties", {})]
    return found
