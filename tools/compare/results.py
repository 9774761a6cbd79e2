"""results.json: a run's circumstances, every sample, and every number that is printed of them."""

import json
from dataclasses import asdict
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_serializer,
    field_validator,
)

from .circumstances import Commit, MachineFacts, Versions
from .columnar import columns, samples_of
from .costs import PRICES
from .judgement import NO_DIFFERENCE_PERCENT
from .plan import Plan
from .samples import Sample
from .spread import ENOUGH_ROUNDS
from .summary import Summary, summarised

SCHEMA: Final = 1
NAME: Final = "results.json"


class NoResults(Exception):
    """A folder or file does not hold a results.json that can be read; says why."""


class Results(BaseModel):
    """What a run of `make compare` leaves behind.

    Attributes:
        complete: Whether all of the plan was measured.
        began: When, in UTC.
        took_s: How long it took.
        plan: What was asked for.
        settings: Those of the variants, by arena.
        missing: Why an arena was not measured, or not to its end, by its name.
        samples: Every measured value.
    """

    model_config = ConfigDict(extra="ignore")

    schema_version: Literal[1] = SCHEMA
    complete: bool
    began: datetime
    took_s: float
    commit: Commit | None
    machine: MachineFacts
    versions: Versions
    plan: Plan
    settings: dict[str, dict[str, Any]] = Field(default_factory=dict)
    missing: dict[str, str] = Field(default_factory=dict)
    samples: list[Sample]

    @field_validator("samples", mode="before")
    @classmethod
    def _from_columns(cls, value: object) -> object:
        if isinstance(value, list) and value and isinstance(value[0], dict):
            return samples_of(value)
        return value

    @field_serializer("samples")
    def _to_columns(self, samples: list[Sample]) -> list[dict[str, Any]]:
        return columns(samples)

    @field_validator("plan", mode="before")
    @classmethod
    def _with_a_folder(cls, value: object) -> object:
        # Where it was written to is nobody's business once it has been moved.
        return {"output": ".", **value} if isinstance(value, dict) else value

    @field_serializer("plan")
    def _without_the_folder(self, plan: Plan) -> dict[str, Any]:
        return {name: value for name, value in asdict(plan).items() if name != "output"}

    @cached_property
    def summary(self) -> Summary:
        """Everything that is printed, worked out from the samples."""
        return summarised(self.samples)

    def as_json(self) -> str:
        """The text of results.json."""
        whole = self.model_dump(mode="json")
        samples = whole.pop("samples")
        whole |= {
            "prices": asdict(PRICES),
            "no_difference_percent": NO_DIFFERENCE_PERCENT,
            "enough_rounds": ENOUGH_ROUNDS,
            **self.summary.as_json(),
        }
        # One line for each entry of samples: a diff then shows which of them changed.
        lines = ",\n    ".join(json.dumps(entry, separators=(",", ":")) for entry in samples)
        head = json.dumps(whole, indent=2, ensure_ascii=False).removesuffix("\n}")
        return f'{head},\n  "samples": [\n    {lines}\n  ]\n}}\n'

    def save(self, folder: Path) -> Path:
        """Write results.json into a folder, which is made where it is missing; returns its path."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / NAME
        half_written = path.with_suffix(".json.new")
        half_written.write_text(self.as_json(), encoding="utf-8")
        half_written.replace(path)
        return path


def load(path: Path) -> Results:
    """Read a results.json, or the one in a folder.

    Raises:
        NoResults: there is none, or it is of another kind or schema.
    """
    file = path / NAME if path.is_dir() else path
    try:
        return Results.model_validate_json(file.read_bytes())
    except OSError as error:
        raise NoResults(f"{file}: {error.strerror}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise NoResults(
            f"{file} is no results.json of schema {SCHEMA}: {where}: {first['msg']}"
        ) from error
