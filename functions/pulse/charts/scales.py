"""Axes: which values and days have a tick, and where a value lies."""

import datetime as dt
import math
from collections.abc import Callable, Iterable, Iterator
from typing import Final, NamedTuple

from pulse.daily_counts import DAY
from pulse.svg_text import abbreviated

MOST_LABELS: Final = 12
"""Labels on an axis."""

_NICE: Final = (1, 2, 5, 10)
_DAY_STEPS: Final = (1, 2)
_WEEK_STEPS: Final = (1, 2)
_LONGEST_IN_WEEKS: Final = 70
_MONTH_STEPS: Final = (1, 2, 3, 6, 12, 24, 60, 120, 240, 600, 1200, 6000, 12_000, 60_000)
_YEAR: Final = 12
_MONTHS: Final = (
    *("Jan", "Feb", "Mar", "Apr", "May", "Jun"),
    *("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
)


LEAST_LOG: Final = 1e-6
"""The least value on a logarithmic axis; powers of ten end before floats do."""


class Tick(NamedTuple):
    """A place on an axis: a value, or a number of days since the first one."""

    place: float
    label: str


class Axis(NamedTuple):
    """The vertical axis. `share_of` is where a value lies between bottom (0) and top (1)."""

    ticks: list[Tick]
    share_of: Callable[[float], float]


def linear_axis(values: Iterable[float], most_ticks: int, *, whole: bool = True) -> Axis:
    """An axis from zero."""
    top = max(values, default=0)
    return _between(0, max(top, 1 if whole else 0), most_ticks, least_step=1 if whole else 0)


def index_axis(values: Iterable[float], most_ticks: int) -> Axis:
    """An axis around 100; it need not begin at zero."""
    found = [*values, 100]
    low, high = min(found), max(found)
    return _between(low, max(high, low + 10), most_ticks, least_step=1)


def share_axis() -> Axis:
    """An axis from 0 to 100 percent; the values are from 0 to 1."""
    return Axis(
        [Tick(part / 100, f"{part}%") for part in (0, 25, 50, 75, 100)], lambda value: value
    )


def log_axis(values: Iterable[float], most_ticks: int) -> Axis:
    """A logarithmic axis of positive values: whole powers of ten, or 1, 2 and 5 times these."""
    found = [max(value, LEAST_LOG) for value in values if value > 0] or [1]
    low, high = min(found), max(found)
    powers = range(math.floor(math.log10(low)) - 1, math.ceil(math.log10(high)) + 2)
    fine = [factor * 10.0**power for power in powers for factor in (1, 2, 5)]
    first = max((place for place in fine if place <= low), default=fine[0])
    last = min((place for place in fine if place >= high and place > first), default=fine[-1])
    ticks = [place for place in fine if first <= place <= last]
    if len(ticks) > most_ticks:
        ticks = [10.0**power for power in powers if first <= 10.0**power <= last]
        ticks = ticks[:: math.ceil(len(ticks) / most_ticks)]
    bottom, span = math.log10(first), math.log10(last) - math.log10(first)
    return Axis(
        [Tick(place, abbreviated(place)) for place in ticks],
        lambda value: (math.log10(value) - bottom) / span,
    )


def _between(low: float, high: float, most_ticks: int, *, least_step: float) -> Axis:
    step = max(_nice_step((high - low) / max(1, most_ticks - 1)), least_step)
    first, last = math.floor(low / step), math.ceil(high / step)
    top = last * step
    if top - high > step / 3:  # the uppermost tick would leave too much empty
        last, top = last - 1, high + step / 20
    bottom = first * step
    return Axis(
        [Tick(number * step, abbreviated(number * step)) for number in range(first, last + 1)],
        lambda value: (value - bottom) / (top - bottom),
    )


def _nice_step(least: float) -> float:
    """The smallest round number that is at least that."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(factor * power for factor in _NICE if factor * power >= least * (1 - 1e-9))


def day_ticks(first: dt.date, length: int, most: int) -> list[Tick]:
    """Days, Mondays, or the first days of months, at most `most` of them."""
    last = first + (length - 1) * DAY
    most = max(1, min(most, MOST_LABELS))
    for step in _DAY_STEPS:
        if math.ceil(length / step) <= most:
            return [_day_tick(first, place) for place in range(0, length, step)]
    monday = -first.weekday() % 7
    for step in _WEEK_STEPS if length <= _LONGEST_IN_WEEKS else ():
        places = range(monday, length, 7 * step)
        if len(places) <= most:
            return [_day_tick(first, place) for place in places]
    for step in _MONTH_STEPS:
        months = list(_months(first, last, step))
        if len(months) <= most:
            break
    return [
        Tick((month - first).days, _month_label(month, step, is_first=number == 0))
        for number, month in enumerate(months)
    ]


def _day_tick(first: dt.date, place: int) -> Tick:
    day = first + place * DAY
    return Tick(place, f"{day.day} {_name(day)}")


def _months(first: dt.date, last: dt.date, step: int) -> Iterator[dt.date]:
    """The first days of every `step`-th month within the range."""
    begin = first.year * _YEAR + first.month - (1 if first.day == 1 else 0)
    end = last.year * _YEAR + last.month - 1
    for number in range(begin, end + 1):
        if number % step == 0:
            yield dt.date(number // _YEAR, number % _YEAR + 1, 1)


def _month_label(month: dt.date, step: int, *, is_first: bool) -> str:
    if step % _YEAR == 0:
        return str(month.year)
    return f"{_name(month)} {month.year}" if is_first or month.month == 1 else _name(month)


def _name(day: dt.date) -> str:
    """The month's name: `strftime` has that of the server's language."""
    return _MONTHS[day.month - 1]


def day_label(day: dt.date) -> str:
    """A day, as in 21 Nov 2026."""
    return f"{day.day} {_name(day)} {day.year}"
