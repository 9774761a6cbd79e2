"""Reads JSON from other servers: duplicate keys, `NaN` and `Infinity` are errors."""

import json
from typing import Any, Final


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) != len(pairs):
        raise ValueError("an object has a key twice")
    return content


def _no_number(constant: str) -> None:
    raise ValueError(f"{constant} is not a number")


DECODER: Final = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_no_number)


def loads(body: bytes) -> Any:  # noqa: ANN401 - any JSON
    """The content of a UTF-8 document without a byte order mark.

    Raises:
        ValueError: it is not JSON.
        RecursionError: it is nested too deeply.
    """
    return DECODER.decode(body.decode())
