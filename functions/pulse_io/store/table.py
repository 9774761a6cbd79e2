"""The DynamoDB table that all execution environments share, with asynchronous I/O.

The API works without it: an operation succeeds soon, or raises `TableUnavailable`.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Any, Final, TypeVar

import httpx
from aiodynamo.client import Client
from aiodynamo.client import Table as DynamoTable
from aiodynamo.errors import (
    AIODynamoError,
    ConditionalCheckFailed,
    ItemNotFound,
    ProvisionedThroughputExceeded,
    RequestLimitExceeded,
    Throttled,
    TransactionCanceled,
    TransactionConflict,
)
from aiodynamo.expressions import Condition, KeyCondition
from aiodynamo.http.httpx import HTTPX
from aiodynamo.models import BatchGetRequest, DecorelatedJitterRetry, Page, RetryTimeout
from aiodynamo.operations import Put
from yarl import URL

from pulse.request_log import request_log
from pulse_io.clients import open_client
from pulse_io.settings import Settings
from pulse_io.store.credentials import CredentialsAtFirstUse

_log = logging.getLogger(__name__)

TIMEOUT_S: Final = 2.5
"""For one attempt at an operation. DynamoDB usually responds in a hundredth of this."""

MAX_ATTEMPTS: Final = 2
"""A timeout may only mean that this environment lacks processor time, so each operation is retried once."""

UNAVAILABLE_S: Final = 5.0
"""How long a failed table is not used."""

MAX_CONNECTIONS: Final = 8
"""Each costs a TLS handshake, which is slow on a fraction of a processor."""

_RETRY: Final = DecorelatedJitterRetry(
    time_limit_secs=0.3, base_delay_secs=0.02, max_delay_secs=0.1
)

MAX_BATCH_KEYS: Final = 100
"""DynamoDB's limit for the keys of one BatchGetItem."""

MAX_PAGE_ITEMS: Final = 200
"""In a page of a scan. History's items have 2 KB, so a page arrives in time even over a slow line."""

_THROTTLED: Final = (Throttled, ProvisionedThroughputExceeded, RequestLimitExceeded)

_NOT_DYNAMODB: Final = (ValueError, TypeError, KeyError, AttributeError, RecursionError)
"""aiodynamo's errors if another server answers: it does not check responses."""

_CONFLICTS: Final = {"ConditionalCheckFailed", "TransactionConflict"}

T = TypeVar("T")
Item = Mapping[str, Any]
"""An item's attributes: strings, whole numbers and bytes."""


class TableUnavailable(Exception):
    """The table failed now, or less than `UNAVAILABLE_S` ago."""


class TableThrottled(TableUnavailable):
    """The table is overloaded; the operations of other environments may still succeed."""


class ConditionFailed(Exception):
    """The item does not meet the condition; nothing was changed."""


