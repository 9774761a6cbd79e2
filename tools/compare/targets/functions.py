"""The Lambda functions, in the runtime's image, one invocation at a time."""

import json
import secrets
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

import yaml

from tools import ROOT
from tools.compare.benchmark import MeasurementError, Say
from tools.compare.plan import AT_ONCE, Cell, Plan, base, transport
from tools.compare.upstream import Upstream
from tools.fake_pypistats.packages import DOWNLOADS_PER_DAY
from tools.runtime.docker import ensure_image
from tools.runtime.machine import Machine, NeedError

from .artifacts import FUNCTIONS, add_transport, artifact_name, build, sizes
from .containers import Container, Function, container, none_left, reachable
from .runtime_api import Answer

PACKAGES: Final = tuple(name for name in DOWNLOADS_PER_DAY if not name.startswith(("__", "pulse-")))
"""The fake server's own packages, without the odd ones."""

COMPARABLE: Final = {
    "CACHE": "off",
    "UPSTREAM_PER_SECOND": "0",
    "UPSTREAM_PER_MINUTE": "0",
    "UPSTREAM_TIMEOUT_S": "60",
    "DEADLINE_S": "60",
}
"""Every request goes upstream, and the slowest variant is in time."""

WITH_TABLE: Final = {
    "CACHE_TABLE": "pypi-pulse",
    "HISTORY_TABLE": "pypi-pulse-history",
    # Nobody listens there. The health route asks no table; the client is only imported and opened.
    "AWS_ENDPOINT_URL_DYNAMODB": "http://127.0.0.1:9",
}
"""FastAPI with its tables' client, as it is deployed."""

REPEATS: Final = 20
"""Invocations without upstream take a millisecond or two: their median is one value."""

DEPLOYED_ROUNDS: Final = 3
"""Limits and deadlines decide `as deployed`: more rounds would show the same."""

_COMPARABLE_TIMEOUT_S: Final = 90
_HEALTH: Final = "/health"


def event(path: str, query: str = "") -> bytes:
    """API Gateway's event for a GET request; `query` has no question mark."""
    request = json.loads((ROOT / "events" / "health.json").read_text())
    request["rawPath"] = request["requestContext"]["http"]["path"] = path
    request["rawQueryString"] = query
    return json.dumps(request).encode()


def comparison(packages: Sequence[str]) -> bytes:
    """The event for one package, or for a comparison of several."""
    if len(packages) == 1:
        return event(f"/packages/{packages[0]}")
    return event("/compare", "packages=" + ",".join(packages))


def statuses(answer: Answer, packages: Sequence[str]) -> list[str]:
    """The status of each package in an answer; empty where the answer as a whole is a problem."""
    if len(packages) == 1:
        return ["ok"] if answer.status == 200 and _is_fresh(answer.body, packages[0]) else []  # noqa: PLR2004 - HTTP
    compared = answer.body.get("packages", [])
    return [
        one["status"]
        if one["package"] == package and (one["status"] != "ok" or _is_fresh(one["stats"], package))
        else "wrong"
        for one, package in zip(compared, packages, strict=False)
    ]


def _is_fresh(stats: Any, package: str) -> bool:  # noqa: ANN401 - JSON
    return stats.get("package") == package and stats.get("stale") is False


