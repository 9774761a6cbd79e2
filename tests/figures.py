"""`PackageStats` from raw rows by plain arithmetic, independent of the code under test."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pytest


def expected_stats(
    package: str, rows: Sequence[dict[str, Any]], as_of: date, *, mirrors: bool
) -> dict[str, Any]:
    """The stats of `overall` rows of the fake pypistats, by the definitions in docs/api.md.

    Without `fetched_at`, which does not depend on the rows.
    """
    category = "with_mirrors" if mirrors else "without_mirrors"
    counts = {r["date"]: r["downloads"] for r in rows if r["category"] == category}
    first, latest = min(counts), max(counts)
    days = [
        (as_of - timedelta(days=ago)).isoformat()
        for ago in range((as_of - date.fromisoformat(first)).days + 1)
    ]
    newest_first = [counts.get(day, 0) for day in days]
    steady = len(counts) >= 0.9 * len(days)
    pairs = [
        (newest_first[ago], newest_first[ago + 7])
        for ago in range(7)
        if len(days) >= 14 and (not steady or (days[ago] in counts and days[ago + 7] in counts))
    ]
    this_week, week_before = sum(later for later, _ in pairs), sum(before for _, before in pairs)
    return {
        "package": package,
        "total_downloads": sum(newest_first),
        "latest_date": latest,
        "first_date": first,
        "as_of": as_of.isoformat(),
        "last_day": newest_first[0],
        "last_week": sum(newest_first[:7]),
        "last_month": sum(newest_first[:30]),
        "weekly_growth": pytest.approx(this_week / week_before - 1) if week_before else None,
        "missing_dates": sorted(set(days) - set(counts)),
        "mirrors": mirrors,
        "source": "simulated",
        "stale": False,
    }
