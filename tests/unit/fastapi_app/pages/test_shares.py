"""How downloads are split by category."""

import datetime as dt

import pytest

from fastapi_app.pages.shares import share_rows
from pulse.daily_counts import DailyCounts
from pulse.problems import UpstreamTooSlow

AS_OF = dt.date(2026, 11, 21)
NOON = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)


def counts(**categories: int) -> DailyCounts:
    """One row for each category, on the newest day; `v3_9` is 3.9."""
    return DailyCounts(
        first=AS_OF,
        counts={name.replace("v", "").replace("_", "."): [n] for name, n in categories.items()},
        source="simulated",
        fetched_at=NOON,
        as_of=AS_OF,
        fresh_until=NOON,
    )


def test_newest_version_is_first_and_unknown_ones_last() -> None:
    rows = share_rows([counts(v3_9=40, v3_12=30, null=30)], AS_OF)
    assert [row.label for row in rows] == ["3.12", "3.9", "unknown"]
    assert [row.shares for row in rows] == [[0.3], [0.4], [0.3]]


def test_largest_system_is_first() -> None:
    packages = [counts(Darwin=10, Linux=90), counts(Darwin=20, Linux=60, Windows=20)]
    rows = share_rows(packages, AS_OF)
    assert [row.label for row in rows] == ["Linux", "macOS", "Windows"]
    assert rows[2].shares == [0, 0.2]


def test_small_categories_are_summed_up() -> None:
    rows = share_rows([counts(v3_12=990, v3_3=5, v3_4=5)], AS_OF)
    assert [row.label for row in rows] == ["3.12", "other"]
    assert list(rows[1].shares) == pytest.approx([0.01])


def test_every_column_adds_up() -> None:
    rows = share_rows([counts(v3_1=3, v3_2=995, null=1, other=1), counts(v2_7=7)], AS_OF)
    for column in zip(*(row.shares for row in rows), strict=True):
        assert sum(share or 0 for share in column) == pytest.approx(1, abs=0.002)


def test_unknown_share_is_not_zero() -> None:
    rows = share_rows([UpstreamTooSlow(), counts(v3_12=1), counts(v3_12=0)], AS_OF)
    assert [row.shares for row in rows] == [[None, 1, None]]


def test_nothing_has_no_rows() -> None:
    assert share_rows([counts(), UpstreamTooSlow()], AS_OF) == []


def test_days_before_the_range_do_not_count() -> None:
    assert share_rows([counts(v3_12=1)], AS_OF + dt.timedelta(days=1)) == []
