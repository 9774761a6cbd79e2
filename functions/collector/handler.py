"""The Lambda handler of the collector, which EventBridge starts on a schedule."""

import asyncio
import logging
import os
from collections.abc import Mapping
from typing import Final, Protocol

from collector.run import Collector
from collector.settings import CollectorSettings
from pulse.problems import HistoryUnavailable
from pulse_io.store.table import TableUnavailable, open_table
from pulse_io.wiring import open_catalogue

_log = logging.getLogger(__name__)

# Lambda logs INFO and above. httpx would log a line per call.
logging.getLogger("httpx").setLevel(logging.WARNING)

SCHEDULERS: Final = ("aws.events", "aws.scheduler")
"""The sources of scheduled events: a rule of EventBridge, and EventBridge Scheduler."""

LAST_WRITES_S: Final = 7
"""The most that writing the last answers and closing the connections takes."""

MAX_SHOWN: Final = 200
"""How many characters of a refused event the log shows."""


class NotASchedule(ValueError):
    """The event does not come from a schedule."""


class LambdaContext(Protocol):
    """What the handler needs of Lambda's context."""

    def get_remaining_time_in_millis(self) -> int:
        """The time until Lambda stops the invocation."""


def handler(event: object, context: LambdaContext) -> None:
    """Run the collector.

    An exception makes Lambda try once more, and then send the event to the dead-letter queue.

    Raises:
        NotASchedule: nothing was done.
        InvalidSettings: nothing was done.
        TableUnavailable, HistoryUnavailable: the table of history failed; the next run goes on from there.
    """
    if not _is_schedule(event):
        _log.error("not a schedule", extra={"event": repr(event)[:MAX_SHOWN]})
        raise NotASchedule("The collector takes only scheduled events of EventBridge.")
    settings = CollectorSettings.from_environ(os.environ)
    left_s = context.get_remaining_time_in_millis() / 1000 - settings.deadline_s - LAST_WRITES_S
    try:
        asyncio.run(_run(settings, left_s))
    except (TableUnavailable, HistoryUnavailable) as error:
        reason = (
            error.reason if isinstance(error, HistoryUnavailable) else "the table is unavailable"
        )
        _log.error("collector failed", extra={"reason": reason})
        raise


async def _run(settings: CollectorSettings, left_s: float) -> None:
    """One run, with connections of its own: runs are too rare to keep them."""
    catalogue = open_catalogue(settings)
    table = open_table(settings, settings.history_table or "")
    try:
        await Collector(settings, catalogue, table).run(left_s)
    finally:
        await table.aclose()
        await catalogue.aclose()


def _is_schedule(event: object) -> bool:
    return isinstance(event, Mapping) and (
        event.get("source") in SCHEDULERS or event.get("detail-type") == "Scheduled Event"
    )
