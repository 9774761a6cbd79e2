"""What a right answer is: a measurement of errors is worth nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Self

from tools.compare.comparisons import REFERENCE, WITH_TABLE
from tools.compare.problems import MeasurementError
from tools.compare.samples import Variant

from .emulator import Invocation


def check_health(variant: Variant, invocation: Invocation) -> None:
    """Raise `MeasurementError` unless it is the right variant that feels well."""
    framework = "fastapi" if variant in {REFERENCE, WITH_TABLE} else "flask"
    if invocation.status != HTTPStatus.OK or invocation.body.get("variant") != framework:
        raise _wrong(variant, invocation)


def check_package(variant: Variant, invocation: Invocation, package: str) -> None:
    """Raise `MeasurementError` unless there are fresh numbers of the package."""
    if invocation.status != HTTPStatus.OK or not _is_fresh(invocation.body, package):
        raise _wrong(variant, invocation)


def check_comparison(variant: Variant, invocation: Invocation, packages: Sequence[str]) -> None:
    """Raise `MeasurementError` unless there are fresh numbers of every package, in the order asked."""
    compared = invocation.body.get("packages", [])
    if (
        invocation.status != HTTPStatus.OK
        or len(compared) != len(packages)
        or not all(
            one["status"] == "ok" and _is_fresh(one["stats"], package)
            for one, package in zip(compared, packages, strict=True)
        )
    ):
        raise _wrong(variant, invocation)


@dataclass(frozen=True)
class Outcome:
    """How many packages of a comparison were answered, refused by upstream, or lost otherwise."""

    answered: int
    throttled: int
    failed: int

    @classmethod
    def of(cls, body: Any, packages: int) -> Self:  # noqa: ANN401 - a comparison, or a problem
        """Count; where the whole answer is a problem, all have failed."""
        compared = body.get("packages", [])
        statuses = [one["status"] for one in compared]
        answered, throttled = statuses.count("ok"), statuses.count("throttled")
        return cls(answered, throttled, packages - answered - throttled)


def _is_fresh(stats: dict[str, Any], package: str) -> bool:
    return stats.get("package") == package and stats.get("stale") is False


def _wrong(variant: Variant, invocation: Invocation) -> MeasurementError:
    return MeasurementError(
        f"{variant} gave a wrong answer: {invocation.status} {str(invocation.body)[:500]}"
    )
