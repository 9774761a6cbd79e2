"""Evaluates CloudWatch metric filters, as far as the template's JSON patterns need it."""

import json
import re
from typing import Any, Final

_TERM: Final = re.compile(
    r"""\(?\s*\$\.(?P<name>\w+)\s*
    (?:(?P<operator>=|>=)\s*(?:"(?P<text>[^"]*)"|(?P<number>\d+))|IS\s+(?P<boolean>TRUE|FALSE))\s*\)?""",
    re.VERBOSE,
)


def counts(pattern: str, line: str) -> bool:
    """Whether the filter matches the line.

    Supports comparisons of a field with a string, a number or a boolean, joined by `&&` only or
    `||` only. Any other pattern is an error, so that no test passes by accident.
    """
    inside = pattern.strip()
    assert inside.startswith("{"), pattern
    assert inside.endswith("}"), pattern
    inside = inside[1:-1].strip()
    assert not ("&&" in inside and "||" in inside), pattern
    document = json.loads(line)
    results = [_holds(term.strip(), document) for term in re.split(r"&&|\|\|", inside)]
    return any(results) if "||" in inside else all(results)


def _holds(term: str, document: dict[str, Any]) -> bool:
    read = _TERM.fullmatch(term)
    assert read, term
    value = document.get(read["name"])
    if read["boolean"]:
        return value is (read["boolean"] == "TRUE")
    if read["text"] is not None:
        assert read["operator"] == "=", term
        return value == read["text"]
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return (
        value >= int(read["number"]) if read["operator"] == ">=" else value == int(read["number"])
    )
