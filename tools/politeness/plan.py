"""How large a run is, and which packages it asks for."""

import random
from dataclasses import dataclass
from typing import Final

from tools.fake_pypistats.packages import ALL_OF_PYPI, DOWNLOADS_PER_DAY

PER_SECOND: Final = 5
PER_MINUTE: Final = 30
"""What upstream bears, for each endpoint."""

STALL_EVERY_S: Final = 11
"""Now in the middle of a burst, now between two."""

KILL_EVERY_S: Final = 11

SLOW_MS: Final = 400
"""What upstream takes for a call where environments are killed: some hold leases at any moment of a burst."""

GRACE_S: Final = 10
"""What a minute's calls may take on top of their minute, on a machine that has much else to do."""


@dataclass(frozen=True)
class Plan:
    """A run, as asked for.

    Attributes:
        processes: How many execution environments, and as many clients.
        packages: How many packages every client asks for, over and over.
        duration_s: How long clients ask.
        seed: What order, chunks and environments are drawn by.
        stall_s: For how long upstream's worker stalls, every `STALL_EVERY_S`; 0 for never.
        table_dies_after_s: When the table is killed; 0 for never.
        killed: How many environments are killed every `KILL_EVERY_S`, and begin anew.
    """

    processes: int = 20
    packages: int = 50
    duration_s: float = 180
    seed: int = 0
    stall_s: float = 0
    table_dies_after_s: float = 0
    killed: int = 0

    @property
    def names(self) -> tuple[str, ...]:
        """The packages: upstream knows all of them."""
        known = sorted(DOWNLOADS_PER_DAY.keys() - {ALL_OF_PYPI})
        return tuple(random.Random(self.seed).sample(known, self.packages))  # noqa: S311 - not a secret

    @property
    def packages_due(self) -> int:
        """How many packages must have been fetched by the end: what the budget allows is also used."""
        minutes = 1 + int(self.duration_s // (60 + GRACE_S))
        due = min(self.packages, PER_MINUTE * minutes)
        # Calls of environments that died are lost, and without a table each has to keep well below the limits.
        return due // 3 if self.killed or self.table_dies_after_s else due

    @property
    def calls_due(self) -> int:
        """How often a package may be asked for: once, and again by whoever can't know what is known."""
        if self.table_dies_after_s:
            return 1 + self.processes
        return 1 + self.killed * (1 + int(self.duration_s // KILL_EVERY_S))

    @property
    def tells_truly(self) -> bool:
        """Whether every reserved call can be made: not what the dead have reserved, or were about to answer."""
        return not (self.table_dies_after_s or self.killed)


MOST_PACKAGES: Final = min(50, len(DOWNLOADS_PER_DAY) - 1)
"""As many as one comparison takes."""
