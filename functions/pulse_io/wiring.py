"""A catalogue as the environment's settings want it: alone, or sharing a table with others."""

import datetime as dt
import time

from pulse_io.catalogue import Catalogue
from pulse_io.lookup import Now
from pulse_io.settings import Settings
from pulse_io.sources.pypistats import PypistatsSource
from pulse_io.sources.rate_limit import Clock, RateLimit

LEASE_MARGIN_S = 1.0


def utc_now() -> dt.datetime:
    """The time of day, UTC, in whole seconds."""
    return dt.datetime.now(dt.UTC).replace(microsecond=0)


def open_catalogue(settings: Settings, now: Now = utc_now, clock: Clock = time.time) -> Catalogue:
    """The catalogue; `now` is the time of day for freshness, `clock` the time for rate limit and leases.

    Make one per process and use it on one event loop. Nothing is opened before it is first asked.
    """
    limits = settings.upstream_per_second, settings.upstream_per_minute
    if settings.cache_table is None or settings.cache == "off":
        source = PypistatsSource(settings, RateLimit(*limits, clock), now)
        return Catalogue(settings, source, None, now)
    # Here and not above: the client of a table that is not there would be cold start for nothing.
    from pulse_io.sources.shared_rate_limit import SharedRateLimit  # noqa: PLC0415 - see above
    from pulse_io.store.rows import Rows  # noqa: PLC0415 - see above
    from pulse_io.store.table import open_table  # noqa: PLC0415 - see above

    table = open_table(settings, settings.cache_table)
    source = PypistatsSource(settings, SharedRateLimit(table, *limits, clock), now)
    return Catalogue(settings, source, Rows(table, lease_s(settings), clock), now)


def lease_s(settings: Settings) -> float:
    """How long a lease lasts: a call may begin at the deadline, and its answer has to be kept then."""
    return settings.deadline_s + settings.upstream_timeout_s + LEASE_MARGIN_S
