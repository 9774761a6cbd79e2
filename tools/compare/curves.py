"""What a plot draws: a line for each variant, with its quartiles, and one for the physical limit."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from .comparisons import REFERENCE
from .limits import LIMIT, MS_PER_S
from .measured import MEDIAN, Cell, Measured, Metric
from .spread import Summary, summarise

LIMIT_LABEL = "physical limit"


@dataclass(frozen=True, slots=True)
class Point:
    """A cell's place on the x axis, and what was measured in it."""

    x: int
    y: Summary


@dataclass(frozen=True, slots=True)
class Curve:
    """The points of one variant, or of the limit, from left to right."""

    label: str
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Panel:
    """One of the plots that share a figure."""

    title: str
    x_title: str
    y_title: str
    curves: tuple[Curve, ...]


def fan_out_panels(measured: Measured) -> list[Panel]:
    """Duration on Lambda against the number of packages, a panel for each latency."""
    metrics = [Metric("lambda", measure, "duration_ms") for measure in ("warm", "fan-out")]
    latencies = sorted({cell.latency_ms or 0 for cell in measured.cells(*metrics)})
    return [
        Panel(
            f"upstream answers after {latency} ms",
            "packages in one request",
            "Duration, ms",
            _curves(measured, metrics, lambda cell: cell.packages, latency_ms=latency),
        )
        for latency in latencies
    ]


def load_panels(measured: Measured) -> list[Panel]:
    """Throughput and p95 on a server against the number of clients."""
    rate = Metric("server", "throughput", "requests_per_s")
    time = Metric("server", "latency", "client_ms")
    if not measured.cells(rate):
        return []
    clients = "clients at once"
    rates = [*_variants(measured, [rate], _clients), _rate_limit(measured)]
    times = [
        *_variants(measured, [time], _clients, percent=95),
        *_limit(measured, [time], _clients),
    ]
    return [
        Panel("throughput", clients, "requests per second", _drawn(rates)),
        Panel("latency, p95", clients, "p95, ms", _drawn(times)),
    ]


def _clients(cell: Cell) -> int | None:
    return cell.concurrency


X = Callable[[Cell], int | None]


def _curves(
    measured: Measured, metrics: Sequence[Metric], x_of: X, *, latency_ms: int
) -> tuple[Curve, ...]:
    here = {"latency_ms": latency_ms}
    return _drawn(
        [*_variants(measured, metrics, x_of, **here), *_limit(measured, metrics, x_of, **here)]
    )


def _variants(
    measured: Measured,
    metrics: Sequence[Metric],
    x_of: X,
    *,
    latency_ms: int | None = None,
    percent: int = MEDIAN,
) -> list[Curve]:
    """A curve for each variant; a metric later in the list takes the place of one before it."""
    points: dict[str, dict[int, Point]] = {}
    for metric in metrics:
        for cell in measured.cells(metric):
            x = x_of(cell)
            if x is None or latency_ms not in {None, cell.latency_ms}:
                continue
            for variant in measured.variants(cell, metric):
                if percent == MEDIAN:
                    y = measured.summary(metric, cell, variant)
                else:
                    y = summarise(list(measured.by_round(metric, cell, variant, percent).values()))
                points.setdefault(variant, {})[x] = Point(x, y)
    return [_curve(variant, found.values()) for variant, found in points.items()]


def _limit(
    measured: Measured, metrics: Sequence[Metric], x_of: X, *, latency_ms: int | None = None
) -> list[Curve]:
    """The limit that the reference had; the others' differ from it by chance alone."""
    limits = [Metric(metric.arena, metric.measure, LIMIT) for metric in metrics]
    found = _variants(measured, limits, x_of, latency_ms=latency_ms)
    found.sort(key=lambda curve: curve.label != REFERENCE)
    return [Curve(LIMIT_LABEL, curve.points) for curve in found[:1]]


def _rate_limit(measured: Measured) -> Curve:
    """All clients waiting for nothing but their upstream calls, in requests a second."""
    latency = Metric("server", "latency", "client_ms")
    points = [
        Point(point.x, summarise([point.x * MS_PER_S / point.y.median]))
        for curve in _limit(measured, [latency], _clients)
        for point in curve.points
    ]
    return _curve(LIMIT_LABEL, points)


def _curve(label: str, points: Iterable[Point]) -> Curve:
    return Curve(label, tuple(sorted(points, key=lambda point: point.x)))


def _drawn(curves: Iterable[Curve]) -> tuple[Curve, ...]:
    return tuple(curve for curve in curves if curve.points)
