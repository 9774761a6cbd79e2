"""As of which day counts are: the newest day that pypistats.org has loaded, for all packages alike.

A package's own rows tell it where they end with the newest day that should be there. Otherwise the
package had no downloads on that day, or upstream has not loaded or has lost it. The rows of `__all__`
tell these apart, and where they lack the day too, upstream's own sums of `__all__` do.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from pulse.daily_counts import DAY, Counts, DailyCounts, Source
from pulse.freshness import fresh_until, newest_expected
from pulse.models import RecentDownloads
from pulse.stats import MONTH_DAYS, WEEK_DAYS

HOLD_OFF: Final = dt.timedelta(seconds=10)
"""How long upstream is left alone after a failure, and a guess is kept."""

SAME_TIME: Final = dt.timedelta(seconds=10)
"""Counts and those of `__all__` that were fetched within this count as fetched at the same time."""


def own_as_of(
    first: dt.date, counts: Mapping[str, Counts], source: Source, fetched_at: dt.datetime
) -> DailyCounts:
    """Counts as of the newest day that their own rows tell: `is_known` says whether that is the answer.

    A day on which a category is missing that the day before has is half loaded, or nobody downloaded in
    that category; it is not told by these rows. Without rows, it is a day before the newest expected.
    """
    undated = DailyCounts(first, counts, source, fetched_at, dt.date.min, fetched_at)
    newest = first + (undated.length - 1) * DAY
    if not counts:
        as_of = newest_expected(fetched_at) - DAY
    elif undated.categories_on(newest - DAY) <= undated.categories_on(newest):
        as_of = newest
    else:
        as_of = newest - DAY
    return replace(undated, as_of=as_of, fresh_until=fresh_until(as_of, fetched_at))


def is_known(counts: DailyCounts) -> bool:
    """Whether the day that counts are as of is the newest that should be there."""
    return counts.as_of >= newest_expected(counts.fetched_at)


def with_all(
    counts: DailyCounts, everything: DailyCounts | None, now: dt.datetime, seen: dt.date | None
) -> DailyCounts:
    """Counts as of the newest day that upstream has loaded, by the counts of `__all__`.

    A package without a row on a day that is loaded is complete: its counts are fresh until the next
    load. Without those of `__all__` the day is a guess that holds for ten seconds: `seen`, the newest
    day that upstream is known to have loaded, what the package's own rows tell, or with neither the
    newest day that should be there.
    """
    expected = newest_expected(counts.fetched_at)
    told = {counts.as_of} if counts.counts else set()  # no rows, no day told
    if everything is None:
        guess = max(told | ({min(seen, expected)} if seen else set()), default=expected)
        return replace(counts, as_of=guess, fresh_until=min(counts.fresh_until, now + HOLD_OFF))
    if everything.as_of < expected:
        return replace(counts, as_of=max(told | {everything.as_of}))
    if everything.fetched_at <= counts.fetched_at + SAME_TIME:
        until = fresh_until(expected, counts.fetched_at)
        return replace(counts, as_of=expected, fresh_until=until)
    # The day may have been loaded after these rows were fetched: it is not missing in them.
    return replace(counts, as_of=max(told | {expected - DAY}))


def needs_recent(everything: DailyCounts) -> bool:
    """Whether upstream's own sums are needed to tell what `__all__` is as of: a whole day is missing."""
    newest = everything.first + (everything.length - 1) * DAY
    return not is_known(everything) and everything.as_of == newest


def with_recent(everything: DailyCounts, recent: RecentDownloads) -> DailyCounts:
    """The counts of `__all__` as of the day that upstream's sums end with: a lost day counts 0.

    Upstream does not move its sums on a day on which nothing is loaded.
    """
    days = everything.of("without_mirrors")
    expected = newest_expected(everything.fetched_at)
    sums = (recent.last_day, recent.last_week, recent.last_month)
    spans = (1, WEEK_DAYS, MONTH_DAYS)
    later = (expected - number * DAY for number in range((expected - everything.as_of).days))
    as_of = next(
        (day for day in later if sums == tuple(days.until(day, span) for span in spans)),
        everything.as_of,
    )
    return replace(everything, as_of=as_of, fresh_until=fresh_until(as_of, everything.fetched_at))
