"""Counts what the functions' client asks of the table, and the units that DynamoDB says it consumed.

The client itself does not ask for the units: no invocation would use them.
"""

import math
from base64 import b64decode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple

import pytest
from aiodynamo.client import Client
from aiodynamo.errors import ConditionalCheckFailed

READS = {"GetItem", "BatchGetItem", "Query"}

_send_request = Client.send_request
_operations: ContextVar[list["Operation"]] = ContextVar("operations")


class Operation(NamedTuple):
    """One operation, such as `GetItem`, with its read and write units."""

    name: str
    reads: float
    writes: float


@contextmanager
def metered() -> Iterator[list[Operation]]:
    """The operations of a `with` block, and of the tasks that it starts, in the order of their answers."""
    operations: list[Operation] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Client, "send_request", _send_metered)
        token = _operations.set(operations)
        yield operations
        _operations.reset(token)


async def _send_metered(client: Client, *, action: str, payload: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
    operations = _operations.get()
    told = {**payload, "ReturnConsumedCapacity": "TOTAL"}
    try:
        answer = await _send_request(client, action=action, payload=told)
    except ConditionalCheckFailed:
        # Charged, though not reported: the items of failed conditions are below 1 KB.
        operations.append(Operation(action, 0, 1))
        raise
    consumed = answer.get("ConsumedCapacity", [])  # moto reports none
    by_table = consumed if isinstance(consumed, list) else [consumed]
    units = sum(one["CapacityUnits"] for one in by_table)
    if action == "BatchGetItem":
        units += _missing_units(payload, answer)
    elif action == "Query":
        units = max(units, 1 if payload["ConsistentRead"] else 0.5)
    elif action == "TransactWriteItems":
        units = _transaction_units(payload)
    reads, writes = (units, 0) if action in READS else (0, units)
    operations.append(Operation(action, reads, writes))
    return answer


def item_bytes(item: Mapping[str, Mapping[str, Any]]) -> int:
    """The size of an item as AWS's developer guide counts it: names and values, a number by its digits."""
    size = 0
    for name, value in item.items():
        ((kind, content),) = value.items()
        size += len(name.encode())
        if kind == "N":
            size += math.ceil(len(content.strip("-0").replace(".", "")) / 2) + 1
        elif kind == "B" and isinstance(content, str):
            size += len(b64decode(content))
        else:
            size += len(content.encode() if kind == "S" else content)
    return size


def _transaction_units(payload: Mapping[str, Any]) -> int:
    """What DynamoDB charges: twice the units of each item. DynamoDB Local adds up the items' sizes first."""
    items = [one["Put"]["Item"] for one in payload["TransactItems"]]
    return sum(2 * math.ceil(item_bytes(item) / 1024) for item in items)


def _missing_units(asked: Mapping[str, Any], answer: Mapping[str, Any]) -> float:
    """What DynamoDB charges for items that don't exist; DynamoDB Local does not."""
    ((table, wanted),) = asked["RequestItems"].items()
    left = answer["UnprocessedKeys"].get(table, {"Keys": []})
    return 0.5 * (len(wanted["Keys"]) - len(answer["Responses"][table]) - len(left["Keys"]))
