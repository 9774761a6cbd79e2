"""One checked request to one variant, and the metrics that come of it."""

from dataclasses import dataclass

from tools.compare.samples import Variant

from .answers import check_comparison, check_health, check_package
from .emulator import Emulator, Invocation
from .events import HEALTH, comparison, one_package
from .packages import some
from .upstream import Upstream

Metrics = dict[str, float]
"""Values by the names of their metrics."""


@dataclass(frozen=True)
class Asking:
    """Asks, checks the answer, and looks at what upstream saw of it.

    Attributes:
        fresh: Whether each invocation must be the first of its container, or must not be.
    """

    emulator: Emulator
    upstream: Upstream
    fresh: bool

    def health(self, variant: Variant) -> Metrics:
        """Ask for what needs no upstream call; gives `duration_ms` and `client_ms`.

        Raises:
            MeasurementError: the answer is wrong, here as below.
        """
        invocation = self.emulator.invoke(variant, HEALTH, fresh=self.fresh)
        check_health(variant, invocation)
        return times(invocation)

    def package(self, variant: Variant) -> Metrics:
        """Ask for one package; gives `limit_ms` and `billed_ms` too."""
        [package] = some(1)
        self.upstream.forget_calls()
        invocation = self.emulator.invoke(variant, one_package(package), fresh=self.fresh)
        check_package(variant, invocation, package)
        return self._with_limit(invocation, 1)

    def comparison(self, packages: int, variant: Variant) -> Metrics:
        """Ask for so many packages at once; gives the same."""
        self.upstream.forget_calls()
        event = comparison(some(packages))
        invocation = self.emulator.invoke(variant, event, fresh=self.fresh)
        check_comparison(variant, invocation, some(packages))
        return self._with_limit(invocation, packages)

    def _with_limit(self, invocation: Invocation, packages: int) -> Metrics:
        return {
            **times(invocation),
            "billed_ms": invocation.report.billed_ms,
            "limit_ms": self.upstream.slowest_call_ms(some(packages)),
        }


def times(invocation: Invocation) -> Metrics:
    """How long it took, by both clocks."""
    return {"duration_ms": invocation.report.duration_ms, "client_ms": invocation.client_ms}
