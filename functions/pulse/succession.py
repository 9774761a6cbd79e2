"""Whether an answer may take the place of the one that is held.

Upstream has lost most of a package's rows for hours before now. Rows that were there yesterday, for
days that its window still covers, do not vanish by themselves.
"""

import datetime as dt
from typing import Final

from pulse.freshness import window_expected
from pulse.models import FetchedRows

BELIEVED_AFTER: Final = dt.timedelta(days=7)
"""An answer that is still the same after so long is no accident of upstream's."""

LEAST_SHARE: Final = 0.5
"""The part of the rows that must still be there, of those that upstream's window still covers."""


def may_succeed(held: FetchedRows, content: FetchedRows | None, now: dt.datetime) -> bool:
    """Whether `content`, fetched `now`, is believed in the place of the rows that are held.

    None stands for an unknown package. What is suddenly empty or far shorter is not believed, until
    a week after the held rows were fetched.
    """
    if now - held.fetched_at >= BELIEVED_AFTER:
        return True
    first, _ = window_expected(now)
    expected = {(row.category, row.date) for row in held.rows if row.date >= first}
    there = {(row.category, row.date) for row in content.rows} if content else set()
    return len(expected & there) >= LEAST_SHARE * len(expected)
