"""Numbers, dates and lists as people read them."""

import datetime as dt

import pytest

from fastapi_app.pages import words


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (0.0145, "+1.5%"),
        (-0.2, "-20.0%"),
        (0.0, "0.0%"),
        (-0.0004, "0.0%"),
        (12.5, "+1,250%"),
    ],
)
def test_growth(value: float | None, text: str) -> None:
    assert words.growth(value) == text


@pytest.mark.parametrize(
    ("names", "text"), [([], ""), (["a"], "a"), (["a", "b"], "a and b"), ([*"abc"], "a, b and c")]
)
def test_listed(names: list[str], text: str) -> None:
    assert words.listed(names) == text


def test_days_in_a_row_are_one() -> None:
    days = [dt.date(2026, 10, day) for day in (3, 5, 6, 7, 31)] + [dt.date(2026, 11, 1)]
    assert words.days_listed(days) == (
        "3 Oct 2026, 5 Oct 2026 to 7 Oct 2026, 31 Oct 2026 to 1 Nov 2026"
    )


def test_moment_is_utc() -> None:
    east = dt.timezone(dt.timedelta(hours=9))
    assert words.moment(dt.datetime(2026, 11, 22, 7, 5, tzinfo=east)) == "21 Nov 2026, 22:05 UTC"
