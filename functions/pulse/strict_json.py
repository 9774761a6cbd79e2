"""Reads JSON from other servers: duplicate keys, `NaN`, `Infinity` and far too many lists are errors."""

import json
from typing import Any, Final

MAX_LISTS: Final = 100_000
"""Lists and objects in a document. Empty ones take twenty times their size in memory.

pypistats.org's largest answer has 5,500, and may have ten times as many; ClickHouse's has 3,000.
"""


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
        ValueError: it is not JSON, or has too many lists.
        RecursionError: it is nested too deeply.
    """
    if body.count(b"[") + body.count(b"{") > MAX_LISTS:
        raise ValueError("far too many lists")
    return DECODER.decode(body.decode())
