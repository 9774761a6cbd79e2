"""Merging fetches into history."""

import datetime as dt
from collections.abc import Mapping, Sequence
from random import Random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pulse.daily_counts import DAY, DailyCounts
from pulse.freshness import window_expected
from pulse.history import (
    Cell,
    Cells,
    Filled,
    Head,
    as_cells,
    as_counts,
    fill,
    first_day,
    joined,
    merge,
    months,
)
from tests.counts import NOON, counts_of, day

CATEGORIES = ("with_mirrors", "without_mirrors")
Rows = Mapping[tuple[str, dt.date], int]

CELLS = st.tuples(st.sampled_from(CATEGORIES), st.integers(0, 200).map(day))
ROWS = st.dictionaries(CELLS, st.integers(0, 3), max_size=8)


def fetch(rows: Rows, seconds: int) -> DailyCounts:
    """What a fetch got so many seconds after `NOON`: those of the rows that are in upstream's window."""
    at = NOON + dt.timedelta(seconds=seconds)
    first, last = window_expected(at)
    return counts_of(
        {cell: count for cell, count in rows.items() if first <= cell[1] <= last}, fetched_at=at
    )


class Kept:
    """History as the table keeps it, and what merges said about it."""

    def __init__(self) -> None:
        self.head: Head | None = None
        self.cells: dict[Cell, int] = {}
        self.corrections = 0

    def merge(self, fetched: DailyCounts) -> None:
        since = first_day(fetched).replace(day=1)
        read = {cell: count for cell, count in self.cells.items() if cell.day >= since}
        merged = merge(self.head, read, fetched)
        self.head = merged.head
        self.cells |= merged.changed
        self.corrections += merged.corrections

    def fill(self, rows: Rows, *, overwrite: bool = False) -> Filled:
        imported: Cells = {Cell(*cell): count for cell, count in rows.items()}
        filled = fill(self.head, self.cells, imported, overwrite=overwrite)
        self.head = filled.head
        self.cells |= filled.changed
        return filled


def history_of(fetches: Sequence[DailyCounts]) -> Kept:
    kept = Kept()
    for fetched in fetches:
        kept.merge(fetched)
    return kept


@given(st.lists(ROWS, min_size=1, max_size=5), st.randoms(use_true_random=False), st.integers(0, 3))
def test_any_order_gives_what_upstream_last_returned(
    states: list[Rows], random: Random, repeats: int
) -> None:
    """One fetch each quarter of an hour; some are merged again."""
    fetches = [fetch(rows, 900 * number) for number, rows in enumerate(states)]
    expected: dict[Cell, int] = {}
    for one in fetches:
        expected |= as_cells(one.first, one.counts)
    merged = [*fetches, *random.choices(fetches, k=repeats)]
    random.shuffle(merged)
    assert history_of(merged).cells == expected


def test_day_that_upstream_lost_or_dropped_stays() -> None:
    kept = history_of(
        [
            fetch({("with_mirrors", day(180)): 1, ("with_mirrors", day(3)): 7}, 0),
            fetch({("with_mirrors", day(-1)): 2}, 86_400),
        ]
    )
    assert sorted(kept.cells.values()) == [1, 2, 7]
    assert kept.corrections == 0


def test_correction_wins_and_is_counted() -> None:
    first = {("with_mirrors", day(1)): 5, ("without_mirrors", day(1)): 4}
    kept = history_of([fetch(first, 0), fetch({**first, ("with_mirrors", day(1)): 6}, 60)])
    assert kept.cells == {Cell("with_mirrors", day(1)): 6, Cell("without_mirrors", day(1)): 4}
    assert kept.corrections == 1


def test_late_fetch_changes_nothing_that_a_newer_one_returned() -> None:
    """A value that was the same before and after the late fetch, too."""
    cell = ("with_mirrors", day(1))
    first, late, newer = (fetch({cell: count}, 60 * n) for n, count in enumerate((1, 9, 1)))
    assert history_of([first, newer, late]).cells == {Cell(*cell): 1}


def test_repeated_merge_writes_nothing() -> None:
    rows = {("with_mirrors", day(number)): number for number in range(60)}
    once = fetch(rows, 0)
    head, changed, _ = merge(None, {}, once)
    assert merge(head, changed, once) == (head, {}, 0)
    assert months(changed) == {dt.date(2026, 9, 1), dt.date(2026, 10, 1), dt.date(2026, 11, 1)}


def test_clock_that_was_ahead_does_not_keep_out_later_fetches() -> None:
    cell = ("with_mirrors", day(1))
    ahead = fetch({cell: 1}, 3 * 86_400)
    assert history_of([ahead, fetch({cell: 2}, 60)]).cells == {Cell(*cell): 2}


@given(
    st.lists(ROWS, min_size=1, max_size=5),
    st.lists(ROWS, max_size=3),
    st.randoms(use_true_random=False),
)
@example([{}], [{("with_mirrors", day(1)): 1}], Random(0))  # noqa: S311 - not a secret
def test_imports_fill_what_no_fetch_has_in_any_order(
    states: list[Rows], imports: list[Rows], random: Random
) -> None:
    fetches = [fetch(rows, 900 * number) for number, rows in enumerate(states)]
    fetched: dict[Cell, int] = {}
    for one in fetches:
        fetched |= as_cells(one.first, one.counts)
    events: list[DailyCounts | Rows] = [*fetches, *imports]
    random.shuffle(events)
    imported: dict[Cell, int] = {}
    kept = Kept()
    for event in events:
        if isinstance(event, DailyCounts):
            kept.merge(event)
        else:
            kept.fill(event)
            imported = {Cell(*cell): count for cell, count in event.items()} | imported
    assert kept.cells == {**imported, **fetched}


