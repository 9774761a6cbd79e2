"""Rejects new counts that have lost most of their rows.

Upstream sometimes loses most of a package's rows for hours. Rows for days that its window still covers do
not vanish legitimately.
"""

import datetime as dt
from typing import Final

from pulse.daily_counts import DailyCounts
from pulse.freshness import window_expected

ACCEPTED_AFTER: Final = dt.timedelta(days=7)
"""If the rows are still gone after this time, their loss is accepted."""

MIN_SHARE: Final = 0.5
"""The share of the held rows within upstream's window that a plausible answer must still have."""


def is_plausible(held: DailyCounts, new: DailyCounts | None, now: dt.datetime) -> bool:
    """Whether `new`, fetched at `now`, may replace the held counts.

    `new` is None for an unknown package. Counts that lost most rows are implausible until a week
    after the held counts were fetched.
    """
    if now - held.fetched_at >= ACCEPTED_AFTER:
        return True
    first, _ = window_expected(now)
    expected = {(category, day) for category, day, _ in held.rows() if day >= first}
    present = {(category, day) for category, day, _ in new.rows()} if new else set()
    return len(expected & present) >= MIN_SHARE * len(expected)
