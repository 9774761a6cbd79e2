"""Whether an answer is believed in the place of the one that is held.

Upstream has lost most of a package's rows for hours before now. Rows that were there yesterday, for
days that its window still covers, do not vanish by themselves.
"""

import datetime as dt
from typing import Final

from pulse.daily_counts import DailyCounts
from pulse.freshness import window_expected

BELIEVED_AFTER: Final = dt.timedelta(days=7)
"""An answer that is still the same after this time is no accident of upstream's."""

LEAST_SHARE: Final = 0.5
"""The share of the rows that must still be there, of those that upstream's window still covers."""


def is_plausible(held: DailyCounts, new: DailyCounts | None, now: dt.datetime) -> bool:
    """Whether `new`, fetched `now`, is believed in the place of the counts that are held.

    None stands for an unknown package. What is suddenly empty or far shorter is not believed, until
    a week after the held counts were fetched.
    """
    if now - held.fetched_at >= BELIEVED_AFTER:
        return True
    first, _ = window_expected(now)
    expected = {(category, day) for category, day, _ in held.rows() if day >= first}
    there = {(category, day) for category, day, _ in new.rows()} if new else set()
    return len(expected & there) >= LEAST_SHARE * len(expected)
