"""How large the items of the table are, written by the code that writes the real ones."""

from typing import Final, NamedTuple

from pulse.names import ALL_OF_PYPI, PackageName
from pulse.questions import Breakdown, Question
from tools.fake_pypistats import FakePypistats
from tools.fake_pypistats.packages import DEBUT

from .item_size import item_bytes
from .metered_world import NOW, World
from .requests import OTHER, TYPICAL, UNKNOWN
from .table import dynamodb_client

PACKAGES: Final = (PackageName.parse(DEBUT), TYPICAL, ALL_OF_PYPI)
"""A young one, one with all days and categories, and the one with the largest numbers."""

BROKEN: Final = Question(UNKNOWN, Breakdown.PYTHON_MAJOR)
"""What upstream fails at when it is asked."""

_SHOWN: Final = (
    f"rate_limit#{Breakdown.OVERALL}",
    f"lease#{Breakdown.SYSTEM}#{TYPICAL}",
    f"lease#{BROKEN.breakdown}#{BROKEN.package}",
)
"""Of the rate limits the one that is full, and of the leases one of each kind."""


class Size(NamedTuple):
    """An item and its bytes, names included."""

    key: str
    size: int


async def sizes(dynamodb_url: str) -> list[Size]:
    """The sizes of all kinds of items, by key; credentials as for `costs`."""
    rule = f"500:{BROKEN.breakdown}:{BROKEN.package}"
    with FakePypistats(now=NOW, limits=False, rules=[rule]) as upstream:
        world = World.new(dynamodb_url, upstream.url)
        async with world.environment() as one:
            for breakdown in Breakdown:
                await one.ask([Question(package, breakdown) for package in PACKAGES])
            await one.ask([Question(UNKNOWN, Breakdown.SYSTEM)])
            await one.ask([BROKEN])
        await world.exhaust(Breakdown.OVERALL)
        async with world.environment() as one:
            await one.ask([Question(OTHER, Breakdown.OVERALL)])
        return _scanned(world)


def _scanned(world: World) -> list[Size]:
    scanned = dynamodb_client(world.dynamodb_url).scan(TableName=world.table)["Items"]
    found = {item["key"]["S"]: item_bytes(item) for item in scanned}
    shown = [key for key in found if key.startswith("rows#") or key in _SHOWN]
    return [Size(key, found[key]) for key in sorted(shown)]
