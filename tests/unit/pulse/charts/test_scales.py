"""Axes of charts."""

import datetime as dt
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulse.charts.scales import (
    LEAST_LOG,
    MOST_LABELS,
    Axis,
    day_ticks,
    index_axis,
    linear_axis,
    log_axis,
)

VALUES = st.lists(st.integers(0, 2**63 - 1) | st.floats(0, 1e12), max_size=20)
MOST_TICKS = st.integers(4, 8)


def check(axis: Axis, values: list[float]) -> None:
    """All values and ticks lie on the axis, and the ticks rise."""
    for value in [*values, *(tick.place for tick in axis.ticks)]:
        assert -1e-9 <= axis.share_of(value) <= 1 + 1e-9
    places = [tick.place for tick in axis.ticks]
    assert places == sorted(set(places))
    assert 1 <= len(places) <= MOST_LABELS


@given(VALUES, MOST_TICKS)
def test_linear_axis_begins_at_zero(values: list[float], most: int) -> None:
    axis = linear_axis(values, most)
    check(axis, values)
    assert axis.ticks[0].label == "0"
    assert axis.share_of(0) == 0


@given(VALUES, MOST_TICKS)
def test_log_axis_holds_positive_values(values: list[float], most: int) -> None:
    axis = log_axis(values, most)
    check(axis, [value for value in values if value >= LEAST_LOG])


@given(st.lists(st.floats(0, 1e9), max_size=20), MOST_TICKS)
def test_index_axis_holds_100(values: list[float], most: int) -> None:
    axis = index_axis(values, most)
    check(axis, [*values, 100])


def test_log_steps_are_alike() -> None:
    axis = log_axis([10, 1_000], 4)
    steps = [axis.share_of(value) for value in (10, 100, 1_000)]
    assert steps[1] - steps[0] == pytest.approx(steps[2] - steps[1])


@pytest.mark.parametrize(
    ("first", "length", "labels"),
    [
        (dt.date(2026, 11, 18), 4, ["18 Nov", "19 Nov", "20 Nov", "21 Nov"]),
        (dt.date(2026, 11, 1), 21, ["2 Nov", "9 Nov", "16 Nov"]),
        (dt.date(2026, 10, 25), 90, ["Nov 2026", "Dec", "Jan 2027"]),
        (dt.date(2026, 5, 25), 181, ["Jun 2026", "Jul", "Aug", "Sep", "Oct", "Nov"]),
        (
            dt.date(2016, 1, 22),
            3_600,
            ["2017", "2018", "2019", "2020", "2021", "2022", "2023", "2024", "2025"],
        ),
    ],
)
def test_days_have_round_labels(first: dt.date, length: int, labels: list[str]) -> None:
    assert [tick.label for tick in day_ticks(first, length, 9)] == labels


@given(st.dates(), st.integers(1, 20_000), st.integers(0, 30))
def test_any_range_has_few_ticks(first: dt.date, length: int, most: int) -> None:
    length = min(length, (dt.date.max - first).days + 1)
    ticks = day_ticks(first, length, most)
    assert len(ticks) <= min(max(most, 1), MOST_LABELS)
    assert all(0 <= tick.place < length and not math.isnan(tick.place) for tick in ticks)