class Functions:
    """The variants' functions: a warm container for each, and fresh ones where a start counts."""

    settings: Mapping[str, Any] = COMPARABLE

    def __init__(self, plan: Plan, upstream: Upstream, image: str, built: Path, run: str) -> None:
        self._plan = plan
        self._upstream = upstream
        self._image = image
        self._built = built
        self._run = run
        self._template = yaml.safe_load((built / "template.yaml").read_text())
        self._warm: dict[str, Container] = {}

    def cells(self, round_: int) -> Sequence[Cell]:
        """Cold starts, warm containers, smaller memory sizes, memory; at last, everything as deployed."""
        plan = self._plan
        largest = max(plan.packages)
        in_part = (Cell("lambda", "artifact"),) if round_ == 1 else ()
        deployed = (Cell("lambda", "as deployed", largest, plan.latency_ms),)
        return [
            *in_part,
            Cell("lambda", "cold start"),
            Cell("lambda", "no upstream"),
            *(
                Cell("lambda", "fan-out", packages, latency_ms)
                for latency_ms in plan.latencies_ms
                for packages in plan.packages
            ),
            *(
                Cell("lambda", "memory size", packages, plan.latency_ms, memory_mb=memory_mb)
                for memory_mb in plan.memory_mb
                for packages in (1, AT_ONCE)
            ),
            Cell("lambda", "memory"),
            *(deployed if round_ <= DEPLOYED_ROUNDS else ()),
        ]

    def measure(self, variant: str, cell: Cell) -> Mapping[str, float]:
        """Measure one cell; durations are the runtime's, from event to response."""
        measure = {
            "artifact": self._sizes,
            "cold start": self._cold_start,
            "no upstream": self._no_upstream,
            "fan-out": self._fan_out,
            "memory size": self._memory_size,
            "memory": self._memory,
            "as deployed": self._as_deployed,
        }[cell.measure]
        return measure(variant, cell)

    def start_warm(self, running: ExitStack) -> None:
        """Start a container for each variant, and let it import, compile, and open its connections."""
        for variant in self._plan.variants:
            function = self._function(variant, COMPARABLE, _COMPARABLE_TIMEOUT_S)
            started = running.enter_context(container(self._image, function, self._run))
            started.init_ms()
            self._warm[variant] = started
            self.measure(variant, Cell("lambda", "no upstream"))
            for packages in (1, AT_ONCE, max(self._plan.packages)):
                self._fan_out(variant, Cell("lambda", "fan-out", packages, 0))

    def _function(
        self, variant: str, variables: Mapping[str, str], timeout_s: float | None = None
    ) -> Function:
        name = FUNCTIONS[base(variant)]
        shared = self._template["Globals"]["Function"]
        own = self._template["Resources"][name]["Properties"]
        said = {
            **shared["Environment"]["Variables"],
            **own["Environment"]["Variables"],
        }
        carried = transport(variant)
        return Function(
            self._artifact(variant),
            own["Handler"] if carried == "httpx" else "transports.handler",
            {
                # What refers to another resource or a parameter is left to the code's default.
                **{name: value for name, value in said.items() if isinstance(value, str)},
                "PYPISTATS_URL": reachable(self._upstream.url),
                "FLASK_FANOUT": "threads" if variant == "flask-threads" else "sequential",
                "TRANSPORT": carried,
                **variables,
            },
            timeout_s or shared["Timeout"],
        )

    def _artifact(self, variant: str) -> Path:
        return self._built / artifact_name(variant)

    def _sizes(self, variant: str, _: Cell) -> Mapping[str, float]:
        return sizes(self._artifact(variant))

    def _memory(self, variant: str, _: Cell) -> Mapping[str, float]:
        return self._warm[variant].memory()

    def _memory_size(self, variant: str, cell: Cell) -> Mapping[str, float]:
        """A fan-out with the processor that Lambda gives with a memory size."""
        self._warm[variant].share_processor(cell.memory_mb)
        try:
            self._health(self._warm[variant], variant)  # ends what the old share left
            return self._fan_out(variant, cell)
        finally:
            self._warm[variant].share_processor(None)

    def _cold_start(self, variant: str, _: Cell) -> Mapping[str, float]:
        """Init, and the first answer after it, in a fresh container; nothing is asked of upstream."""
        function = self._function(variant, {**WITH_TABLE, "CACHE": "on"})
        with container(self._image, function, self._run) as fresh:
            init_ms = fresh.init_ms()
            duration_ms = self._health(fresh, variant)
        return {"init_ms": init_ms, "first_answer_ms": init_ms + duration_ms}

    def _no_upstream(self, variant: str, _: Cell) -> Mapping[str, float]:
        durations = sorted(self._health(self._warm[variant], variant) for _ in range(REPEATS))
        return {"duration_ms": durations[REPEATS // 2]}

    def _health(self, running: Container, variant: str) -> float:
        answer = running.invoke(event(_HEALTH))
        framework = "fastapi" if base(variant) == "fastapi" else "flask"
        if answer.body.get("variant") != framework:
            raise _wrong(variant, answer)
        return answer.duration_ms

    def _fan_out(self, variant: str, cell: Cell) -> Mapping[str, float]:
        packages = PACKAGES[: cell.packages]
        self._upstream.behave(latency_ms=cell.latency_ms or 0)
        answer = self._warm[variant].invoke(comparison(packages))
        if statuses(answer, packages) != ["ok"] * len(packages):
            raise _wrong(variant, answer)
        calls = self._upstream.calls()
        if sorted(package for package, _ in calls) != sorted(packages):
            raise MeasurementError(f"{variant} asked upstream for {[one for one, _ in calls]}")
        limit_ms = max(duration_ms for _, duration_ms in calls)
        return {"duration_ms": answer.duration_ms, "limit_ms": limit_ms}

    def _as_deployed(self, variant: str, cell: Cell) -> Mapping[str, float]:
        """How many packages a fresh container answers with the template's settings and upstream's limits."""
        packages = PACKAGES[: cell.packages]
        with container(self._image, self._function(variant, {}), self._run) as fresh:
            fresh.init_ms()
            self._upstream.behave(latency_ms=cell.latency_ms or 0, limits=True)
            answer = fresh.invoke(comparison(packages))
        answered = statuses(answer, packages).count("ok")
        return {"answered": answered, "duration_ms": answer.duration_ms}


def _wrong(variant: str, answer: Answer) -> MeasurementError:
    return MeasurementError(f"{variant}: wrong answer {answer.status} {str(answer.body)[:500]}")


@contextmanager
def opened(plan: Plan, upstream: Upstream, say: Say) -> Iterator[Functions]:
    """The target, with a warm container for each variant.

    Raises:
        MeasurementError: Docker or the Lambda image can't be had here; says what to do.
    """
    run = secrets.token_hex(4)
    with tempfile.TemporaryDirectory(prefix="pypi-pulse-") as temporary, ExitStack() as running:
        folder = Path(temporary)
        say("lambda: Docker, the Lambda image, and the artifacts")
        machine = Machine()
        try:
            image = ensure_image(machine)
        except NeedError as need:
            raise MeasurementError(str(need)) from need
        running.enter_context(none_left(run))
        built = build(folder)
        for variant in plan.variants:
            if (carried := transport(variant)) != "httpx":
                add_transport(built, carried, image, machine.architecture)
        functions = Functions(plan, upstream, image, built, run)
        say("lambda: starting warm containers")
        functions.start_warm(running)
        yield functions