def test_import_is_no_fetch() -> None:
    """The head's time stays, and a fetch of the day is no correction."""
    kept = history_of([fetch({("with_mirrors", day(1)): 5}, 0)])
    assert kept.head
    fetched_ms = kept.head.fetched_ms
    filled = kept.fill({("with_mirrors", day(1)): 6, ("with_mirrors", day(2)): 7})
    assert filled.changed == {Cell("with_mirrors", day(2)): 7}
    assert (filled.new, filled.same, filled.different) == (1, 0, 1)
    assert kept.head.fetched_ms == fetched_ms
    kept.merge(fetch({("with_mirrors", day(1)): 5, ("with_mirrors", day(2)): 8}, -60))
    assert kept.cells == {Cell("with_mirrors", day(1)): 5, Cell("with_mirrors", day(2)): 8}
    assert kept.corrections == 0
    kept.merge(fetch({("with_mirrors", day(2)): 9}, 60))
    assert kept.corrections == 1


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize("seconds", [None, 0])
def test_repeated_import_changes_nothing(*, overwrite: bool, seconds: int | None) -> None:
    kept = history_of([] if seconds is None else [fetch({("with_mirrors", day(1)): 5}, seconds)])
    rows = {("with_mirrors", day(number)): number for number in range(1, 400)}
    kept.fill(rows, overwrite=overwrite)
    head = kept.head
    again = kept.fill(rows, overwrite=overwrite)
    assert (again.head, again.changed) == (head, {})


def test_overwriting_import_lasts_until_the_next_fetch() -> None:
    old, recent = ("with_mirrors", day(300)), ("with_mirrors", day(1))
    kept = history_of([fetch({recent: 5}, 0)])
    kept.fill({old: 1})
    filled = kept.fill({old: 2, recent: 6}, overwrite=True)
    assert (filled.new, filled.same, filled.different) == (0, 0, 2)
    assert kept.cells == {Cell(*old): 2, Cell(*recent): 6}
    kept.merge(fetch({recent: 7}, 60))
    assert kept.cells == {Cell(*old): 2, Cell(*recent): 7}


def test_old_imports_do_not_burden_the_head() -> None:
    kept = history_of([fetch({("with_mirrors", day(1)): 5}, 0)])
    kept.fill({("with_mirrors", day(number)): 1 for number in range(190, 4000)})
    assert kept.head
    assert kept.head.lacked == {}


@given(ROWS, ROWS)
def test_joined_counts_are_the_source_s_where_it_has_them(kept: Rows, current: Rows) -> None:
    counts = fetch(current, 0)
    past = {Cell(*cell): count for cell, count in kept.items()}
    both = joined(counts, past, dt.date.min)
    own = as_cells(counts.first, counts.counts)
    assert as_cells(both.first, both.counts) == {
        **{cell: count for cell, count in past.items() if cell.day <= counts.as_of},
        **own,
    }
    assert len({len(days) for days in both.counts.values()}) <= 1


@pytest.mark.parametrize(
    ("first", "begins", "kept"),
    [
        (day(300), day(250), [7, *[None] * 49, 8]),
        (day(250), day(250), [7, *[None] * 49, 8]),
        (day(202), day(202), [None, None, 8]),
        (day(199), day(199), []),
        (day(1), day(2), []),
    ],
    ids=["before all", "the first kept day", "a day without a row", "no kept day", "own days stay"],
)
def test_days_are_kept_from_the_first_on(
    first: dt.date, begins: dt.date, kept: list[int | None]
) -> None:
    """With or without a row: a start cuts kept days off, not the counts' own ones."""
    past = {Cell("with_mirrors", day(250)): 7, Cell("with_mirrors", day(200)): 8}
    own = counts_of({"with_mirrors": {day(2): 1, day(0): 3}})
    both = joined(own, past, first)
    assert both.first == begins
    between = (day(2) - begins).days - len(kept)
    assert both.counts == {"with_mirrors": [*kept, *[None] * between, 1, None, 3]}


@given(ROWS.filter(bool))
@example({("with_mirrors", day(3)): 0})
def test_cells_survive_their_lists(rows: Rows) -> None:
    cells = {Cell(*cell): count for cell, count in rows.items()}
    first, counts = as_counts(cells)
    assert as_cells(first, counts) == cells


def test_400_days(request: pytest.FixtureRequest) -> None:
    """Daily visits over late loads, lost days, corrections, and two weeks without an answer.

    Each kept day has the counts that upstream last returned for it.
    """
    random = Random(int(request.config.option.hypothesis_seed))  # noqa: S311 - not a secret
    upstream: dict[Cell, int] = {}
    returned: dict[Cell, int] = {}
    kept = Kept()
    for number in range(400):
        today = NOON + number * DAY
        if random.random() > 0.1:  # else the load is late, and comes with the next day's
            days = [(today - ago * DAY).date() for ago in (2, 1)]
            upstream |= {
                Cell(name, date): random.randrange(100) for date in days for name in CATEGORIES
            }
        for cell in random.sample(sorted(upstream), min(2, len(upstream))):
            if random.random() < 0.5:
                del upstream[cell]
            else:
                upstream[cell] += 1
        if not 200 <= number < 214:
            rows = {(name, date): count for (name, date), count in upstream.items()}
            fetched = fetch(rows, 86_400 * number)
            returned |= as_cells(fetched.first, fetched.counts)
            kept.merge(fetched)
    assert kept.cells == returned
    assert kept.corrections > 0
    assert min(cell.day for cell in kept.cells) <= NOON.date()
