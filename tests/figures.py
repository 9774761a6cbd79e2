"""`PackageStats` worked out from raw rows by plain arithmetic, apart from the code under test."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pytest


def expected_stats(
    package: str, rows: Sequence[dict[str, Any]], *, mirrors: bool
) -> dict[str, Any]:
    """What docs/api.md's definitions give for the `overall` rows of the stand-in.

    Without `fetched_at`, which does not depend on the rows.
    """
    category = "with_mirrors" if mirrors else "without_mirrors"
    counts = {r["date"]: r["downloads"] for r in rows if r["category"] == category}
    first, latest = min(counts), max(counts)
    newest = date.fromisoformat(latest)
    days = [
        (newest - timedelta(days=ago)).isoformat()
        for ago in range((newest - date.fromisoformat(first)).days + 1)
    ]
    newest_first = [counts.get(day, 0) for day in days]
    this_week, week_before = sum(newest_first[:7]), sum(newest_first[7:14])
    whole = len(newest_first) >= 14
    return {
        "package": package,
        "total_downloads": sum(newest_first),
        "latest_date": latest,
        "first_date": first,
        "last_day": newest_first[0],
        "last_week": this_week,
        "last_month": sum(newest_first[:30]),
        "weekly_growth": (
            pytest.approx(this_week / week_before - 1) if whole and week_before else None
        ),
        "missing_dates": sorted(set(days) - set(counts)),
        "mirrors": mirrors,
        "source": "simulated",
        "stale": False,
    }
