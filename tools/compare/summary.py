"""Everything that is printed of a run's samples."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Final

from .costs import cost_table
from .layouts import LAYOUTS
from .measured import Measured
from .samples import Sample
from .tables import Table, build
from .verdict import Verdict, all_ratios, verdicts

DEFAULT_MEMORY_MB: Final = 512
"""What template.yaml gives a function; a test holds the two together."""


@dataclass(frozen=True, slots=True)
class Summary:
    """Tables, the cost table among them, and verdicts."""

    measured: Measured
    tables: tuple[Table, ...]
    verdicts: tuple[Verdict, ...]

    def as_json(self) -> dict[str, Any]:
        """The tables, verdicts and ratios as results.json has them: each figure with its exact values."""
        return {
            "tables": [asdict(table) for table in self.tables],
            "verdicts": [asdict(verdict) for verdict in self.verdicts],
            "ratios": [
                {
                    **asdict(answer.question.metric),
                    "percent": answer.question.percent,
                    "reference": answer.question.reference,
                    **asdict(answer.cell),
                    "variant": answer.variant,
                    **asdict(answer.ratio),
                }
                for answer in all_ratios(self.measured)
            ],
        }


def summarised(samples: Iterable[Sample]) -> Summary:
    """Work out everything that is printed of some samples."""
    measured = Measured(samples)
    made = [build(layout, measured) for layout in LAYOUTS]
    made.append(cost_table(measured, DEFAULT_MEMORY_MB))
    tables = tuple(table for table in made if table is not None)
    return Summary(measured, tables, tuple(verdicts(measured)))
