"""The containers that SAM runs functions in: found, limited, looked into, and none left behind.

SAM names them at random. They are known by the artifacts that they mount, which lie in a folder of this
measurement's own, and by the name of their function.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from tools.compare.problems import MeasurementError
from tools.compare.samples import Variant
from tools.runtime.machine import Machine

from .functions import FUNCTIONS

MB_PER_PROCESSOR: Final = 1769
"""Of so much memory Lambda gives one whole processor, of less a share in proportion."""

# Version 2 of cgroups first, else version 1.
_PEAK: Final = "cat /sys/fs/cgroup/memory.peak 2>/dev/null || cat /sys/fs/cgroup/memory/memory.max_usage_in_bytes"
_STAT: Final = "cat /sys/fs/cgroup/memory.stat 2>/dev/null || cat /sys/fs/cgroup/memory/memory.stat"
_ANON: Final = re.compile(r"^(?:anon|total_rss) (\d+)$", re.MULTILINE)


@dataclass(frozen=True)
class Memory:
    """What a container's cgroup has counted, runtime and emulator included.

    Attributes:
        peak_bytes: The most that was ever in use. It has page cache in it, such as of the artifact's
            own files, which the kernel would give up; and files that another container read before,
            as the twins' containers do of one artifact, count there. So it is worth little as a
            comparison. The look into the container adds one or two MB of its own.
        anon_bytes: What is in use now without page cache, which is what a process can't do without.
            It is no peak; but Python gives hardly anything back between two requests.
    """

    peak_bytes: int
    anon_bytes: int

    @classmethod
    def parse(cls, peak: str, stat: str) -> Self:
        """Read the two files as the kernel writes them, of either version of cgroups.

        Raises:
            MeasurementError: there is neither.
        """
        anon = _ANON.search(stat)
        if not peak.strip().isdigit() or anon is None:
            raise MeasurementError("a container's cgroup doesn't tell its memory")
        return cls(int(peak), int(anon[1]))


class Containers:
    """The warm containers of a session, one for each variant."""

    def __init__(self, machine: Machine, built: Path, variants: tuple[Variant, ...]) -> None:
        """Find them.

        Raises:
            MeasurementError: a variant has none, or several.
        """
        self._machine = machine
        by_function: dict[str, list[str]] = {}
        for container in containers_on(machine, built):
            by_function.setdefault(_function_of(machine, container), []).append(container)
        found = {variant: by_function.get(FUNCTIONS[variant], []) for variant in variants}
        if any(len(containers) != 1 for containers in found.values()):
            raise MeasurementError(f"each variant should have one container, but has {found}")
        self._ids = {variant: containers[0] for variant, containers in found.items()}

    def memory(self, variant: Variant) -> Memory:
        """What the variant's container has used until now."""
        peak, stat = (
            self._machine.run("docker", "exec", self._ids[variant], "sh", "-c", script).stdout
            for script in (_PEAK, _STAT)
        )
        return Memory.parse(peak, stat)

    def share_processor(self, variant: Variant, memory_mb: int) -> None:
        """Give the container as much processor as Lambda does with so much memory; no less memory.

        Raises:
            MeasurementError: Docker can't.
        """
        cpus = f"{memory_mb / MB_PER_PROCESSOR:.4f}"
        done = self._machine.run("docker", "update", "--cpus", cpus, self._ids[variant])
        if not done.succeeded:
            raise MeasurementError(f"docker update --cpus {cpus}: {done.last_words()}")


@contextmanager
def none_left(machine: Machine, built: Path) -> Iterator[None]:
    """Remove, after the `with` block, every container that mounts an artifact of this folder.

    A network's own removal misses one that SAM had made but not yet put on the network.
    """
    try:
        yield
    finally:
        if containers := containers_on(machine, built):
            machine.run("docker", "rm", "--force", "--volumes", *containers)


def containers_on(machine: Machine, built: Path) -> list[str]:
    """The ids of the containers, running or not, that mount an artifact of this folder."""
    artifacts = [folder for folder in built.glob("*") if folder.is_dir()]
    filters = [part for folder in artifacts for part in ("--filter", f"volume={folder}")]
    if not filters:
        return []
    return machine.run("docker", "ps", "--all", "--quiet", "--no-trunc", *filters).stdout.split()


def _function_of(machine: Machine, container: str) -> str:
    shown = "{{range .Config.Env}}{{println .}}{{end}}"
    environ = machine.run("docker", "inspect", "--format", shown, container).stdout.splitlines()
    prefix = "AWS_LAMBDA_FUNCTION_NAME="
    return next((line.removeprefix(prefix) for line in environ if line.startswith(prefix)), "")
