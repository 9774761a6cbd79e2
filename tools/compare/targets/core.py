"""The article's two functions, with no framework and no server."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from tools.compare.benchmark import MeasurementError, Say
from tools.compare.plan import AT_ONCE, Cell, Plan, base
from tools.compare.upstream import Upstream

from .answers import PACKAGE, UPSTREAM_PATH, right_stats
from .article import PROCESSING_S, TIMEOUT_S, PackageStats, run_batch
from .worker import Worker, running_worker


class Core:
    """Runs batches of calls in a process of their own."""

    settings: Mapping[str, float] = {
        "processing_s": PROCESSING_S,
        "timeout_s": TIMEOUT_S,
        "threads": AT_ONCE,
    }

    def __init__(self, plan: Plan, upstream: Upstream, worker: Worker) -> None:
        self._plan = plan
        self._upstream = upstream
        self._worker = worker
        self._url = upstream.url + UPSTREAM_PATH
        stats = right_stats(upstream)
        self._right = PackageStats(
            package=PACKAGE,
            total_downloads=stats.total_downloads,
            latest_date=str(stats.latest_date),
        )

    def cells(self, round_: int) -> Sequence[Cell]:
        """The smallest, the middle and the largest number of calls."""
        del round_
        sizes = sorted(self._plan.packages)
        chosen = sorted({sizes[0], sizes[len(sizes) // 2], sizes[-1]})
        return [Cell("core", "article", calls, self._plan.latency_ms) for calls in chosen]

    def measure(self, variant: str, cell: Cell) -> Mapping[str, float]:
        """Run a batch; `limit_ms` is its slowest upstream call."""
        calls = cell.packages or 1
        self._upstream.behave(latency_ms=cell.latency_ms or 0)
        client_ms, results = self._worker.do(run_batch, base(variant), self._url, PACKAGE, calls)
        durations_ms = [duration for _, duration in self._upstream.calls()]
        if results != [self._right] * calls or len(durations_ms) != calls:
            raise MeasurementError(
                f"{variant}: {results.count(self._right)} of {calls} results are right, and upstream "
                f"saw {len(durations_ms)} calls"
            )
        return {"client_ms": client_ms, "limit_ms": max(durations_ms)}


@contextmanager
def opened(plan: Plan, upstream: Upstream, say: Say) -> Iterator[Core]:
    """The target, after a warm-up. Transports play no part here: the article's function has one."""
    say("core: warming up")
    with running_worker() as worker:
        core = Core(plan, upstream, worker)
        for variant in plan.variants:
            core.measure(variant, Cell("core", "article", AT_ONCE, 0))
        yield core
