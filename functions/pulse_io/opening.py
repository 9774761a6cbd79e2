"""A library as the environment's settings want it: alone, or sharing a table with others."""

import time

from pulse_io.flights import Flights
from pulse_io.library import Library
from pulse_io.rate_limit import Clock, RateLimit
from pulse_io.settings import Settings
from pulse_io.upstream import Now, Upstream, utc_now


def open_library(settings: Settings, now: Now = utc_now, clock: Clock = time.time) -> Library:
    """The library; `now` is the time of day for freshness, `clock` the time for rate limit and leases.

    Make one per process and use it on one event loop. Nothing is opened before it is first asked.
    """
    limits = settings.upstream_per_second, settings.upstream_per_minute
    if settings.cache_table is None or settings.cache == "off":
        upstream = Upstream(settings, RateLimit(*limits, clock), now, clock)
        return Library(settings, upstream, Flights(None, clock), now=now)
    # Here and not above: the client of a table that is not there would be cold start for nothing.
    from pulse_io.leases import Leases  # noqa: PLC0415 - see above
    from pulse_io.shared_rate_limit import SharedRateLimit  # noqa: PLC0415 - see above
    from pulse_io.stored import Stored  # noqa: PLC0415 - see above
    from pulse_io.table import open_table  # noqa: PLC0415 - see above

    table = open_table(settings, settings.cache_table)
    return Library(
        settings,
        Upstream(settings, SharedRateLimit(table, *limits, clock), now, clock),
        Flights(Leases(table, clock), clock),
        Stored(table),
        now,
    )
