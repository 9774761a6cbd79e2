"""A run's folder: `samples.csv`, one line per measured value, and `run.json`, its circumstances."""

import csv
import json
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Final

import pandas as pd

from tools import prices

from .cases import Case
from .plan import DIMENSIONS, Cell

SAMPLES: Final = "samples.csv"
RUN: Final = "run.json"

COLUMNS: Final = (*(field.name for field in fields(Cell)), "variant", "round", "metric", "value")
_DIGITS: Final = 6


class NoResults(Exception):
    """A folder does not hold the results of a run; says why."""


@dataclass(frozen=True, slots=True)
class Results:
    """What a run leaves behind.

    Attributes:
        run: Its circumstances: what `run.json` has.
        samples: A row per measured value, with the columns `COLUMNS`; costs are added to it.
    """

    run: Mapping[str, Any]
    samples: pd.DataFrame

    @property
    def variants(self) -> list[str]:
        """The variants in the order in which they were asked for."""
        return [*self.run["plan"]["variants"]]

    def cells(self, case: Case) -> list[tuple[int | None, ...]]:
        """The values of `DIMENSIONS` for each cell of a case that was measured, sorted."""
        found = _of_case(self.samples, case)[list(DIMENSIONS)].drop_duplicates()
        cells = [tuple(None if pd.isna(v) else int(v) for v in row) for row in found.to_numpy()]
        return sorted(cells, key=lambda cell: [-1 if value is None else value for value in cell])

    def by_variant(self, case: Case, cell: tuple[int | None, ...]) -> dict[str, pd.Series]:
        """The median of each round of one cell, indexed by round, for each variant that was measured."""
        rows = _in_cell(_of_case(self.samples, case), cell)
        medians = rows.groupby(["variant", "round"])["value"].median()
        return {v: medians.loc[v] for v in self.variants if v in medians.index.get_level_values(0)}

    def limit(self, case: Case, cell: tuple[int | None, ...]) -> float | None:
        """The physical limit: the slowest upstream call that was needed, or the rate that it allows."""
        of_measure = self.samples["measure"] == case.measure
        rows = self.samples[of_measure & (self.samples["target"] == case.target)]
        limits = _in_cell(rows[rows["metric"] == "limit_ms"], cell)["value"]
        if case.unit not in {"ms", "requests/s"} or case.metric == "init_ms" or limits.empty:
            return None
        clients = cell[DIMENSIONS.index("clients")] or 1
        limit_ms = float(limits.median())
        return clients * 1000 / limit_ms if case.unit == "requests/s" else limit_ms


def _of_case(samples: pd.DataFrame, case: Case) -> pd.DataFrame:
    chosen = pd.Series(data=True, index=samples.index)
    for column in ("target", "measure", "metric", *DIMENSIONS):
        if (wanted := getattr(case, column)) is not None:
            chosen &= samples[column] == wanted
    return samples[chosen]


def _in_cell(rows: pd.DataFrame, cell: tuple[int | None, ...]) -> pd.DataFrame:
    for column, value in zip(DIMENSIONS, cell, strict=True):
        rows = rows[rows[column].isna() if value is None else rows[column] == value]
    return rows


class Recorder:
    """Appends samples to a run's file as soon as they are measured, so that no interruption loses them."""

    def __init__(self, file: Any) -> None:  # noqa: ANN401 - a text file, whose type is private
        self._file = file
        self._writer = csv.writer(file, lineterminator="\n")
        self._writer.writerow(COLUMNS)

    def record(self, cell: Cell, variant: str, round_: int, metrics: Mapping[str, float]) -> None:
        """Write one line per metric."""
        for metric, value in metrics.items():
            rounded = f"{value:.{_DIGITS}g}"
            self._writer.writerow([*asdict(cell).values(), variant, round_, metric, rounded])
        self._file.flush()


@contextmanager
def recorder(folder: Path) -> Iterator[Recorder]:
    """A recorder into a folder, which is made where it is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / SAMPLES).open("w", encoding="utf-8", newline="") as file:
        yield Recorder(file)


def save_run(folder: Path, run: Mapping[str, Any]) -> None:
    """Write `run.json`."""
    (folder / RUN).write_text(json.dumps(run, indent=2) + "\n", encoding="utf-8")


def load(folder: Path) -> Results:
    """Read a run's folder.

    Raises:
        NoResults: there is no run, or it is of another version.
    """
    try:
        run = json.loads((folder / RUN).read_text(encoding="utf-8"))
        samples = pd.read_csv(folder / SAMPLES)
    except (OSError, ValueError) as error:
        raise NoResults(f"{folder} does not hold a run: {error}") from error
    if list(samples.columns) != [*COLUMNS]:
        raise NoResults(f"{folder / SAMPLES} has other columns than {', '.join(COLUMNS)}")
    return Results(run, with_costs(samples))


def with_costs(samples: pd.DataFrame) -> pd.DataFrame:
    """The samples, with `usd_per_million` for each duration that was measured at a memory size.

    Lambda bills whole milliseconds of a duration.
    """
    timed = samples["memory_mb"].notna() & (samples["metric"] == "duration_ms")
    costs = samples[timed].copy()
    costs["metric"] = "usd_per_million"
    costs["value"] = [
        prices.compute_per_million(math.ceil(duration_ms), memory_mb) + prices.ALL_MILLION_REQUESTS
        for duration_ms, memory_mb in zip(costs["value"], costs["memory_mb"], strict=True)
    ]
    return pd.concat([samples, costs], ignore_index=True)
