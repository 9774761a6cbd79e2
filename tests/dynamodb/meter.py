"""Counts what the functions' client asks of the table, and the units that DynamoDB says it consumed.

The client itself does not ask for the units: no invocation would use them.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple

import pytest
from aiodynamo.client import Client
from aiodynamo.errors import ConditionalCheckFailed

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
    if action == "BatchGetItem":
        units = sum(one["CapacityUnits"] for one in consumed) + _missing_units(payload, answer)
        operations.append(Operation(action, units, 0))
    else:
        units = consumed["CapacityUnits"] if consumed else 0
        reads, writes = (units, 0) if action == "GetItem" else (0, units)
        operations.append(Operation(action, reads, writes))
    return answer


def _missing_units(asked: Mapping[str, Any], answer: Mapping[str, Any]) -> float:
    """What DynamoDB charges for items that don't exist; DynamoDB Local does not."""
    ((table, wanted),) = asked["RequestItems"].items()
    left = answer["UnprocessedKeys"].get(table, {"Keys": []})
    return 0.5 * (len(wanted["Keys"]) - len(answer["Responses"][table]) - len(left["Keys"]))
