"""Functions in containers of the Lambda runtime image: started, limited, looked into, and removed."""

import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tools.compare import circumstances
from tools.compare.benchmark import MeasurementError

from .runtime_api import FUNCTION_NAME, Answer, RuntimeApi, runtime_api

MB_PER_PROCESSOR: Final = 1769
"""Lambda gives one whole processor with this memory, and a proportional share with less."""

LABEL: Final = "pypi-pulse.compare"
START_S: Final = 60.0
_DOCKER_S: Final = 60
_MS_PER_S: Final = 1000
_NS_PER_S: Final = 1e9

# The moment at which the runtime's process begins is the first line of the log.
_START: Final = "date +%s%N; exec /var/runtime/bootstrap"

# Of version 2 of cgroups, else of version 1.
_MEMORY: Final = (
    "cd /sys/fs/cgroup; cat memory.peak memory.stat 2>/dev/null || "
    "cat memory/memory.max_usage_in_bytes memory/memory.stat"
)
_ANON: Final = re.compile(r"^(?:anon|total_rss) (\d+)$", re.MULTILINE)

# On Linux, a container with the host's network reaches what listens on the loopback. Elsewhere Docker runs
# in a virtual machine, which has a name for the host.
_ON_LINUX: Final = sys.platform == "linux"
_NETWORK: Final = ("--network", "host") if _ON_LINUX else ()


def reachable(address: str) -> str:
    """A host and port, or a URL, of the loopback as containers reach it."""
    return address if _ON_LINUX else address.replace("127.0.0.1", "host.docker.internal")


def docker(*arguments: str) -> str:
    """What Docker's command line prints.

    Raises:
        MeasurementError: it failed, with its last words.
    """
    # In a session of its own, so that Ctrl-C does not end the command that removes a container.
    done = subprocess.run(
        ["docker", *arguments],
        capture_output=True,
        text=True,
        timeout=_DOCKER_S,
        check=False,
        start_new_session=True,
    )
    if done.returncode:
        raise MeasurementError(f"docker {arguments[0]}: {done.stderr.strip()[-500:]}")
    return done.stdout


@dataclass(frozen=True, slots=True)
class Function:
    """A function to run.

    Attributes:
        artifact: The folder that it ships.
        handler: Module and function.
        variables: Its environment, without what Lambda sets itself.
        timeout_s: Lambda's limit for an invocation.
    """

    artifact: Path
    handler: str
    variables: Mapping[str, str]
    timeout_s: float


class Container:
    """An execution environment: one container, in which a function is invoked."""

    def __init__(self, identity: str, api: RuntimeApi, function: Function) -> None:
        self._identity = identity
        self._api = api
        self._function = function

    def invoke(self, event: bytes) -> Answer:
        """The function's answer to an event."""
        return self._api.invoke(event, self._function.timeout_s)

    def init_ms(self) -> float:
        """From the start of the runtime's process until it was ready for its first event.

        Raises:
            MeasurementError: it was not ready within a minute.
        """
        if not self._api.wait_until_ready(START_S) or self._api.ready_at_s is None:
            raise MeasurementError(f"a function did not start:\n{self.log()[-2000:]}")
        began_ns = int(self.log().splitlines()[0])
        return (self._api.ready_at_s - began_ns / _NS_PER_S) * _MS_PER_S

    def log(self) -> str:
        """What the runtime printed."""
        return docker("logs", self._identity)

    def share_processor(self, memory_mb: int | None) -> None:
        """Give it the processor that Lambda gives with a memory size; all of the machine's with None."""
        cores = circumstances.cores()
        share = cores if memory_mb is None else min(cores, memory_mb / MB_PER_PROCESSOR)
        docker("update", "--cpus", f"{share:.4f}", self._identity)

    def memory(self) -> dict[str, float]:
        """`peak_bytes` and `anon_bytes` of the container's cgroup.

        The peak contains page cache, such as the artifact's own files, which the kernel would give up;
        `anon_bytes` is in use now without it. Python gives hardly anything back between two requests.

        Raises:
            MeasurementError: the cgroup does not tell.
        """
        told = docker("exec", self._identity, "sh", "-c", _MEMORY)
        peak, anon = told.split("\n", 1)[0], _ANON.search(told)
        if not peak.isdigit() or anon is None:
            raise MeasurementError("a container's cgroup does not tell its memory")
        return {"peak_bytes": float(peak), "anon_bytes": float(anon[1])}


@contextmanager
def container(image: str, function: Function, run: str) -> Iterator[Container]:
    """A fresh container for the length of a `with` block; `run` labels all those of a run."""
    with runtime_api() as api:
        variables = {
            "_HANDLER": function.handler,
            "AWS_ACCESS_KEY_ID": "none",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
            "AWS_LAMBDA_FUNCTION_NAME": FUNCTION_NAME,
            "AWS_LAMBDA_FUNCTION_VERSION": "1",
            "AWS_LAMBDA_LOG_FORMAT": "JSON",
            "AWS_LAMBDA_LOG_LEVEL": "INFO",
            "AWS_LAMBDA_RUNTIME_API": reachable(api.address),
            "AWS_REGION": "eu-central-1",
            "AWS_SECRET_ACCESS_KEY": "none",  # the table's client wants some
            **function.variables,
        }
        identity = docker(
            *("run", "--detach", "--label", f"{LABEL}={run}", *_NETWORK),
            *(part for name, value in variables.items() for part in ("--env", f"{name}={value}")),
            *("--volume", f"{function.artifact}:/var/task:ro"),
            *("--entrypoint", "/bin/sh", image, "-c", _START),
        ).strip()
        try:
            yield Container(identity, api, function)
        finally:
            docker("rm", "--force", "--volumes", identity)


@contextmanager
def none_left(run: str) -> Iterator[None]:
    """Remove the containers with a label at the end, even those that Ctrl-C kept from being known."""
    try:
        yield
    finally:
        if left := docker("ps", "--all", "--quiet", "--filter", f"label={LABEL}={run}").split():
            docker("rm", "--force", "--volumes", *left)
