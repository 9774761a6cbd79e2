"""Which tables there are, in the order in which they are printed."""

from typing import Final

from .comparisons import WITH_TABLE
from .limits import LIMIT
from .measured import Metric
from .tables import Column, Layout

MB: Final = 1_000_000

DURATION_NOTE: Final = (
    "Duration is that of the runtime's REPORT line; the client's clock adds what SAM does around an "
    "invocation."
)


def _on_lambda(measure: str, *, billed: bool = False) -> tuple[Column, ...]:
    """The columns of a measure in the Lambda arena that takes time."""
    columns = (
        Column(
            "Duration, ms", Metric("lambda", measure, "duration_ms"), limited=True, compared=True
        ),
        Column("client's clock, ms", Metric("lambda", measure, "client_ms")),
    )
    if not billed:
        return columns
    return (*columns, Column("billed, ms", Metric("lambda", measure, "billed_ms")))


def _memory(title: str, metric: Metric) -> Column:
    return Column(title, metric, unit=MB, compared=True)


LAYOUTS: Final = (
    Layout(
        "lambda-warm", "Lambda: one package, warm", _on_lambda("warm", billed=True), DURATION_NOTE
    ),
    Layout(
        "lambda-fan-out",
        "Lambda: fan-out over several packages, warm",
        _on_lambda("fan-out", billed=True),
        DURATION_NOTE,
    ),
    Layout(
        "lambda-no-upstream",
        "Lambda: no upstream call at all (`/health`), warm",
        _on_lambda("no upstream"),
        "There is no physical limit where nothing is waited for.",
    ),
    Layout(
        "lambda-cold-start",
        "Lambda: cold start, one package",
        _on_lambda("cold start"),
        "A fresh container each; Duration contains the init. FastAPI is without the client of its table.",
    ),
    Layout(
        "lambda-cold-start-no-upstream",
        "Lambda: cold start, no upstream call",
        _on_lambda("cold start, no upstream"),
        f"A fresh container each; Duration contains the init. `{WITH_TABLE}` imports and opens the client of "
        "its table, as it does where it is deployed, and asks it nothing.",
    ),
    Layout(
        "lambda-memory-size",
        "Lambda: by memory, with the processor's share that goes with it",
        (
            Column(
                "Duration, ms",
                Metric("lambda", "memory size", "duration_ms"),
                limited=True,
                compared=True,
            ),
            Column("billed, ms", Metric("lambda", "memory size", "billed_ms")),
        ),
        "The container is given memory / 1769 MB of a processor, which is what AWS states.",
    ),
    Layout(
        "lambda-memory",
        "Lambda: peak memory of the container",
        (
            _memory("peak, MB", Metric("lambda", "memory", "peak_bytes")),
            _memory("of it anonymous, MB", Metric("lambda", "memory", "anon_bytes")),
        ),
        "From the container's cgroup; the peak contains pages of files, which can be dropped.",
    ),
    Layout(
        "lambda-artifact",
        "Lambda: size of the artifact",
        (
            _memory("unzipped, MB", Metric("lambda", "artifact", "unzipped_bytes")),
            _memory("zipped, MB", Metric("lambda", "artifact", "zipped_bytes")),
        ),
    ),
    Layout(
        "lambda-as-shipped",
        "Lambda: as shipped, with every limit and deadline on",
        (
            Column("answered", Metric("lambda", "as shipped", "answered"), compared=True),
            Column("throttled", Metric("lambda", "as shipped", "throttled")),
            Column("failed", Metric("lambda", "as shipped", "failed")),
            Column("HTTP status", Metric("lambda", "as shipped", "status"), shows="each"),
            Column(
                "in API Gateway's time", Metric("lambda", "as shipped", "in_time"), shows="total"
            ),
            Column("Duration, ms", Metric("lambda", "as shipped", "duration_ms")),
            Column("client's clock, ms", Metric("lambda", "as shipped", "client_ms")),
        ),
        "Answered, throttled and failed are numbers of packages of one request.",
    ),
    Layout(
        "server-load",
        "Server: one worker, one package per request",
        (
            Column(
                "requests/s",
                Metric("server", "throughput", "requests_per_s"),
                compared=True,
                limited=True,
            ),
            Column("p50, ms", Metric("server", "latency", "client_ms"), limited=True),
            Column("p95, ms", Metric("server", "latency", "client_ms"), percent=95, compared=True),
            Column("p99, ms", Metric("server", "latency", "client_ms"), percent=99),
            Column("errors", Metric("server", "latency", "errors")),
        ),
        "The limit of a rate is all clients waiting for nothing but their upstream calls.",
        limit=Metric("server", "latency", LIMIT),
    ),
    Layout(
        "server-no-upstream",
        "Server: no upstream call at all (`/health`)",
        (
            Column("requests/s", Metric("server", "no upstream", "requests_per_s"), compared=True),
            Column("p50, ms", Metric("server", "no upstream", "client_ms")),
            Column("p95, ms", Metric("server", "no upstream", "client_ms"), percent=95),
            Column("errors", Metric("server", "no upstream", "errors")),
            Column("server, cores", Metric("server", "no upstream", "server_cpu")),
            Column("clients, cores", Metric("server", "no upstream", "generator_cpu")),
        ),
        "There is no physical limit where nothing is waited for.",
    ),
    Layout(
        "server-processor",
        "Server: who took the processor while upstream was waited for",
        (
            Column("server, cores", Metric("server", "throughput", "server_cpu"), compared=True),
            Column("clients, cores", Metric("server", "throughput", "generator_cpu")),
            Column("upstream, cores", Metric("server", "throughput", "upstream_cpu")),
        ),
        "Where a server's share is near 1 it is the server that was at its end; where all add up to the "
        "machine's cores, the machine was.",
    ),
    Layout(
        "server-memory",
        "Server: memory after the load",
        (_memory("resident, MB", Metric("server", "memory", "rss_bytes")),),
    ),
    Layout(
        "server-cold-start",
        "Server: from start to the first answer",
        (Column("start, ms", Metric("server", "cold start", "start_ms"), compared=True),),
    ),
    Layout(
        "core-fan-out",
        "Core: the article's two functions, no framework",
        (
            Column(
                "client's clock, ms",
                Metric("core", "fan-out", "client_ms"),
                limited=True,
                compared=True,
            ),
        ),
    ),
)
"""All tables of samples; costs have one of their own."""
