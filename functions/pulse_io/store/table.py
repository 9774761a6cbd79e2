"""The DynamoDB table that all execution environments share, asked without blocking.

Nothing depends on it: whoever asks gets an answer soon, or `TableUnavailable`, and goes on without.
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
)
from aiodynamo.expressions import Condition
from aiodynamo.http.httpx import HTTPX
from aiodynamo.models import BatchGetRequest, DecorelatedJitterRetry, RetryTimeout
from yarl import URL

from pulse.request_log import request_log
from pulse_io.clients import open_client
from pulse_io.settings import Settings
from pulse_io.store.credentials import CredentialsAtFirstUse

_log = logging.getLogger(__name__)

TIMEOUT_S: Final = 2.5
"""For one attempt at an operation. DynamoDB answers in a hundredth of that."""

ATTEMPTS: Final = 2
"""An environment that is starved of processor time must not take itself for one without a table."""

AWAY_S: Final = 5.0
"""How long nobody is kept waiting for a table that has just failed."""

CONNECTIONS: Final = 8
"""Each costs a TLS handshake, which is dear where there is a fraction of a processor."""

_RETRY: Final = DecorelatedJitterRetry(
    time_limit_secs=0.3, base_delay_secs=0.02, max_delay_secs=0.1
)

READ_AT_ONCE: Final = 100
"""More keys DynamoDB does not take in a request."""

_THROTTLED: Final = (Throttled, ProvisionedThroughputExceeded, RequestLimitExceeded)

T = TypeVar("T")
Item = Mapping[str, Any]
"""An item's attributes: strings, whole numbers and bytes."""


class TableUnavailable(Exception):
    """The table could not be asked, or failed lately."""


class TableThrottled(TableUnavailable):
    """The table is there and has more to do than it takes; others may be getting through."""


class ConditionFailed(Exception):
    """The item is not as the caller wanted it to be; nothing was changed."""


class Table:
    """One table with `key` as its key, through a client that outlives invocations.

    Every method raises `TableUnavailable` if the table is slow, throttled, missing or denied.
    """

    def __init__(self, client: Client, name: str, http: httpx.AsyncClient) -> None:
        self._client = client
        self._dynamo: DynamoTable = client.table(name)
        self._http = http
        self._connections = asyncio.Semaphore(CONNECTIONS)
        self._away_until = 0.0
        self._unavailable = TableUnavailable

    @property
    def available(self) -> bool:
        """Whether there is any use in asking it."""
        return asyncio.get_running_loop().time() >= self._away_until

    async def get(self, key: str) -> Item | None:
        """An item as it is after all writes that were over before; or None."""

        async def read() -> Item | None:
            try:
                return await self._dynamo.get_item({"key": key}, consistent_read=True)
            except ItemNotFound:
                return None

        return await self._ask("GetItem", read)

    async def get_all(self, keys: Collection[str]) -> Mapping[str, Item]:
        """The items with these keys, as they were a moment ago; those that are not there are left out."""
        distinct = list(dict.fromkeys(keys))
        parts = await asyncio.gather(
            *(
                self._get_part(distinct[start : start + READ_AT_ONCE])
                for start in range(0, len(distinct), READ_AT_ONCE)
            )
        )
        return {key: item for part in parts for key, item in part.items()}

    async def put(self, item: Item, condition: Condition) -> None:
        """Put an item in the place of the one with its key, which has to fulfil the condition.

        Raises:
            ConditionFailed: it does not.
        """
        await self._ask("PutItem", lambda: self._dynamo.put_item(dict(item), condition=condition))

    async def delete(self, key: str, condition: Condition) -> None:
        """Delete an item that fulfils the condition.

        Raises:
            ConditionFailed: it does not.
        """
        await self._ask(
            "DeleteItem", lambda: self._dynamo.delete_item({"key": key}, condition=condition)
        )

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def _get_part(self, keys: Sequence[str]) -> Mapping[str, Item]:
        return await self._ask("BatchGetItem", lambda: self._batch_get(keys))

    async def _batch_get(self, keys: Sequence[str]) -> Mapping[str, Item]:
        found: dict[str, Item] = {}
        # What DynamoDB had no capacity for is asked for again as what it throttles: a little later.
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
            # Waiting for one's turn is no sign of a slow table, so it is not counted as one.
            async with self._connections:
                return await self._ask_now(operation, ask)

    async def _ask_now(self, operation: str, ask: Callable[[], Awaitable[T]]) -> T:
        if not self.available:
            raise self._unavailable
        try:
            return await _patiently(ask)
        except ConditionalCheckFailed:
            raise ConditionFailed from None
        # ValueError: what answers there is no DynamoDB.
        except (AIODynamoError, httpx.HTTPError, OSError, ValueError) as error:
            unavailable = TableThrottled if isinstance(error, _THROTTLED) else TableUnavailable
            if self.available:
                self._unavailable = unavailable
                self._away_until = asyncio.get_running_loop().time() + AWAY_S
                reason = f"{type(error).__name__}: {error}"[:300]
                _log.warning("table unavailable", extra={"operation": operation, "reason": reason})
            raise unavailable from error


async def _patiently(ask: Callable[[], Awaitable[T]]) -> T:
    """What is asked for; once more if it takes too long, or the connection breaks off, as idle ones do.

    A write that came through all the same meets its own condition then, and may fail: what a lease or a
    place in the rate limit was taken for in vain is soon free again.
    """
    for _ in range(ATTEMPTS - 1):
        with contextlib.suppress(TimeoutError, httpx.TransportError):
            async with asyncio.timeout(TIMEOUT_S):
                return await ask()
    async with asyncio.timeout(TIMEOUT_S):
        return await ask()


def open_table(settings: Settings, name: str) -> Table:
    """The table of that name, where the settings say that tables are."""
    http = open_client(
        settings.table_url,
        settings.network,
        timeout=httpx.Timeout(TIMEOUT_S),
        max_connections=CONNECTIONS,
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
