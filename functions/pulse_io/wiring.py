"""Builds the catalogues from the settings, with or without a shared table."""

import time
from typing import TYPE_CHECKING, Final

from pulse_io.catalogue import Catalogue
from pulse_io.catalogues import Catalogues
from pulse_io.clocks import Clock, Now, utc_now
from pulse_io.settings import Settings
from pulse_io.sources.pypistats import PypistatsSource
from pulse_io.sources.rate_limit import RateLimit

if TYPE_CHECKING:
    from pulse_io.store.history import HistoryStore
    from pulse_io.store.table import Table

LEASE_MARGIN_S: Final = 1.0


def open_catalogue(settings: Settings, now: Now = utc_now, clock: Clock = time.time) -> Catalogue:
    """Build the catalogue of pypistats.org: one per process, to be used on one event loop.

    `now` is the UTC time, used for freshness; `clock` is the time in seconds since the epoch, used for
    the rate limit and leases. Connections are opened at the first use.
    """
    return _open_pypistats(settings, _open_cache_table(settings), now, clock)


def open_catalogues(settings: Settings, now: Now = utc_now, clock: Clock = time.time) -> Catalogues:
    """Build the catalogues of all sources that are configured, as `open_catalogue`."""
    table = _open_cache_table(settings)
    pypistats = _open_pypistats(settings, table, now, clock)
    if settings.clickhouse_url is None:
        return Catalogues(pypistats)
    return Catalogues(
        pypistats, _open_clickhouse(settings, settings.clickhouse_url, table, now, clock)
    )


def _open_pypistats(settings: Settings, table: "Table | None", now: Now, clock: Clock) -> Catalogue:
    limits = settings.upstream_per_second, settings.upstream_per_minute
    history = _open_history(settings)
    if table is None:
        source = PypistatsSource(settings, lambda _: RateLimit(*limits, clock), now)
        return Catalogue(settings, source, None, now, history)
    # Imported only when needed: the DynamoDB client would slow down a cold start without a table.
    from pulse_io.sources.shared_rate_limit import SharedRateLimit  # noqa: PLC0415 - see above
    from pulse_io.store.rows import RowStore  # noqa: PLC0415 - see above

    source = PypistatsSource(
        settings, lambda endpoint: SharedRateLimit(table, endpoint, *limits, clock), now
    )
    rows = RowStore(table, lease_s(settings), clock)
    return Catalogue(settings, source, rows, now, history)


def _open_clickhouse(
    settings: Settings, url: str, table: "Table | None", now: Now, clock: Clock
) -> Catalogue:
    from pulse_io.sources.clickhouse import ClickHouseSource  # noqa: PLC0415 - only if it is on
    from pulse_io.sources.clickhouse_server import ClickHouseServer  # noqa: PLC0415 - as above
    from pulse_io.sources.local_queue import LocalQueue  # noqa: PLC0415 - as above

    server, per_hour = ClickHouseServer(url, settings, now), settings.clickhouse_per_hour
    if table is None:
        source = ClickHouseSource(server, LocalQueue(per_hour, clock), None, now)
        return Catalogue(settings, source, None, now)
    from pulse_io.sources.shared_queue import SharedQueue  # noqa: PLC0415 - as above
    from pulse_io.store.rows import RowStore  # noqa: PLC0415 - as above

    rows = RowStore(table, lease_s(settings), clock)
    source = ClickHouseSource(server, SharedQueue(table, per_hour, clock), rows, now)
    return Catalogue(settings, source, rows, now)


def _open_cache_table(settings: Settings) -> "Table | None":
    if settings.cache_table is None or settings.cache == "off":
        return None
    from pulse_io.store.table import open_table  # noqa: PLC0415 - as above

    return open_table(settings, settings.cache_table)


def _open_history(settings: Settings) -> "HistoryStore | None":
    if settings.history_table is None:
        return None
    from pulse_io.store.history import HistoryStore  # noqa: PLC0415 - as above
    from pulse_io.store.table import open_table  # noqa: PLC0415 - as above

    return HistoryStore(open_table(settings, settings.history_table))


def lease_s(settings: Settings) -> float:
    """Seconds that a lease lasts: a call may start at the deadline, and its answer is stored after it."""
    return settings.deadline_s + settings.upstream_timeout_s + LEASE_MARGIN_S
