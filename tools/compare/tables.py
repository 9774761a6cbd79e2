"""Tables of what was measured: a row for each variant in each cell."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from . import figures
from .comparisons import REFERENCE, ratio_to_reference
from .figures import Figure
from .limits import LIMIT, multiple_of_limit, part_of_limit
from .measured import MEDIAN, Cell, Measured, Metric
from .samples import Variant
from .spread import summarise


@dataclass(frozen=True, slots=True)
class Column:
    """A metric as a column.

    Attributes:
        title: What stands above it, with the unit.
        metric: The metric.
        percent: Which percentile of a round's values stands for the round. Of the median's column
            all values are summarised, else only the rounds' percentiles.
        unit: What the value is divided by, such as 1,000,000 for MB.
        shows: The median with its quartiles, how often it was so, or every value that there was.
        compared: Whether it is followed by its ratio to the reference's.
        limited: Whether it is followed by its multiple of the physical limit.
    """

    title: str
    metric: Metric
    percent: int = MEDIAN
    unit: float = 1
    shows: Literal["median", "total", "each"] = "median"
    compared: bool = False
    limited: bool = False


@dataclass(frozen=True, slots=True)
class Layout:
    """A table that can be made of samples.

    Attributes:
        name: What it is called in results.json and in docs/comparison.md.
        title: What it is of.
        columns: Its columns after the variant's.
        note: What one must know to read it.
        limit: Where its limit was measured, if that is not where its first column was.
    """

    name: str
    title: str
    columns: tuple[Column, ...]
    note: str = ""
    limit: Metric | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A table as it is printed."""

    name: str
    title: str
    note: str
    header: tuple[str, ...]
    rows: tuple[tuple[Figure, ...], ...]


# What a cell can say, by the attribute of Cell: the column's title, and the words of a note.
KEYS = {
    "memory_mb": ("memory, MB", "memory {} MB"),
    "latency_ms": ("upstream, ms", "upstream holds back every answer for {} ms"),
    "packages": ("packages", "packages per request: {}"),
    "concurrency": ("at once", "at once: {}"),
}


def build(layout: Layout, measured: Measured) -> Table | None:
    """The table, None where nothing of it was measured."""
    metrics = tuple(column.metric for column in layout.columns)
    cells = measured.cells(*metrics)
    if not cells:
        return None
    varied = [key for key in KEYS if len({getattr(cell, key) for cell in cells}) > 1]
    limit = layout.limit or Metric(metrics[0].arena, metrics[0].measure, LIMIT)
    parts = list(_parts(layout, measured, limit if measured.cells(limit) else None))
    rows = [
        tuple(
            [figures.setting(getattr(cell, key)) for key in varied]
            + [Figure(variant)]
            + [make(cell, variant) for _, make in parts]
        )
        for cell in cells
        for variant in measured.variants(cell, *metrics)
    ]
    header = [*(KEYS[key][0] for key in varied), "variant", *(title for title, _ in parts)]
    return finished(layout.name, layout.title, _note(layout, cells[0], varied), header, rows)


def finished(
    name: str, title: str, note: str, header: Sequence[str], rows: Sequence[Sequence[Figure]]
) -> Table:
    """The table, which says of how many rounds its ratios are."""
    rounds = figures.most_rounds(figure for row in rows for figure in row)
    said = " ".join(part for part in (note, figures.sureness(rounds)) if part)
    marked = [tuple(figures.of_fewer(figure, rounds) for figure in row) for row in rows]
    return Table(name, title, said, tuple(header), tuple(marked))


Make = Callable[[Cell, Variant], Figure]


def _parts(layout: Layout, measured: Measured, limit: Metric | None) -> Iterator[tuple[str, Make]]:
    """Every printed column after the variant's: its title, and what fills it."""
    if limit:
        slowest = Column("limit, ms", limit)
        yield slowest.title, lambda cell, variant: _figure(measured, slowest, cell, variant)
    for column in layout.columns:
        yield column.title, _filler(measured, column)
        if limit and column.limited:
            yield "÷ limit", _multiple(measured, column, limit)
        if column.compared:
            yield f"÷ {REFERENCE}", _compared(measured, column)


def _filler(measured: Measured, column: Column) -> Make:
    return lambda cell, variant: _figure(measured, column, cell, variant)


def _multiple(measured: Measured, column: Column, limit: Metric) -> Make:
    def make(cell: Cell, variant: Variant) -> Figure:
        values = measured.by_round(column.metric, cell, variant, column.percent)
        limits = measured.by_round(limit, cell, variant)
        if column.metric.name.endswith("_per_s"):
            found = part_of_limit(values, limits, cell.concurrency or 1)
        else:
            found = multiple_of_limit(values, limits)
        return figures.ratio(found)

    return make


def _compared(measured: Measured, column: Column) -> Make:
    def make(cell: Cell, variant: Variant) -> Figure:
        found = ratio_to_reference(measured, column.metric, cell, variant, column.percent)
        return figures.ratio(found)

    return make


def _figure(measured: Measured, column: Column, cell: Cell, variant: Variant) -> Figure:
    values = measured.values(column.metric, cell, variant)
    if column.percent != MEDIAN:
        values = list(measured.by_round(column.metric, cell, variant, column.percent).values())
    if not values:
        return Figure(figures.NOTHING)
    if column.shows == "total":
        return figures.total_of(values)
    if column.shows == "each":
        return figures.each_of(values)
    return figures.middle(summarise([value / column.unit for value in values]))


def _note(layout: Layout, cell: Cell, varied: list[str]) -> str:
    fixed = [
        words.format(getattr(cell, key))
        for key, (_, words) in KEYS.items()
        if key not in varied and getattr(cell, key) is not None
    ]
    said = f"{', '.join(fixed).capitalize()}." if fixed else ""
    return " ".join(part for part in (said, layout.note) if part)
