"""Determines `as_of`: the newest day that pypistats.org has loaded, the same for all packages.

If a package's rows end with the newest expected day, `as_of` is that day. Otherwise either the package had
no downloads on that day, or upstream has not loaded it or has lost it. The rows of `__all__` tell which; if
they lack the day too, upstream's own sums of `__all__` do.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from pulse.daily_counts import DAY, Counts, DailyCounts, Source
from pulse.freshness import fresh_until, newest_expected
from pulse.models import RecentDownloads
from pulse.stats import MONTH_DAYS, WEEK_DAYS

GUESS_KEPT_FOR: Final = dt.timedelta(seconds=10)
"""How long a guessed `as_of` is kept that is more than a day behind."""

SAME_TIME: Final = dt.timedelta(seconds=10)
"""Counts and the counts of `__all__` fetched within this time count as simultaneous."""


def own_as_of(
    first: dt.date, counts: Mapping[str, Counts], source: Source, fetched_at: dt.datetime
) -> DailyCounts:
    """Counts with the `as_of` that their own rows show; `is_known` tells whether it is final.

    If the last day may be half loaded, the day before is used. Without rows, `as_of` is the day before the
    newest expected day.
    """
    undated = DailyCounts(first, counts, source, fetched_at, dt.date.min, fetched_at)
    if not counts:
        as_of = newest_expected(fetched_at) - DAY
    elif _may_be_half_loaded(undated, undated.last):
        as_of = undated.last - DAY
    else:
        as_of = undated.last
    return replace(undated, as_of=as_of, fresh_until=fresh_until(as_of, fetched_at))


def _may_be_half_loaded(counts: DailyCounts, day: dt.date) -> bool:
    """Whether a day lacks a category that the day before has, or has downloads by mirrors alone."""
    categories = counts.categories_on(day)
    return categories == {"with_mirrors"} or not counts.categories_on(day - DAY) <= categories


def is_known(counts: DailyCounts) -> bool:
    """Whether `as_of` is the newest expected day, so that no other counts are needed to confirm it."""
    return counts.as_of >= newest_expected(counts.fetched_at)


def with_all(
    counts: DailyCounts, everything: DailyCounts | None, now: dt.datetime, seen: dt.date | None
) -> DailyCounts:
    """Counts with the `as_of` that `everything`, the counts of `__all__`, shows.

    If the newest expected day is loaded, a package without a row on it is complete, and its counts are
    fresh until the next load. If `everything` is None, `as_of` is a guess: the later of `seen` (the newest
    day known to be loaded) and the day that the package's own rows show; without both, the newest
    expected day. A guess is kept as long as counts of a late day, so that the package is not called
    again for it; one that is more than a day behind is kept for `GUESS_KEPT_FOR`.
    """
    expected = newest_expected(counts.fetched_at)
    own = {counts.as_of} if counts.counts else set()  # counts without rows show no day
    if everything is None:
        guess = max(own | ({min(seen, expected)} if seen else set()), default=expected)
        if guess >= expected - DAY:
            return replace(counts, as_of=guess)
        return replace(
            counts, as_of=guess, fresh_until=min(counts.fresh_until, now + GUESS_KEPT_FOR)
        )
    if everything.as_of < expected:
        return replace(counts, as_of=max(own | {everything.as_of}))
    if everything.fetched_at <= counts.fetched_at + SAME_TIME:
        until = fresh_until(expected, counts.fetched_at)
        return replace(counts, as_of=expected, fresh_until=until)
    # The expected day may have been loaded after these rows were fetched.
    return replace(counts, as_of=max(own | {expected - DAY}))


def needs_recent(everything: DailyCounts) -> bool:
    """Whether the `as_of` of `__all__` needs upstream's own sums: a whole expected day is missing."""
    return not is_known(everything) and everything.as_of == everything.last


def with_recent(everything: DailyCounts, recent: RecentDownloads) -> DailyCounts:
    """The counts of `__all__` as of the last day of upstream's sums; a lost day counts 0.

    Upstream's sums don't move until it loads the next day.
    """
    days = everything.overall(mirrors=False)
    expected = newest_expected(everything.fetched_at)
    sums = (recent.last_day, recent.last_week, recent.last_month)
    spans = (1, WEEK_DAYS, MONTH_DAYS)
    later = (expected - number * DAY for number in range((expected - everything.as_of).days))
    as_of = next(
        (day for day in later if sums == tuple(days.until(day, span) for span in spans)),
        everything.as_of,
    )
    return replace(everything, as_of=as_of, fresh_until=fresh_until(as_of, everything.fetched_at))
