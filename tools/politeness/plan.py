"""The size of a run, and what can go wrong in it."""

import random
from dataclasses import dataclass
from typing import Final

from pulse.pypistats import RECENT
from tools.fake_pypistats.packages import ALL_OF_PYPI, DOWNLOADS_PER_DAY

PER_SECOND: Final = 5
PER_MINUTE: Final = 30
"""Upstream's limits, for each endpoint."""

MOST_PACKAGES: Final = 50
"""The most in one comparison."""

STALL_EVERY_S: Final = 11
KILL_EVERY_S: Final = 11
"""Sometimes in the middle of a burst, sometimes between two."""

GRACE_S: Final = 10
"""What a minute's calls may take beyond their minute on a busy machine."""


@dataclass(frozen=True)
class Plan:
    """A run.

    Attributes:
        processes: How many execution environments, and as many clients.
        packages: How many packages every client asks for, over and over.
        duration_s: How long clients ask.
        seed: Seeds packages, their order and chunks, and which environments are asked or killed.
        stall_s: How long upstream's worker stalls every now and then; 0 for never.
        kill_table_s: When the table is killed; 0 for never.
        kill_holders: How many environments are killed every `KILL_EVERY_S`, and start again.
    """

    processes: int = 20
    packages: int = 50
    duration_s: float = 180
    seed: int = 0
    stall_s: float = 0
    kill_table_s: float = 0
    kill_holders: int = 0

    @property
    def names(self) -> list[str]:
        """The packages; upstream knows all of them."""
        known = sorted(DOWNLOADS_PER_DAY.keys() - {ALL_OF_PYPI})
        return random.Random(self.seed).sample(known, self.packages)  # noqa: S311 - not a secret

    @property
    def waits_are_true(self) -> bool:
        """Whether every reserved call can be made: none is lost with a table or an environment."""
        return not (self.kill_table_s or self.kill_holders)

    @property
    def packages_due(self) -> int:
        """How many packages must come by the end: what the limits allow is also used."""
        minutes = 1 + int(self.duration_s // (60 + GRACE_S))
        due = min(self.packages, PER_MINUTE * minutes)
        if self.kill_table_s:
            # The first burst. For a minute its calls may be more than each environment makes without a table.
            return min(due, PER_SECOND)
        # Calls of killed environments are lost.
        return due // 3 if self.kill_holders else due

    def calls_due(self, endpoint: str) -> int:
        """How often a package may be asked for: once, and again by those who can't know of that.

        While calls hang, `recent` of `__all__` is asked to check whether all of upstream does: once in a stall.
        """
        if self.stall_s and endpoint == RECENT:
            return 1 + int(self.duration_s // STALL_EVERY_S)
        if self.kill_table_s:
            return 1 + self.processes
        return 1 + self.kill_holders * (1 + int(self.duration_s // KILL_EVERY_S))
