"""Numbers, dates and lists as people read them."""

import datetime as dt
from collections.abc import Sequence

from pulse.names import ALL_OF_PYPI, PackageName

NO_VALUE = "–"


def package(name: PackageName) -> str:
    """A package's name, or what `__all__` stands for."""
    return "All of PyPI" if name == ALL_OF_PYPI else name


def number(value: int) -> str:
    """A count in full: `1,234,567`."""
    return f"{value:,}"


def day(date: dt.date) -> str:
    """A date: `25 Nov 2026`."""
    return f"{date.day} {date:%b %Y}"


def moment(time: dt.datetime) -> str:
    """A time: `25 Nov 2026, 07:54 UTC`."""
    utc = time.astimezone(dt.UTC)
    return f"{day(utc.date())}, {utc:%H:%M} UTC"


def growth(value: float | None) -> str:
    """A change: `+1.5%`; a dash if it isn't known. What rounds to zero has no sign."""
    if value is None:
        return NO_VALUE
    if is_level(value):
        return "0.0%"
    return f"{value:+.1%}" if abs(value) < 10 else f"{value:+,.0%}"  # noqa: PLR2004 - a width


def is_level(growth: float) -> bool:
    """Whether a change rounds to zero."""
    return round(growth, 3) == 0


def share(value: float | None) -> str:
    """A share: `12.3%`; a dash if it isn't known."""
    return NO_VALUE if value is None else f"{value:.1%}"


def listed(names: Sequence[str]) -> str:
    """Names in a sentence: `a, b and c`."""
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def days_listed(dates: Sequence[dt.date]) -> str:
    """Days in a row as one: `3 Oct 2026, 5 Oct 2026 to 7 Oct 2026`."""
    runs: list[list[dt.date]] = []
    for date in dates:
        if runs and (date - runs[-1][-1]).days == 1:
            runs[-1].append(date)
        else:
            runs.append([date])
    return ", ".join(
        day(run[0]) if len(run) == 1 else f"{day(run[0])} to {day(run[-1])}" for run in runs
    )
