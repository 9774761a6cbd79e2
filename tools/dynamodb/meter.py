"""A DynamoDB that counts: it passes on what it is asked, and asks what each operation consumed.

The client of the functions does not ask that: nothing in an invocation would use the answer.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

import httpx

from .account import HOST
from .item_size import item_bytes, missing_read_units, write_units

READS: Final = frozenset({"GetItem", "BatchGetItem"})

_FREE_PORT: Final = 0
_POLL_S: Final = 0.02
_PASSED_ON: Final = ("Authorization", "Content-Type", "X-Amz-Date", "X-Amz-Target")
_REFUSED: Final = "ConditionalCheckFailedException"


@dataclass(frozen=True)
class Operation:
    """One operation, such as `GetItem`, and the units that it consumed."""

    name: str
    reads: float
    writes: float


class Meter:
    """What one execution environment has asked of the table."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._operations: list[Operation] = []

    def note(self, operation: Operation) -> None:
        """Count an operation."""
        self._operations.append(operation)

    def read(self) -> list[Operation]:
        """All operations so far, in the order that they were answered."""
        return list(self._operations)

    @property
    def names(self) -> list[str]:
        """What each of them was."""
        return [one.name for one in self._operations]


@contextmanager
def metered(dynamodb_url: str) -> Iterator[Meter]:
    """A DynamoDB on the loopback, at the meter's URL, in front of another."""
    with httpx.Client(base_url=dynamodb_url, trust_env=False) as dynamodb:

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # head and body leave together

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                asked = json.loads(body)
                name = self.headers["X-Amz-Target"].rpartition(".")[2]
                headers = {header: self.headers[header] for header in _PASSED_ON}
                # Nobody checks the signature, which was made of another body.
                answer = dynamodb.post("/", json=_asking(name, asked), headers=headers)
                meter.note(_operation(name, asked, answer))
                self.send_response(answer.status_code)
                self.send_header("Content-Type", answer.headers["Content-Type"])
                self.send_header("Content-Length", str(len(answer.content)))
                self.end_headers()
                self.wfile.write(answer.content)

            def log_message(self, *_: object) -> None:
                """Nothing: the meter is the log."""

        with ThreadingHTTPServer((HOST, _FREE_PORT), Handler) as server:
            meter = Meter(f"http://{HOST}:{server.server_port}")
            thread = threading.Thread(target=server.serve_forever, args=(_POLL_S,))
            thread.start()
            try:
                yield meter
            finally:
                server.shutdown()
                thread.join()


def _asking(name: str, payload: dict[str, Any]) -> dict[str, Any]:
    more = {} if name in READS else {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
    return {**payload, "ReturnConsumedCapacity": "TOTAL", **more}


def _operation(name: str, asked: dict[str, Any], answer: httpx.Response) -> Operation:
    units = _units(asked, answer.status_code, answer.json())
    return Operation(name, units, 0) if name in READS else Operation(name, 0, units)


def _units(asked: dict[str, Any], status: int, answer: dict[str, Any]) -> float:
    if status == HTTPStatus.OK:
        consumed = answer["ConsumedCapacity"]
        return _of_batch(asked, answer) if isinstance(consumed, list) else _told(consumed)
    if answer.get("__type", "").endswith(_REFUSED):
        # DynamoDB charges for the larger of what is there and what was to be put, without saying so.
        return write_units(max(item_bytes(one.get("Item", {})) for one in (asked, answer)))
    return 0


def _of_batch(asked: dict[str, Any], answer: dict[str, Any]) -> float:
    """What a batch of reads consumed, of one table or of several.

    DynamoDB takes the least that a read takes for an item that is not there; DynamoDB Local takes nothing.
    """
    units = sum(_told(consumed) for consumed in answer["ConsumedCapacity"])
    for table, wanted in asked["RequestItems"].items():
        left = answer["UnprocessedKeys"].get(table, {"Keys": []})
        missing = len(wanted["Keys"]) - len(answer["Responses"][table]) - len(left["Keys"])
        units += missing * missing_read_units(consistent=wanted.get("ConsistentRead", False))
    return units


def _told(consumed: dict[str, Any]) -> float:
    return float(consumed["CapacityUnits"])
