"""Samples as results.json has them: one entry per variant and situation, with the values of each round."""

from collections.abc import Iterable, Iterator
from typing import Any

from pydantic import TypeAdapter

from .samples import Sample

OF_ONE_VALUE = ("value", "round")
_SAMPLES = TypeAdapter(list[Sample])

Entry = dict[str, Any]


def rounded(value: float) -> float:
    """Six significant digits: more than any clock here can tell, and a third of the file's size."""
    return float(f"{value:.6g}")


def columns(samples: Iterable[Sample]) -> list[Entry]:
    """Every sample, with what samples have in common said once; the order within a round is kept."""
    entries: dict[tuple[tuple[str, Any], ...], dict[str, list[float]]] = {}
    for sample in samples:
        said = _SAMPLES.dump_python([sample])[0]
        key = tuple(
            (name, value)
            for name, value in said.items()
            if value is not None and name not in OF_ONE_VALUE
        )
        entries.setdefault(key, {}).setdefault(str(sample.round), []).append(sample.value)
    return [{**dict(key), "rounds": rounds} for key, rounds in entries.items()]


def samples_of(entries: Iterable[Entry]) -> list[Sample]:
    """The samples again.

    Raises:
        pydantic.ValidationError: an entry is not one of samples.
    """
    return _SAMPLES.validate_python(list(_flat(entries)))


def _flat(entries: Iterable[Entry]) -> Iterator[Entry]:
    for entry in entries:
        shared = {name: value for name, value in entry.items() if name != "rounds"}
        for round_, values in entry.get("rounds", {}).items():
            for value in values:
                yield {**shared, "round": round_, "value": value}
