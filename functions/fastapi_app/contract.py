"""Completes FastAPI's OpenAPI document with errors, links, examples and servers."""

from http import HTTPStatus
from typing import Any, Final

from fastapi_app.examples import csv_examples, model_examples
from fastapi_app.links import LINKS
from pulse.negotiation import CSV, JSON
from pulse.problems import MEDIA_TYPE

_INFO: Final = {"license": {"name": "MIT", "identifier": "MIT"}}
IMAGES: Final = "images"
"""The tag of the routes that answer with an image, whatever happens."""

_TAGS: Final = [
    {"name": "packages", "description": "Questions about one package."},
    {"name": "compare", "description": "Questions about several packages at once."},
    {"name": IMAGES, "description": "Badges and charts, for READMEs and other pages."},
    {
        "name": "drop-in",
        "description": "pypistats.org's own API, for clients that only need another base URL.",
    },
    {"name": "health", "description": "Whether the function runs."},
]

_PACKAGE_IN_EXAMPLES: Final = {"404": "no-such-package", "422": "-requests"}
"""The package in the example path of a problem, by status; `requests` for other statuses."""


def complete(document: dict[str, Any], base_path: str) -> dict[str, Any]:
    """Add error formats, the server, links between operations, and an example of every model."""
    document["info"].update(_INFO, description=document["info"]["description"].strip())
    for path, methods in document["paths"].items():
        for operation in methods.values():
            _complete_operation(path, operation)
    examples = model_examples()
    for name, schema in document["components"]["schemas"].items():
        _complete_answer(schema)
        schema["examples"] = [examples[name]]
    server = {"url": base_path or "/", "description": "Wherever this document is served."}
    return {**_whole_numbers(document), "servers": [server], "tags": _TAGS}


def _complete_operation(path: str, operation: dict[str, Any]) -> None:
    for parameter in operation.get("parameters", []):
        # A query parameter can't be null: it is present or absent.
        parameter["schema"] = _without_null(parameter["schema"])
    if operation["tags"] == [IMAGES]:  # never an error
        del operation["responses"]["422"]
    figures = operation["responses"]["200"]
    if CSV in figures["content"]:
        figures["content"][CSV]["example"] = csv_examples()[operation["operationId"]]
    if operation["operationId"] in LINKS:
        figures["links"] = LINKS[operation["operationId"]]
    for status, response in operation["responses"].items():
        if int(status) >= HTTPStatus.BAD_REQUEST:
            _complete_problem(path, status, response)


def _complete_problem(path: str, status: str, response: dict[str, Any]) -> None:
    """Move an error's schema to its own media type: FastAPI puts it under the route's."""
    content = response["content"]
    content[MEDIA_TYPE].update(content.pop(JSON))
    package = _PACKAGE_IN_EXAMPLES.get(status, "requests")
    for example in content[MEDIA_TYPE]["examples"].values():
        example["value"]["instance"] = path.format(package=package)


def _complete_answer(schema: dict[str, Any]) -> None:
    """Mark the fields that are always present as required.

    A field with a default other than None is always sent. An optional field that defaults to None is left
    out when it is None, so its schema is not nullable.
    """
    required = set(schema.get("required", []))
    for name, field in schema["properties"].items():
        if field.pop("default", None) is not None:
            required.add(name)
        elif name not in required:
            schema["properties"][name] = _without_null(field)
    schema["required"] = [name for name in schema["properties"] if name in required]


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema without its null alternative; its own description overrides the alternative's."""
    one, *others = [part for part in schema.get("anyOf", []) if part != {"type": "null"}] or [{}]
    if others:
        return schema
    return {**one, **{key: value for key, value in schema.items() if key != "anyOf"}}


def _whole_numbers(value: Any) -> Any:  # noqa: ANN401 - any part of a JSON document
    """The document with 0 instead of 0.0: FastAPI writes integer bounds as decimals."""
    match value:
        case dict():
            return {key: _whole_numbers(part) for key, part in value.items()}
        case list():
            return [_whole_numbers(part) for part in value]
        case float() if value.is_integer():
            return int(value)
        case _:
            return value
