"""The REPORT line that Lambda's runtime writes after each invocation, and the waiting for it.

What SAM local's is worth: `Duration` and `Billed Duration` are real, and of a fresh container they contain the
init. `Init Duration` says by being there that it was the first invocation of its container, but not how
long the init took. `Max Memory Used` is always the memory size.
"""

import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from tools.compare.problems import MeasurementError

PATIENCE_S: Final = 10.0
"""SAM copies a container's lines from a thread of its own, which may be late."""

_POLL_S: Final = 0.002
_LINE: Final = re.compile(
    rb"^REPORT RequestId: (?P<id>\S+)\t(?P<init>Init Duration: \S+ ms\t)?"
    rb"Duration: (?P<duration>[\d.]+) ms\tBilled Duration: (?P<billed>\d+) ms\t.*\n",
    re.MULTILINE,
)


@dataclass(frozen=True)
class Report:
    """An invocation as the runtime reports it."""

    duration_ms: float
    billed_ms: float
    first_of_container: bool

    @classmethod
    def all_in(cls, log: bytes) -> list[Self]:
        """Every invocation that a log reports, oldest first; a line that is not whole is none."""
        return [
            cls(float(line["duration"]), float(line["billed"]), line["init"] is not None)
            for line in _LINE.finditer(log)
        ]


class ReportLog:
    """SAM's output, read as it grows. The lines name no event, so there must be one invocation at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read = 0

    def skip(self) -> None:
        """Read on after all that there is now: it is of no invocation that is still to come."""
        self._read = self._path.stat().st_size

    def next(self) -> Report | None:
        """The report of the invocation that has just been answered; None where it doesn't come.

        Raises:
            MeasurementError: there are several.
        """
        deadline = time.monotonic() + PATIENCE_S
        while not (reports := Report.all_in(self._unread())):
            if time.monotonic() > deadline:
                return None
            time.sleep(_POLL_S)
        if len(reports) > 1:
            raise MeasurementError(
                f"SAM reported {len(reports)} invocations where one was asked for"
            )
        self.skip()
        return reports[0]

    def last_words(self) -> str:
        """The last lines of the log, for a message to a person."""
        lines = self._path.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return "\n".join(lines[-10:])

    def _unread(self) -> bytes:
        with self._path.open("rb") as log:
            log.seek(self._read)
            return log.read()
