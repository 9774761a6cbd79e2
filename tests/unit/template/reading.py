"""Reads a transformed template: resources by type, conditions, strings within a value."""

from collections.abc import Iterator, Mapping
from typing import Any

Template = dict[str, Any]


def of_type(template: Template, kind: str) -> dict[str, dict[str, Any]]:
    """The resources of one type, by their logical ids."""
    return {
        name: resource
        for name, resource in template["Resources"].items()
        if resource["Type"] == kind
    }


def made(template: Template, parameters: Mapping[str, str] | None = None) -> set[str]:
    """The logical ids of the resources in a stack with these parameters."""
    given = {name: one["Default"] for name, one in template["Parameters"].items()} | dict(
        parameters or {}
    )

    def holds(condition: Any) -> bool:  # noqa: ANN401 - a template's value
        if isinstance(condition, str):
            return holds(template["Conditions"][condition])
        ((function, arguments),) = condition.items()
        match function:
            case "Fn::Equals":
                left, right = (
                    given[one["Ref"]] if isinstance(one, dict) else one for one in arguments
                )
                return str(left) == str(right)
            case "Fn::Not":
                return not holds(arguments[0])
            case "Fn::And":
                return all(map(holds, arguments))
            case "Condition":
                return holds(arguments)
        raise AssertionError(f"unknown function {function}")

    return {
        name
        for name, resource in template["Resources"].items()
        if "Condition" not in resource or holds(resource["Condition"])
    }


def texts(value: Any) -> Iterator[str]:  # noqa: ANN401 - a template's value
    """All strings within a value, including the names it refers to."""
    match value:
        case str():
            yield value
        case dict():
            for inside in value.values():
                yield from texts(inside)
        case list():
            for inside in value:
                yield from texts(inside)
