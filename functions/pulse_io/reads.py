"""Reads that are wanted at the same time, as one request to the table.

Each request costs a signature and a round trip, whatever it reads; a comparison of fifty packages would be
fifty of them. What comes up while a request waits for its connection is in it, so that the less time there
is, the fewer requests there are.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from itertools import islice
from typing import Any, Final

Item = Mapping[str, Any]
"""An item's attributes: strings, whole numbers and bytes."""

READ_AT_ONCE: Final = 100
"""More keys DynamoDB does not take in a request."""

ReadAll = Callable[[Sequence[str]], Awaitable[Mapping[str, Item]]]
"""Reads the items with these keys; those that are not there are left out."""


class Reads:
    """Reads of one table, each of them as soon as one of the connections is free."""

    def __init__(self, connections: asyncio.Semaphore, read_all: ReadAll) -> None:
        self._connections = connections
        self._read_all = read_all
        self._wanted: dict[str, asyncio.Future[Item | None]] = {}
        self._requests = set[asyncio.Task[None]]()

    async def get(self, key: str) -> Item | None:
        """The item with that key, as it is after this was called; or None.

        Raises:
            Exception: what reading them raised, for all that were in the request.
        """
        future = self._wanted.get(key)
        if future is None:
            future = self._wanted[key] = asyncio.get_running_loop().create_future()
            if len(self._wanted) == 1:
                self._send()
        await asyncio.wait((future,))  # who is cancelled here cancels it for nobody
        return future.result()

    def _send(self) -> None:
        request = asyncio.create_task(self._request())
        self._requests.add(request)
        request.add_done_callback(self._requests.discard)

    async def _request(self) -> None:
        async with self._connections:
            wanted = {
                key: self._wanted.pop(key) for key in list(islice(self._wanted, READ_AT_ONCE))
            }
            if self._wanted:
                self._send()
            try:
                items = await self._read_all(list(wanted))
            except Exception as failure:  # noqa: BLE001 - it is raised to those who asked
                for future in wanted.values():
                    future.set_exception(failure)
                    future.exception()  # whoever asked may be gone by now
            else:
                for key, future in wanted.items():
                    future.set_result(items.get(key))
