"""Numbers and tables as Markdown."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:  # it imports pandas
    from .significance import Ratio

NOTHING: Final = "-"
_DIGITS: Final = 3


def number(value: float) -> str:
    """Three significant digits, and all digits before the point: 12,345 · 232 · 9.67 · 0.055."""
    if value == 0:
        return "0"
    rounded = float(f"{value:.{_DIGITS}g}")
    if abs(value) >= 10**_DIGITS:
        return f"{value:,.0f}"
    decimals = max(0, _DIGITS - 1 - int(f"{rounded:e}".partition("e")[2]))
    return f"{value:.{decimals}f}"


def ratio(found: "Ratio | None") -> str:
    """The median, with the interval in brackets where there is a spread."""
    if found is None:
        return NOTHING
    median, low, high = (number(one) for one in (found.median, found.low, found.high))
    return median if low == high else f"{median} [{low}…{high}]"


def table(header: Sequence[str], rows: Sequence[Sequence[str]], left: int = 1) -> str:
    """A Markdown table, whose first `left` columns hold text."""
    aligned = ["---"] * left + ["---:"] * (len(header) - left)
    return "\n".join(f"| {' | '.join(row)} |" for row in (header, aligned, *rows))
