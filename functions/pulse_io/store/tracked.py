"""Stores which packages are tracked, and for which day each was collected, in `HISTORY_TABLE`.

Both have a partition with an item for each package, so every change is one idempotent write.
"""

import asyncio
import datetime as dt
import logging
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from aiodynamo.expressions import HashKey

from pulse.names import InvalidPackageName, PackageName
from pulse_io.store.table import Item, Table

_log = logging.getLogger(__name__)

TRACKED: Final = "tracked"
"""The partition of tracked packages; the sort key is the package."""

COLLECTED: Final = "collected"
"""The partition of what was collected; the sort key is the package."""


class TrackedPackages:
    """The tracked packages that were added without a deployment.

    Every method raises `TableUnavailable` if the table fails; some packages may be written then.
    """

    def __init__(self, table: Table) -> None:
        self._table = table

    async def read(self) -> frozenset[PackageName]:
        """The packages, in one Query. Items that were written by hand and have no valid name are logged."""
        return frozenset(await _items(self._table, TRACKED))

    async def add(self, packages: Iterable[PackageName]) -> None:
        """Track these packages too."""
        await asyncio.gather(*(self._table.put(_key(TRACKED, package)) for package in packages))

    async def remove(self, packages: Iterable[PackageName]) -> None:
        """Track these packages no longer. Their history stays."""
        await asyncio.gather(*(self._table.delete(_key(TRACKED, package)) for package in packages))


class Collected(NamedTuple):
    """The day that a package was last collected for; upstream may not know the package then."""

    as_of: dt.date
    is_unknown: bool = False


class Progress:
    """What was collected of each package. Every method raises `TableUnavailable` if the table fails."""

    def __init__(self, table: Table) -> None:
        self._table = table

    async def read(self) -> Mapping[PackageName, Collected]:
        """What was collected of all packages, in one Query."""
        items = await _items(self._table, COLLECTED)
        return {
            package: Collected(dt.date.fromisoformat(item["as_of"]), "unknown" in item)
            for package, item in items.items()
        }

    async def write(self, package: PackageName, collected: Collected) -> None:
        """Replace what was collected of a package."""
        unknown = {"unknown": True} if collected.is_unknown else {}
        as_of = collected.as_of.isoformat()
        await self._table.put({**_key(COLLECTED, package), "as_of": as_of, **unknown})


def _key(partition: str, package: PackageName) -> dict[str, str]:
    return {"series": partition, "month": package}


async def _items(table: Table, partition: str) -> dict[PackageName, Item]:
    """The items of a partition by package."""
    found: dict[PackageName, Item] = {}
    for item in await table.query(HashKey("series", partition), consistent=True):
        try:
            found[PackageName.parse(item["month"])] = item
        except InvalidPackageName:
            _log.warning("item ignored", extra={"series": partition, "package": item["month"]})
    return found