class Table:
    """One table, used through a client that outlives invocations.

    `get` and `get_all` are for tables whose primary key is `key`, without a sort key.
    Every method raises `TableUnavailable` if the table is slow, throttled, missing or denied.
    """

    def __init__(self, client: Client, name: str, http: httpx.AsyncClient) -> None:
        self._client = client
        self._dynamo: DynamoTable = client.table(name)
        self._http = http
        self._connections = asyncio.Semaphore(MAX_CONNECTIONS)
        self._unavailable = TableUnavailable
        self._unavailable_until = 0.0

    @property
    def available(self) -> bool:
        """Whether the table has not failed lately."""
        return asyncio.get_running_loop().time() >= self._unavailable_until

    async def get(self, key: str) -> Item | None:
        """The item with this key, by a strongly consistent read; or None."""

        async def read() -> Item | None:
            try:
                return await self._dynamo.get_item({"key": key}, consistent_read=True)
            except ItemNotFound:
                return None

        return await self._ask("GetItem", read)

    async def get_all(self, keys: Collection[str]) -> Mapping[str, Item]:
        """The items with these keys, by eventually consistent reads; missing ones are left out."""
        distinct = list(dict.fromkeys(keys))
        parts = await asyncio.gather(
            *(
                self._get_part(distinct[start : start + MAX_BATCH_KEYS])
                for start in range(0, len(distinct), MAX_BATCH_KEYS)
            )
        )
        return {key: item for part in parts for key, item in part.items()}

    async def put(self, item: Item, condition: Condition | None = None) -> None:
        """Write an item, if the existing item with its key meets the condition.

        Raises:
            ConditionFailed: it does not.
        """
        await self._ask("PutItem", lambda: self._dynamo.put_item(dict(item), condition=condition))

    async def delete(self, key: Item, condition: Condition | None = None) -> None:
        """Delete the item with this primary key, if it meets the condition.

        Raises:
            ConditionFailed: it does not.
        """
        await self._ask(
            "DeleteItem", lambda: self._dynamo.delete_item(dict(key), condition=condition)
        )

    async def query(self, condition: KeyCondition, *, consistent: bool) -> list[Item]:
        """The items that meet a key condition, ordered by sort key; the last one is read first."""

        async def read() -> list[Item]:
            items = self._dynamo.query(condition, consistent_read=consistent, scan_forward=False)
            last_first: list[Item] = [item async for item in items]
            return last_first[::-1]

        return await self._ask("Query", read)

    async def scan_page(self, start: Item | None) -> Page:
        """Some items of the table, in no order; `start` is the last page's `last_evaluated_key`."""
        key = None if start is None else dict(start)
        return await self._ask(
            "Scan", lambda: self._dynamo.scan_single_page(start_key=key, limit=MAX_PAGE_ITEMS)
        )

    async def put_all(self, item: Item, condition: Condition, others: Sequence[Item]) -> None:
        """Write an item and others in one transaction, if the item meets the condition as in `put`.

        Raises:
            ConditionFailed: it does not, or another transaction is writing one of the items.
        """
        puts = [
            Put(self._dynamo.name, dict(item), condition),
            *(Put(self._dynamo.name, dict(other)) for other in others),
        ]
        await self._ask("TransactWriteItems", lambda: self._client.transact_write_items(puts))

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def _get_part(self, keys: Sequence[str]) -> Mapping[str, Item]:
        return await self._ask("BatchGetItem", lambda: self._batch_get(keys))

    async def _batch_get(self, keys: Sequence[str]) -> Mapping[str, Item]:
        found: dict[str, Item] = {}
        # Keys that DynamoDB left unprocessed are retried with the same delays as throttled requests.
        with contextlib.suppress(RetryTimeout):
            async for _ in self._client.throttle_config.attempts():
                request = BatchGetRequest([{"key": key} for key in keys])
                response = await self._client.batch_get({self._dynamo.name: request})
                found |= {item["key"]: item for item in response.items.get(self._dynamo.name, [])}
                left = response.unprocessed_keys.get(self._dynamo.name, [])
                if not left:
                    return found
                keys = [key["key"] for key in left]
        raise Throttled("keys were left unprocessed")

    async def _ask(self, operation: str, ask: Callable[[], Awaitable[T]]) -> T:
        with request_log().timed("table"):
            # Waiting for a free connection does not count towards the timeout.
            async with self._connections:
                return await self._ask_now(operation, ask)

    async def _ask_now(self, operation: str, ask: Callable[[], Awaitable[T]]) -> T:
        if not self.available:
            raise self._unavailable
        try:
            return await _with_retry(ask)
        except (AIODynamoError, httpx.HTTPError, OSError, *_NOT_DYNAMODB) as error:
            if _is_conflict(error):
                raise ConditionFailed from None
            unavailable = TableThrottled if isinstance(error, _THROTTLED) else TableUnavailable
            if self.available:
                self._unavailable = unavailable
                self._unavailable_until = asyncio.get_running_loop().time() + UNAVAILABLE_S
                reason = f"{type(error).__name__}: {error}"[:300]
                _log.warning("table unavailable", extra={"operation": operation, "reason": reason})
            raise unavailable from error


def _is_conflict(error: Exception) -> bool:
    """Whether an item did not meet its condition, or another transaction was writing it."""
    if isinstance(error, TransactionCanceled):
        return any(reason and reason.code in _CONFLICTS for reason in error.cancellation_reasons)
    return isinstance(error, ConditionalCheckFailed | TransactionConflict)


async def _with_retry(ask: Callable[[], Awaitable[T]]) -> T:
    """Run an operation; retry it after a timeout or a broken connection, as idle ones are.

    If the first attempt of a write did succeed, the retry may fail on its condition. A lease or a
    reservation that is lost in this way expires soon.
    """
    for _ in range(MAX_ATTEMPTS - 1):
        with contextlib.suppress(TimeoutError, httpx.TransportError):
            async with asyncio.timeout(TIMEOUT_S):
                return await ask()
    async with asyncio.timeout(TIMEOUT_S):
        return await ask()


def open_table(settings: Settings, name: str) -> Table:
    """The table of this name, at the endpoint of the settings."""
    http = open_client(
        settings.table_url,
        settings.network,
        timeout=httpx.Timeout(TIMEOUT_S),
        max_connections=MAX_CONNECTIONS,
    )
    client = Client(
        HTTPX(http),
        CredentialsAtFirstUse(),
        settings.region,
        endpoint=URL(settings.table_endpoint) if settings.table_endpoint else None,
        numeric_type=int,
        throttle_config=_RETRY,
    )
    return Table(client, name, http)
