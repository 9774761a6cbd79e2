"""How large the items of the table are, written by the code that writes the real ones."""

import time
from typing import Final, NamedTuple

from pulse.names import ALL_OF_PYPI, PackageName
from pulse.pypistats import Endpoint
from pulse_io.leases import Leases
from pulse_io.table import open_table
from workbench.upstream import StandIn
from workbench.upstream.packages import DEBUT

from .item_size import item_bytes
from .metered_world import NOW, World
from .requests import TYPICAL, UNKNOWN
from .table import create_table, dynamodb_client

PACKAGES: Final = (PackageName.parse(DEBUT), TYPICAL, ALL_OF_PYPI)
"""A young one, one with all days and categories, and the one with the largest numbers."""

BROKEN: Final = Endpoint.PYTHON_MAJOR
"""Where upstream fails when it is asked for the unknown package."""


class Size(NamedTuple):
    """An item and its bytes, names included."""

    key: str
    size: int


async def sizes(dynamodb_url: str) -> list[Size]:
    """The sizes of all kinds of items, by key; credentials as for `costs`."""
    with StandIn(now=NOW, limits=False, faults=[f"500:{BROKEN}:{UNKNOWN}"]) as upstream:
        world = World(dynamodb_url, create_table(dynamodb_url), upstream.url)
        async with world.environment() as one:
            for endpoint in Endpoint:
                await one.library.fetch_all(PACKAGES, endpoint)
            await one.try_to(lambda library: library.fetch(UNKNOWN, Endpoint.SYSTEM))
            await one.try_to(lambda library: library.fetch(UNKNOWN, BROKEN))
        await world.exhaust(Endpoint.OVERALL)
        async with world.environment() as one:
            await one.try_to(lambda library: library.fetch(UNKNOWN, Endpoint.OVERALL))
        await _hold_a_lease(world)
        return _scanned(world)


async def _hold_a_lease(world: World) -> None:
    table = open_table(world.settings(world.dynamodb_url), world.table)
    await Leases(table, time.time).take(f"{Endpoint.SYSTEM}#{TYPICAL}")
    await table.aclose()


def _scanned(world: World) -> list[Size]:
    scanned = dynamodb_client(world.dynamodb_url).scan(TableName=world.table)["Items"]
    found = {item["key"]["S"]: item_bytes(item) for item in scanned}
    # Other rate limits have but the few calls of this run.
    return [
        Size(key, found[key])
        for key in sorted(found)
        if not key.startswith("rate_limit#") or key == f"rate_limit#{Endpoint.OVERALL}"
    ]
