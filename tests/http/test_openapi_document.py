"""The OpenAPI contract, as a generator of clients needs it."""

import json
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest

from fastapi_app.app import app
from tests.documentation import assert_documented
from tools import ROOT

DOCUMENT: dict[str, Any] = app.openapi()
SCHEMAS: dict[str, Any] = DOCUMENT["components"]["schemas"]
OPERATIONS: dict[str, dict[str, Any]] = {
    f"{method.upper()} {path}": operation
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
}
PARAMETERS = {
    f"{name} {parameter['name']}": parameter
    for name, operation in OPERATIONS.items()
    for parameter in operation.get("parameters", [])
}
FIELDS = {
    f"{name}.{field}": schema
    for name, model in SCHEMAS.items()
    for field, schema in model["properties"].items()
}
ERRORS = {
    f"{name} {status}": response
    for name, operation in OPERATIONS.items()
    for status, response in operation["responses"].items()
    if int(status) >= 400
}


def examples() -> Iterator[tuple[str, dict[str, Any], Any]]:
    """Each example in the document: its place, its schema and its value."""
    for name, schema in SCHEMAS.items():
        yield from ((name, schema, example) for example in schema["examples"])
    for name, parameter in PARAMETERS.items():
        schema = parameter["schema"]
        yield from ((name, schema, example) for example in schema.get("examples", []))
    for name, operation in OPERATIONS.items():
        for status, response in operation["responses"].items():
            for media_type, content in response.get("content", {}).items():
                for example in content.get("examples", {}).values():
                    yield f"{name} {status} {media_type}", content["schema"], example["value"]
                if "example" in content:
                    yield f"{name} {status} {media_type}", content["schema"], content["example"]


def test_committed_contract_matches_code() -> None:
    text = json.dumps(DOCUMENT, indent=2, ensure_ascii=False) + "\n"
    assert_documented(ROOT / "docs/openapi.json", text)


def test_every_route_is_in_the_contract() -> None:
    assert set(OPERATIONS) == {
        "GET /packages/{package}",
        "GET /packages/{package}/downloads",
        "GET /packages/{package}/total",
        "GET /compare",
        "GET /compare/downloads",
        "GET /top",
        "GET /packages/{package}/badge.svg",
        "GET /packages/{package}/badge.json",
        "GET /packages/{package}/chart.svg",
        "GET /compare/chart.svg",
        "GET /api/packages/{package}/recent",
        "GET /api/packages/{package}/overall",
        "GET /api/packages/{package}/python_major",
        "GET /api/packages/{package}/python_minor",
        "GET /api/packages/{package}/system",
        "GET /health",
    }


def test_contract_has_info_and_server() -> None:
    assert DOCUMENT["info"]["title"] == "PyPI Pulse"
    assert DOCUMENT["info"]["version"] == app.version
    assert DOCUMENT["info"]["license"]["identifier"] == "MIT"
    assert [server["url"] for server in DOCUMENT["servers"]] == ["/"]


@pytest.mark.parametrize("name", OPERATIONS)
def test_operation_is_documented(name: str) -> None:
    """It has an id, a tag, a summary and a description."""
    operation = OPERATIONS[name]
    assert operation["operationId"].isidentifier()
    assert operation["tags"]
    assert operation["summary"]
    assert operation["description"]


def test_operation_ids_are_unique() -> None:
    names = [operation["operationId"] for operation in OPERATIONS.values()]
    assert len(set(names)) == len(names)


def test_every_tag_is_described_and_used() -> None:
    used = {tag for operation in OPERATIONS.values() for tag in operation["tags"]}
    assert {tag["name"] for tag in DOCUMENT["tags"]} == used
    assert all(tag["description"] for tag in DOCUMENT["tags"])


TAKES_ANYTHING = "GET /api/packages/{package}/overall mirrors"
"""As upstream does, any value other than true and false gives both series."""


@pytest.mark.parametrize("name", PARAMETERS)
def test_parameter_is_described_and_bounded(name: str) -> None:
    assert PARAMETERS[name]["description"]
    assert is_bounded(PARAMETERS[name]["schema"]) is (name != TAKES_ANYTHING)


def is_bounded(schema: dict[str, Any]) -> bool:
    match schema["type"]:
        case "boolean":
            return True
        case "array":
            return {"minItems", "maxItems"} <= schema.keys() and is_bounded(schema["items"])
        case "string":
            bounds = {"enum", "const", "format", "pattern", "maxLength"}
            return not bounds.isdisjoint(schema)
        case _:
            return {"minimum", "maximum"} <= schema.keys()


@pytest.mark.parametrize("name", SCHEMAS)
def test_model_has_description_and_example(name: str) -> None:
    assert SCHEMAS[name]["description"]
    assert SCHEMAS[name]["examples"]


@pytest.mark.parametrize("name", FIELDS)
def test_field_has_description_or_model(name: str) -> None:
    field = FIELDS[name]
    assert field.get("description") or "$ref" in field


@pytest.mark.parametrize("name", ERRORS)
def test_error_is_problem_document_with_examples(name: str) -> None:
    [(media_type, content)] = ERRORS[name]["content"].items()
    assert media_type == "application/problem+json"
    assert content["schema"] == {"$ref": "#/components/schemas/ProblemDocument"}
    statuses = {example["value"]["status"] for example in content["examples"].values()}
    assert statuses == {int(name.rpartition(" ")[2])}


@pytest.mark.parametrize(
    ("schema", "example"), [pytest.param(*rest, id=name) for name, *rest in examples()]
)
def test_example_is_valid(schema: dict[str, Any], example: object) -> None:
    whole = {**schema, "components": DOCUMENT["components"]}
    validator = jsonschema_rs.Draft202012Validator(whole, validate_formats=True)
    assert [error.message for error in validator.iter_errors(example)] == []


def test_csv_has_an_example() -> None:
    figures = OPERATIONS["GET /packages/{package}/downloads"]["responses"]["200"]["content"]
    assert figures["text/csv"]["example"].startswith("date,category,downloads\r\n2026-")


def test_comparison_entries_are_discriminated_by_status() -> None:
    """Every status that an entry can have is in the discriminator's mapping."""
    entries = SCHEMAS["Comparison"]["properties"]["packages"]["items"]
    assert entries["discriminator"]["propertyName"] == "status"
    assert entries["discriminator"]["mapping"] == {
        status: entry["$ref"]
        for entry in entries["oneOf"]
        for status in SCHEMAS[entry["$ref"].rpartition("/")[2]]["properties"]["status"]["enum"]
    }


def test_links_name_existing_operations_and_parameters() -> None:
    parameters = {
        operation["operationId"]: {one["name"] for one in operation.get("parameters", [])}
        for operation in OPERATIONS.values()
    }
    links = [
        link
        for operation in OPERATIONS.values()
        for link in operation["responses"]["200"].get("links", {}).values()
    ]
    assert links
    assert all(link["parameters"].keys() <= parameters[link["operationId"]] for link in links)


def test_optional_fields_are_never_null() -> None:
    """A field without a value is left out of the response, so the contract has no null for it."""
    left_out = {
        name: field
        for name, field in FIELDS.items()
        if name.partition(".")[2] not in SCHEMAS[name.partition(".")[0]]["required"]
    }
    assert "ProblemDocument.retry_after" in left_out
    assert all("anyOf" not in field for field in left_out.values())
