"""Builds the catalogue from the settings, with or without a shared table."""

import time
from typing import TYPE_CHECKING, Final

from pulse_io.catalogue import Catalogue
from pulse_io.clocks import Clock, Now, utc_now
from pulse_io.settings import Settings
from pulse_io.sources.pypistats import PypistatsSource
from pulse_io.sources.rate_limit import RateLimit

if TYPE_CHECKING:
    from pulse_io.store.history import HistoryStore

LEASE_MARGIN_S: Final = 1.0


def open_catalogue(settings: Settings, now: Now = utc_now, clock: Clock = time.time) -> Catalogue:
    """Build the catalogue: one per process, to be used on one event loop.

    `now` is the UTC time, used for freshness; `clock` is the time in seconds since the epoch, used for
    the rate limit and leases. Connections are opened at the first use.
    """
    limits = settings.upstream_per_second, settings.upstream_per_minute
    history = _open_history(settings)
    if settings.cache_table is None or settings.cache == "off":
        source = PypistatsSource(settings, lambda _: RateLimit(*limits, clock), now)
        return Catalogue(settings, source, None, now, history)
    # Imported only when needed: the DynamoDB client would slow down a cold start without a table.
    from pulse_io.sources.shared_rate_limit import SharedRateLimit  # noqa: PLC0415 - see above
    from pulse_io.store.rows import RowStore  # noqa: PLC0415 - see above
    from pulse_io.store.table import open_table  # noqa: PLC0415 - see above

    table = open_table(settings, settings.cache_table)
    source = PypistatsSource(
        settings, lambda endpoint: SharedRateLimit(table, endpoint, *limits, clock), now
    )
    rows = RowStore(table, lease_s(settings), clock)
    return Catalogue(settings, source, rows, now, history)


def _open_history(settings: Settings) -> "HistoryStore | None":
    if settings.history_table is None:
        return None
    from pulse_io.store.history import HistoryStore  # noqa: PLC0415 - as above
    from pulse_io.store.table import open_table  # noqa: PLC0415 - as above

    return HistoryStore(open_table(settings, settings.history_table))


def lease_s(settings: Settings) -> float:
    """Seconds that a lease lasts: a call may start at the deadline, and its answer is stored after it."""
    return settings.deadline_s + settings.upstream_timeout_s + LEASE_MARGIN_S
