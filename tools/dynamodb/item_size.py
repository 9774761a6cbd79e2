"""How large DynamoDB counts an item, and the units that reading or writing it takes.

As AWS's developer guide has it: names and values, a number by its digits.
"""

import base64
import math
from collections.abc import Mapping
from typing import Any, Final

WRITE_BYTES: Final = 1024
"""What a write unit writes."""

_DIGITS_A_BYTE: Final = 2


def item_bytes(item: Mapping[str, Mapping[str, Any]]) -> int:
    """The size of an item, as boto3's client and DynamoDB's answers have one, such as `{"key": {"S": "a"}}`.

    Raises:
        ValueError: an attribute is not of the types that the table has: strings, numbers and bytes.
    """
    return sum(len(name.encode()) + _value_bytes(value) for name, value in item.items())


def write_units(size: int) -> int:
    """What it takes to write an item of so many bytes; one that is not there costs a unit too."""
    return max(1, math.ceil(size / WRITE_BYTES))


def missing_read_units(*, consistent: bool) -> float:
    """What it takes to read that an item is not there; `consistent` sees every write that was over before."""
    return 1 if consistent else 0.5


def _value_bytes(value: Mapping[str, Any]) -> int:
    ((kind, content),) = value.items()
    match kind:
        case "S":
            return len(content.encode())
        case "B":
            # boto3 has decoded it, DynamoDB's own answer has not.
            return len(base64.b64decode(content) if isinstance(content, str) else content)
        case "N":
            digits = len(content.strip("-0").replace(".", ""))
            return math.ceil(digits / _DIGITS_A_BYTE) + 1
        case _:
            raise ValueError(f"the table has no attributes of type {kind}")
